// SPDX-License-Identifier: Apache-2.0
// The smallest changes of input or data that would flip a decision: each is tried by evaluating
// again with it applied, so that what is told is true.
//
// Best-first from what the record suggests; when that leads nowhere, values that the policy and its
// data mention are tried for the input. Blocks for at most the limits; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/rego/policy.h"

namespace aw::rego {

// The two documents a decision depends on.
struct Situation {
  Value input;
  Value data;
};

// The documents with the change (and what goes with it) made.
[[nodiscard]] Situation apply(NearMiss const& change, Situation const& to);

struct NearMissLimits {
  std::size_t evaluations = 3'000;
  std::uint64_t steps = 5'000'000;  // of all evaluations together
  // Of the whole search, where the options have a clock.
  std::chrono::nanoseconds time = std::chrono::seconds(3);
  std::size_t most = 5;     // changes told
  std::size_t changes = 8;  // that one of them may consist of
};

// Borrowed: all of it must outlive the search.
struct NearMissQuestion {
  Policy const& policy;
  Query const& query;
  Value const& input;
  EvalOptions options;  // of the decision; its trace and print are not used
};

// Smallest first. `flips` says whether a result is the other decision.
// Empty when nothing was found within the limits, and when the decision as it stands already
// flips. `flips` is called on this thread, with outcomes that are no errors.
[[nodiscard]] std::vector<NearMiss> find_near_misses(
    NearMissQuestion const& question, std::function<bool(Outcome const&)> const& flips,
    NearMissLimits const& limits = {});

}  // namespace aw::rego
