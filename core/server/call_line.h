// SPDX-License-Identifier: Apache-2.0
// How one caller fared with one callee: calls by outcome, in slots of ten seconds, over the last
// fifteen minutes, and the ids of the latest decisions.
//
// Any thread; no lock: a request costs it an atomic addition and five atomic stores. What is read
// while it is written is of about the same moment. Memory is bounded: 1.1 kB an outcome that
// happened.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/authz/decision.h"
#include "core/base/clock.h"

namespace aw::server {

// would_deny: let pass although log-only mode or the shadow policy says no. refused_tls: there was
// no verified peer, so no request.
enum class CallOutcome : std::uint8_t { allowed, would_deny, denied, replay, refused_tls };
inline constexpr std::size_t kCallOutcomes = 5;
[[nodiscard]] std::string_view call_outcome_name(CallOutcome outcome);  // "would_deny"
// A default-constructed decision is a denied call.
[[nodiscard]] CallOutcome call_outcome(authz::AuthzDecision const& decision);

// A slot's number: steady time in units of kCallSlot.
using CallSlot = std::uint32_t;
inline constexpr std::chrono::seconds kCallSlot{10};
inline constexpr CallSlot kCallSlots = 90;
[[nodiscard]] CallSlot call_slot(SteadyTime now);

class CallLine {
 public:
  CallLine() = default;
  ~CallLine();
  CallLine(CallLine const&) = delete;
  CallLine& operator=(CallLine const&) = delete;

  // `decision_id` of up to 32 bytes is remembered, a longer or empty one is not.
  void count(CallOutcome outcome, SteadyTime now, std::string_view decision_id);

  // What there is to tell of one outcome.
  struct Tally {
    std::uint64_t total = 0;                                 // since the line was made
    std::vector<std::pair<CallSlot, std::uint32_t>> counts;  // oldest first, only those above 0
    std::vector<std::string> decisions;                      // newest first
  };
  [[nodiscard]] std::uint64_t total(CallOutcome outcome) const;
  // Slots from `since` on, none older than fifteen minutes.
  [[nodiscard]] Tally tally(CallOutcome outcome, SteadyTime now, CallSlot since) const;
  [[nodiscard]] bool idle(SteadyTime now) const;  // nothing within fifteen minutes

 private:
  struct Series;
  Series& series(CallOutcome outcome);
  std::array<std::atomic<Series*>, kCallOutcomes> series_{};  // owned; made when first needed
};

}  // namespace aw::server
