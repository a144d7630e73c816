// SPDX-License-Identifier: Apache-2.0
#include "core/authz/decision.h"

namespace aw::authz {

AuthzDecision allow(std::string reason) {
  AuthzDecision out;
  out.verdict = Verdict::allow;
  out.reason = std::move(reason);
  return out;
}

AuthzDecision deny(std::string reason, Code code) {
  AuthzDecision out;
  out.code = code;
  out.reason = std::move(reason);
  return out;
}

AuthzDecision unavailable(std::string reason, std::chrono::seconds retry_after) {
  auto out = deny(std::move(reason), Code::pdp_unavailable);
  out.retry_after = std::max(retry_after, std::chrono::seconds(1));
  return out;
}

}  // namespace aw::authz
