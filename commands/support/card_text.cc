// SPDX-License-Identifier: Apache-2.0
#include "commands/support/card_text.h"

#include <nlohmann/json.hpp>

#include "commands/support/json_member.h"

namespace aw::commands {
namespace {

using json::Json;

std::string joined(Json const& list) {
  std::string out;
  if (!list.is_array()) return out;
  for (auto const& item : list) {
    if (!item.is_string()) continue;
    if (!out.empty()) out += ',';
    out += item.get<std::string>();
  }
  return out;
}

// The SPIFFE extension of a 1.0 card, or the earlier implementation's extensions object.
std::string claimed_id(Json const& card) {
  auto const extensions = member(member(card, "capabilities"), "extensions");
  if (extensions.is_array()) {
    for (auto const& extension : extensions) {
      if (auto id = text_at(member(extension, "params"), "spiffe_id"); !id.empty()) return id;
    }
  }
  return text_at(member(card, "extensions"), "spiffe_id");
}

void read_interfaces(Json const& card, CardText& out) {
  auto const interfaces = member(card, "supportedInterfaces");
  if (!interfaces.is_array()) return;
  for (auto const& one : interfaces) {
    out.interfaces.push_back(text_at(one, "protocolBinding") + " " +
                             text_at(one, "protocolVersion") + " " + text_at(one, "url"));
  }
}

}  // namespace

Result<CardText> read_card(Json const& card) {
  if (!card.is_object() || text_at(card, "name").empty()) {
    return make_error(Code::protocol, "the agent's card is no A2A agent card");
  }
  CardText out{.name = text_at(card, "name"),
               .description = text_at(card, "description"),
               .version = text_at(card, "version"),
               .spiffe_id = claimed_id(card),
               .skills = {},
               .interfaces = {}};
  read_interfaces(card, out);
  auto const skills = member(card, "skills");
  if (!skills.is_array()) return out;
  for (auto const& skill : skills) {
    out.skills.push_back({.id = text_at(skill, "id"),
                          .description = text_at(skill, "description"),
                          .input_modes = joined(member(skill, "inputModes")),
                          .output_modes = joined(member(skill, "outputModes"))});
  }
  return out;
}

}  // namespace aw::commands
