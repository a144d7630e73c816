// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/remote_card.h"

#include <algorithm>
#include <array>

#include "core/a2a/json_view.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kMostInterfaces = 64;
constexpr std::size_t kMostSkills = 10'000;

struct TransportRow {
  Transport transport;
  std::string_view card;
  std::string_view word;
};
constexpr std::array kTransports = {TransportRow{Transport::json_rpc, "JSONRPC", "jsonrpc"},
                                    TransportRow{Transport::http_json, "HTTP+JSON", "rest"},
                                    TransportRow{Transport::grpc, "GRPC", "grpc"}};

// Patch versions are the same on the wire; 0.2 differs from 0.3 only in what we do not use.
std::optional<Dialect> dialect_of(std::string_view version) {
  if (version == "1.0" || version.starts_with("1.0.")) return Dialect::v1_0;
  if (version == "0.3" || version.starts_with("0.3.") || version.starts_with("0.2"))
    return Dialect::v0_3;
  return std::nullopt;
}

std::vector<std::string> card_strings(JsonView list) {
  std::vector<std::string> out;
  for (auto const& element : list.elements())
    if (auto word = element.string()) out.push_back(std::move(*word));
  return out;
}

void add_interface(RemoteCard& card, std::string_view binding, std::optional<Dialect> dialect,
                   std::string url, std::string tenant = {}) {
  auto const transport = parse_transport(binding);
  if (!transport || !dialect || url.empty() || card.interfaces.size() >= kMostInterfaces) return;
  Interface one{.transport = *transport,
                .dialect = *dialect,
                .url = std::move(url),
                .tenant = std::move(tenant)};
  if (std::ranges::find(card.interfaces, one) == card.interfaces.end())
    card.interfaces.push_back(std::move(one));
}

void read_interfaces(JsonObject const& from, RemoteCard& card) {
  for (auto const& element : from.get("supportedInterfaces").elements()) {
    JsonObject const one(element);
    add_interface(card, one.text("protocolBinding"), dialect_of(one.text("protocolVersion")),
                  one.text("url"), one.text("tenant"));
  }
  // What 0.3 says of itself; a card of both versions has both.
  auto const version = from.text("protocolVersion");
  if (version.empty() && !card.interfaces.empty()) return;
  auto const dialect = version.empty() ? Dialect::v0_3 : dialect_of(version);
  auto preferred = from.text("preferredTransport");
  if (preferred.empty()) preferred = "JSONRPC";
  add_interface(card, preferred, dialect, from.text("url"));
  for (auto const& element : from.get("additionalInterfaces").elements()) {
    JsonObject const one(element);
    add_interface(card, one.text("transport"), dialect, one.text("url"));
  }
}

// The SPIFFE extension, or the extensions object of earlier agentweave cards.
std::string claimed_spiffe_id(JsonObject const& from, JsonObject const& capabilities) {
  for (auto const& extension : capabilities.get("extensions").elements()) {
    JsonObject const params(JsonObject(extension).get("params"));
    if (auto id = params.text("spiffe_id"); !id.empty()) return id;
  }
  return JsonObject(from.get("extensions")).text("spiffe_id");
}

void read_skills(JsonView list, RemoteCard& card) {
  for (auto const& element : list.elements()) {
    if (card.skills.size() >= kMostSkills) return;
    JsonObject const skill(element);
    if (skill.text("id").empty()) continue;
    card.skills.push_back({.id = skill.text("id"),
                           .name = skill.text("name"),
                           .description = skill.text("description"),
                           .input_modes = card_strings(skill.get("inputModes")),
                           .output_modes = card_strings(skill.get("outputModes"))});
  }
}

}  // namespace

std::string_view transport_name(Transport transport) {
  return kTransports[static_cast<std::size_t>(transport)].card;
}

std::optional<Transport> parse_transport(std::string_view name) {
  for (auto const& row : kTransports)
    if (text::equal_ignoring_case(name, row.card) || name == row.word) return row.transport;
  return std::nullopt;
}

std::string interface_text(Interface const& one) {
  return std::string(transport_name(one.transport)) + " " + std::string(dialect_name(one.dialect)) +
         " " + one.url;
}

Result<RemoteCard> read_remote_card(std::string_view json) {
  auto const no_card = [](std::string why) {
    return make_error(Code::protocol, "the agent's card is no A2A agent card" + std::move(why));
  };
  if (auto const checked = check_json(json, {.bytes = 4U << 20, .depth = 64}); !checked.ok())
    return no_card(": " + checked.error().message);
  JsonView const view(json);
  JsonObject const from(view);
  if (!view.is(JsonView::Kind::object) || from.text("name").empty()) return no_card("");
  JsonObject const capabilities(from.get("capabilities"));
  RemoteCard card{.name = from.text("name"),
                  .description = from.text("description"),
                  .version = from.text("version"),
                  .spiffe_id = claimed_spiffe_id(from, capabilities),
                  .streams = capabilities.get("streaming").boolean().value_or(false) ? Streams::yes
                                                                                     : Streams::no,
                  .skills = {},
                  .interfaces = {}};
  read_interfaces(from, card);
  read_skills(from.get("skills"), card);
  return card;
}

Result<Interface> choose_interface(RemoteCard const& card, Wish wish) {
  for (auto const dialect : {Dialect::v1_0, Dialect::v0_3}) {
    if (wish.dialect && *wish.dialect != dialect) continue;
    for (auto const& one : card.interfaces) {
      if (one.dialect != dialect) continue;
      if (!wish.transport || *wish.transport == one.transport) return one;
    }
  }
  std::vector<std::string> offered;
  for (auto const& one : card.interfaces)
    offered.push_back(std::string(transport_name(one.transport)) + " " +
                      std::string(dialect_name(one.dialect)));
  return make_error(Code::unsupported_operation, "the agent's card offers no interface that fits",
                    offered.empty() ? "it names none that is known here"
                                    : "it offers: " + text::join(offered, ", "));
}

}  // namespace aw::a2a
