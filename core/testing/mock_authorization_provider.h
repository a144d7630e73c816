// SPDX-License-Identifier: Apache-2.0
// Policy as a list of rules, for tests; it remembers what it was asked. Denies what no rule allows.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/sdk/authorization_provider.h"

namespace aw::testing {

// Rules and checks may be looked at and added from any thread, also while an agent asks.
class MockAuthorizationProvider final : public sdk::AuthorizationProvider {
 public:
  // One question, and what was answered.
  struct Check {
    std::string caller;
    std::string callee;
    std::string action;
    sdk::Direction direction = sdk::Direction::inbound;
    bool allowed = false;
  };

  // "*" stands for anything. The last rule that fits counts.
  MockAuthorizationProvider& allow(std::string_view caller, std::string_view callee,
                                   std::string_view action);
  MockAuthorizationProvider& deny(std::string_view caller, std::string_view callee,
                                  std::string_view action);

  // A denial is Code::denied_by_policy; the reasons are "allowed by policy" and "denied by
  // policy".
  [[nodiscard]] sdk::AuthzDecision authorize(sdk::AuthzContext const& context) override;
  [[nodiscard]] std::vector<Check> checks() const;  // in their order
  void clear_checks();

 private:
  struct Rule {
    std::string caller;
    std::string callee;
    std::string action;
    bool allows = false;
  };
  mutable std::mutex mutex_;
  std::vector<Rule> rules_;    // guarded by mutex_
  std::vector<Check> checks_;  // guarded by mutex_
};

}  // namespace aw::testing
