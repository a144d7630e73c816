// SPDX-License-Identifier: Apache-2.0
// Two logs of the same calls, caller's and callee's: do they tell the same?
//
// Both ends record a receipt of a call: a digest over caller, callee, trace id and body. A receipt
// that both have is agreed; two records of one call (trace id, caller, callee) whose receipts
// differ are disputed; what only one side has is missing on the other. Pure; one owner.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace aw::audit {

// "sha256:…" of one call, as both ends compute it.
// Texts must have no line break; `body` is the request's body as it travelled.
[[nodiscard]] std::string receipt_of(std::string_view trace_id, std::string_view caller,
                                     std::string_view callee, std::string_view body);

// Memory grows with the calls, up to a bound; once there are more, nothing it says holds
// (`overflowed`).
class Reconciliation {
 public:
  enum class Side { ours, theirs };
  static constexpr std::size_t kMostCalls = 5'000'000;

  explicit Reconciliation(std::size_t most_calls = kMostCalls) : most_(most_calls) {}

  // As the record tells it; where both ends told it, as the callee did.
  struct Call {
    std::string trace_id;
    std::string caller;
    std::string callee;
    std::string time;
    std::string action;
    std::string decision;
  };
  struct Difference {
    Side has = Side::ours;  // of what is missing: the side that has it
    Call call;
  };
  struct Result {
    std::uint64_t agreed = 0;
    std::uint64_t agreed_denied = 0;  // of those, denied by the callee
    std::vector<Difference> disputed;
    std::vector<Difference> missing;
    [[nodiscard]] bool same() const { return disputed.empty() && missing.empty(); }
  };

  // Records without a receipt, and of other agents than both logs speak of, are left out.
  void add(Side side, json::Json const& record);
  [[nodiscard]] Result result() const;
  // Calls were left out, and might be the ones that differ.
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  struct Seen {
    std::uint64_t ours = 0;
    std::uint64_t theirs = 0;
    bool denied = false;
    Call call;
  };
  std::size_t most_;
  bool overflowed_ = false;
  std::map<std::string, Seen> calls_;  // by receipt
  // Who each log is of: the agents whose calls it can know.
  std::array<std::set<std::string>, 2> logs_of_;
};

}  // namespace aw::audit
