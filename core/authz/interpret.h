// SPDX-License-Identifier: Apache-2.0
// What a policy's result means. Pure; whatever is not clearly an allow denies.
//
// true allows, false denies. An object allows when its `allow` is true and its `deny` is absent,
// false or empty; `reason` and `policy_id` are taken over. No result (the rule is undefined) denies
// with no_matching_rule. Anything else denies with Code::policy_result_malformed.
#pragma once

#include <string>
#include <string_view>

#include "core/authz/authz.h"
#include "core/base/result.h"
#include "core/rego/value.h"

namespace aw::authz {

inline constexpr std::size_t kMaxAnswerBytes = 1U << 20;
inline constexpr std::size_t kMaxReasonBytes = 512;

// Words are made printable and cut at kMaxReasonBytes.
[[nodiscard]] AuthzDecision interpret_result(rego::Value const& result);

// The answer to POST /v1/data/…. An error (pdp_unavailable) says that this endpoint gave no answer
// and another may be asked: a status other than 200, a body that is no JSON object or too large.
// An evaluation error that OPA reports is an answer: it denies with Code::policy_eval, as the
// embedded engine does, so that no caller's input can make the endpoint count as down.
[[nodiscard]] Result<AuthzDecision> interpret_answer(int status, std::string_view body,
                                                     std::size_t max_bytes = kMaxAnswerBytes);

}  // namespace aw::authz
