// SPDX-License-Identifier: Apache-2.0
#include "core/testing/mock_authorization_provider.h"

#include <algorithm>

namespace aw::testing {
namespace {

bool fits(std::string const& rule, std::string_view value) { return rule == "*" || rule == value; }

}  // namespace

MockAuthorizationProvider& MockAuthorizationProvider::allow(std::string_view caller,
                                                            std::string_view callee,
                                                            std::string_view action) {
  std::lock_guard const lock(mutex_);
  rules_.push_back({std::string(caller), std::string(callee), std::string(action), true});
  return *this;
}

MockAuthorizationProvider& MockAuthorizationProvider::deny(std::string_view caller,
                                                           std::string_view callee,
                                                           std::string_view action) {
  std::lock_guard const lock(mutex_);
  rules_.push_back({std::string(caller), std::string(callee), std::string(action), false});
  return *this;
}

sdk::AuthzDecision MockAuthorizationProvider::authorize(sdk::AuthzContext const& context) {
  std::lock_guard const lock(mutex_);
  auto const found = std::find_if(rules_.rbegin(), rules_.rend(), [&context](Rule const& rule) {
    return fits(rule.caller, context.caller.text()) && fits(rule.callee, context.callee.text()) &&
           fits(rule.action, context.action);
  });
  bool const allowed = found != rules_.rend() && found->allows;
  checks_.push_back({.caller = context.caller.text(),
                     .callee = context.callee.text(),
                     .action = context.action,
                     .direction = context.direction,
                     .allowed = allowed});
  return allowed ? authz::allow("allowed by policy") : authz::deny("denied by policy");
}

std::vector<MockAuthorizationProvider::Check> MockAuthorizationProvider::checks() const {
  std::lock_guard const lock(mutex_);
  return checks_;
}

void MockAuthorizationProvider::clear_checks() {
  std::lock_guard const lock(mutex_);
  checks_.clear();
}

}  // namespace aw::testing
