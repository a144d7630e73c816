// SPDX-License-Identifier: Apache-2.0
// An A2A agent card, read for printing and checked against who presented it. Pure; the card comes
// from another machine.
#pragma once

#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace aw::commands {

struct Skill {
  std::string id;
  std::string description;
  std::string input_modes;  // joined with commas
  std::string output_modes;
};

struct CardText {
  std::string name;
  std::string description;
  std::string version;
  std::string spiffe_id;  // as the card claims; empty when it does not say
  std::vector<Skill> skills;
  std::vector<std::string> interfaces;  // "JSONRPC 1.0 https://…"
};

// Code::protocol.
[[nodiscard]] Result<CardText> read_card(json::Json const& card);

}  // namespace aw::commands
