// SPDX-License-Identifier: Apache-2.0
// Policy as a list of rules, for tests; it remembers what it was asked. Denies what no rule allows.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/sdk/authorization_provider.h"

namespace aw::testing {

class MockAuthorizationProvider final : public sdk::AuthorizationProvider {
 public:
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
