// SPDX-License-Identifier: Apache-2.0
// What `top` shows of one agent: who calls it how often and with what luck, and how it is itself.
//
// Made from its metrics and its latest decisions. Pure; values.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "commands/support/decisions.h"
#include "commands/support/exposition.h"
#include "core/base/clock.h"
#include "core/base/json.h"

namespace aw::commands {

// One caller's calls of one callee within the window.
struct TopPair {
  std::string caller;
  std::string callee;
  double rate = 0;                  // a second
  std::chrono::nanoseconds p99{0};  // of policy's answer
  std::uint64_t allowed = 0;
  std::uint64_t denied = 0;  // by policy or a gate
  std::uint64_t closed = 0;  // because nobody could decide
};

// Of one OPA endpoint.
struct TopBreaker {
  std::string endpoint;  // empty: the embedded engine
  std::string state;     // "closed", "open", "half_open"
};

struct TopView {
  std::string agent;  // address of its admin port
  bool ready = false;
  double rate = 0;                              // requests a second
  std::optional<std::chrono::nanoseconds> p99;  // of whole requests
  double in_flight = 0;
  std::optional<std::chrono::nanoseconds> svid_left;
  std::vector<TopBreaker> breakers;
  std::vector<TopPair> pairs;  // the busiest first
};

// What one look at the admin port brought.
struct TopLook {
  std::vector<DecisionRecord> decisions;  // newest first
  Exposition metrics;
  WallTime time;
};

// Rates of pairs are of the last `window`, or of as much of it as the decisions reach back. With
// `before`, the agent's own rate and p99 are of the time between the two looks; without, the rate
// is the pairs' and p99 that of its whole life.
[[nodiscard]] TopView top_view(TopLook const& now, TopLook const* before,
                               std::chrono::nanoseconds window);

// The upper bound that `share` of the observations of a histogram are below; nullopt without any.
// `before`: only what was observed since.
[[nodiscard]] std::optional<double> quantile(Exposition const& now, Exposition const* before,
                                             std::string const& family, double share);

[[nodiscard]] json::Json top_json(TopView const& view);
void write_top(std::ostream& out, TopView const& view, Context const& context);

}  // namespace aw::commands
