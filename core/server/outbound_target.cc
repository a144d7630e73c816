// SPDX-License-Identifier: Apache-2.0
#include "core/server/outbound_target.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/a2a/discovery.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/http/client.h"
#include "core/server/plain_session.h"

namespace aw::server {
namespace {

using json::Json;

constexpr std::string_view kAgents = "/agents/";

// RFC 9110 §7.6.1, and what tells the other side who we are, which TLS does.
constexpr std::array<std::string_view, 14> kOwnHop = {"connection",
                                                      "keep-alive",
                                                      "proxy-connection",
                                                      "proxy-authenticate",
                                                      "proxy-authorization",
                                                      "te",
                                                      "trailer",
                                                      "transfer-encoding",
                                                      "upgrade",
                                                      "host",
                                                      "content-length",
                                                      "expect",
                                                      "forwarded",
                                                      "traceparent"};

std::vector<std::string> named_by_connection(http::Headers const& headers) {
  std::vector<std::string> out;
  for (auto const field : headers)
    if (field.name == "connection")
      for (auto const option : text::split(field.value, ','))
        out.push_back(text::lower(text::trim(option)));
  return out;
}

std::string percent_decoded(std::string_view text) {
  auto const digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const escape =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0;
    out += escape ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return out;
}

// A name that nobody can own and make resolve to us (DNS rebinding). Names without a dot can be
// owned too: by whoever answers for the local network.
bool is_nobodys(std::string_view host) {
  return host.empty() || is_loopback_name(host) || host.ends_with(".localhost");
}

// Whom a web page cannot be: it comes over TCP, and asks for a path where its browser takes us for
// the host of that name. A client that knows us for its proxy says the name in the target.
bool is_no_page(http::Request const& request, Door door) {
  return door != Door::tcp || request.form == http::TargetForm::absolute;
}

bool names_this_machine(std::string_view host) {
  return host.empty() || host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

// The peer whose address has this host.
std::optional<std::string> peer_at(std::string_view host, a2a::DiscoveryConfig const& discovery) {
  for (auto const& peer : discovery.peers) {
    auto const& address = peer.address;
    auto const whole = address.contains("://") ? address : "https://" + address;
    auto const url = http::parse_url(whole);
    if (url.ok() && url->endpoint.host == host) return peer.spiffe_id;
  }
  return std::nullopt;
}

struct Named {
  std::string name;
  std::string target;
  std::string prefix;
};

std::optional<Named> named_by_path(http::Request const& request) {
  std::string_view const target = request.target;
  if (!request.path.starts_with(kAgents)) return std::nullopt;
  auto const rest = target.substr(kAgents.size());
  auto const end = rest.find_first_of("/?");
  auto const name = rest.substr(0, end);
  std::string left(end == std::string_view::npos ? "/" : rest.substr(end));
  if (left.starts_with('?')) left.insert(0, "/");
  return Named{.name = percent_decoded(name),
               .target = std::move(left),
               .prefix = std::string(kAgents) + std::string(name)};
}

Error not_ours(std::string const& host) {
  return make_error(
      Code::usage, "the request came by the name " + host + ", which is not ours",
      "http://127.0.0.1:PORT/agents/NAME/…, or http://NAME/… with us for the client's HTTP proxy");
}

Result<Named> named(http::Request const& request, a2a::DiscoveryConfig const& discovery,
                    Door door) {
  auto const host = text::lower(host_of(request.authority));
  auto const header = request.headers.get(kTargetHeader);
  auto by = header ? std::optional(Named{
                         .name = std::string(*header), .target = request.target, .prefix = {}})
                   : named_by_path(request);
  bool const proxied = is_no_page(request, door);
  // The agent's own is what a proxy's client has for a host.
  if (by && door == Door::tcp && !is_nobodys(host) &&
      !(proxied && !host.contains('.') && host == text::lower(by->name)))
    return not_ours(host);
  if (by) return *std::move(by);
  if (!proxied && !names_this_machine(host)) return not_ours(host);
  if (auto id = peer_at(host, discovery); id && !names_this_machine(host))
    return Named{.name = *std::move(id), .target = request.target, .prefix = {}};
  // Anything with a dot is a name of the web, and none of an agent.
  if (!names_this_machine(host) && !host.contains('.'))
    return Named{.name = host, .target = request.target, .prefix = {}};
  return make_error(Code::usage, "the request names no agent",
                    "/agents/NAME/…, http://NAME/… through this proxy, or x-agentweave-target");
}

std::string path_of(std::string const& url) {
  auto const parsed = http::parse_url(url);
  return parsed.ok() ? parsed->target : std::string("/");
}

// Leads the member `name` of each element through us; drops what speaks gRPC.
void rewrite_interfaces(Json& list, char const* binding, std::string_view base) {
  auto kept = Json::array();
  for (auto const& one : list) {
    if (!one.is_object() || one.value(binding, Json()) == "GRPC") continue;
    auto const url = one.find("url");
    if (url == one.end() || !url->is_string()) continue;
    auto changed = one;
    auto path = path_of(url->get<std::string>());
    if (path == "/") path.clear();
    changed["url"] = std::string(base) + path;
    kept.push_back(std::move(changed));
  }
  list = std::move(kept);
}

}  // namespace

Result<OutboundTarget> outbound_target(http::Request const& request,
                                       identity::TrustDomain const& own,
                                       a2a::DiscoveryConfig const& discovery, Door door) {
  if (request.headers.count(kTargetHeader) > 1)
    return make_error(Code::usage, "x-agentweave-target is given twice");
  AW_TRY(auto by, named(request, discovery, door));
  if (by.target.empty()) return make_error(Code::request_malformed, "the request has no path");
  AW_TRY(auto id, a2a::target_id(by.name, own));
  return OutboundTarget{
      .id = std::move(id), .target = std::move(by.target), .prefix = std::move(by.prefix)};
}

bool from_browser(http::Request const& request) {
  return request.headers.has("origin") || request.headers.has("sec-fetch-site");
}

http::Headers outbound_headers(http::Headers const& from) {
  http::Headers out;
  for (auto const field : returned_headers(from))
    if (!field.name.starts_with("x-agentweave-") && !field.name.starts_with("x-forwarded"))
      out.add(field.name, field.value);
  return out;
}

http::Headers returned_headers(http::Headers const& from) {
  auto const hop = named_by_connection(from);
  http::Headers out;
  for (auto const field : from)
    if (std::ranges::find(kOwnHop, field.name) == kOwnHop.end() &&
        std::ranges::find(hop, field.name) == hop.end())
      out.add(field.name, field.value);
  return out;
}

Result<std::string> card_through(std::string_view card_json, std::string_view base) {
  auto parsed = json::parse(card_json, {.bytes = 4U << 20, .depth = 64});
  if (!parsed.ok() || !parsed->is_object())
    return make_error(Code::protocol, "the peer's card is no JSON object");
  auto& card = *parsed;
  card.erase("signatures");
  for (auto const& [list, binding] : {std::pair("supportedInterfaces", "protocolBinding"),
                                      std::pair("additionalInterfaces", "transport")})
    if (auto const found = card.find(list); found != card.end() && found->is_array())
      rewrite_interfaces(*found, binding, base);
  if (auto const url = card.find("url"); url != card.end() && url->is_string())
    *url = std::string(base) + path_of(url->get<std::string>());
  return card.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace aw::server
