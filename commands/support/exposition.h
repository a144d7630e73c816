// SPDX-License-Identifier: Apache-2.0
// Reads the Prometheus text format: what an agent's /metrics answers.
//
// Pure, bounded (100 000 samples); text from a network, so every malformed line is an error with
// its number.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace aw::commands {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;

  // agentweave_authz_circuit_breaker_state{state="open"}
  [[nodiscard]] std::string series() const;
};

struct Exposition {
  std::vector<Sample> samples;               // in the order of the text
  std::map<std::string, std::string> types;  // family -> counter, gauge, histogram, …
  std::map<std::string, std::string> help;
};

// Code::protocol.
[[nodiscard]] Result<Exposition> parse_exposition(std::string_view text);

// Of such a text the series whose name contains one of `names`, as they came, each family under its
// own comments.
[[nodiscard]] std::string selected_exposition(std::string_view text,
                                              std::span<const std::string> names);

}  // namespace aw::commands
