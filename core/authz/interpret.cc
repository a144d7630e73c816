// SPDX-License-Identifier: Apache-2.0
#include "core/authz/interpret.h"

#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::authz {
namespace {

using rego::Kind;
using rego::Value;

enum class Denial { none, denied, malformed };

// The `deny` of an object result: a boolean, or a collection of reasons.
Denial denial_of(Value const& deny) {
  switch (deny.kind()) {
    case Kind::undefined:
    case Kind::null:
      return Denial::none;
    case Kind::boolean:
      return deny.is_true() ? Denial::denied : Denial::none;
    case Kind::array:
    case Kind::set:
    case Kind::object:
      return deny.size() > 0 ? Denial::denied : Denial::none;
    case Kind::string:
      return deny.as_string().empty() ? Denial::none : Denial::denied;
    case Kind::number:
      return Denial::malformed;
  }
  return Denial::malformed;
}

std::string bounded(std::string_view text) {
  return text::printable(text.substr(0, kMaxReasonBytes));
}

// The first words found in `deny`: a string, the strings of a collection, or an object's keys.
std::string denial_words(Value const& deny) {
  std::string out;
  auto const append = [&out](std::string_view words) {
    if (words.empty() || out.size() > kMaxReasonBytes) return;
    if (!out.empty()) out += "; ";
    out += words;
  };
  append(deny.as_string());
  for (auto const& item : deny.items()) append(item.as_string());
  for (auto const& entry : deny.entries()) append(entry.key.as_string());
  return bounded(out);
}

AuthzDecision malformed(std::string reason) {
  return deny(std::move(reason), Code::policy_result_malformed);
}

AuthzDecision interpret_object(Value const& result) {
  auto const deny_value = result.get("deny");
  auto const allow_value = result.get("allow");
  auto const denial = denial_of(deny_value);
  if (denial == Denial::malformed) return malformed("policy_result_malformed: deny is a number");
  if (allow_value.defined() && !allow_value.is(Kind::boolean)) {
    return malformed("policy_result_malformed: allow is not a boolean");
  }

  bool const allowed = denial == Denial::none && allow_value.is_true();
  AuthzDecision out = allowed ? allow("allowed_by_policy") : deny("no_matching_rule");
  if (denial == Denial::denied) {
    out.reason = "denied_by_rule";
    if (auto words = denial_words(deny_value); !words.empty()) out.reason = std::move(words);
  }
  // `reason` speaks of the policy's own verdict; under a deny override it would tell why not.
  if (auto const reason = result.get("reason"); !reason.as_string().empty()) {
    if (denial != Denial::denied || !allow_value.is_true())
      out.reason = bounded(reason.as_string());
  }
  out.policy_id = bounded(result.get("policy_id").as_string());
  return out;
}

bool is_evaluation_error(Value const& body) {
  for (auto const& error : body.get("errors").items()) {
    if (error.get("code").as_string().starts_with("eval_")) return true;
  }
  return false;
}

Error no_answer(std::string why) { return make_error(Code::pdp_unavailable, std::move(why)); }

}  // namespace

AuthzDecision interpret_result(Value const& result) {
  switch (result.kind()) {
    case Kind::undefined:
      return deny("no_matching_rule");
    case Kind::boolean:
      return result.is_true() ? allow("allowed_by_policy") : deny("no_matching_rule");
    case Kind::object:
      return interpret_object(result);
    case Kind::null:
    case Kind::number:
    case Kind::string:
    case Kind::array:
    case Kind::set:
      break;
  }
  return malformed("policy_result_malformed: neither a boolean nor an object");
}

Result<AuthzDecision> interpret_answer(int status, std::string_view body, std::size_t max_bytes) {
  if (body.size() > max_bytes) return no_answer("answer is too large");
  // The policy engine's reader takes the last of two members, as OPA's own does; an answer that
  // says both yes and no is none.
  if (!json::parse(body, {.bytes = max_bytes, .depth = 64}).ok() && status == 200) {
    return no_answer("answer is not well-formed JSON");
  }
  auto const parsed = rego::parse_json(body, {.bytes = max_bytes, .depth = 64});
  bool const object = parsed.ok() && parsed->is(Kind::object);
  if (status == 500 && object && is_evaluation_error(*parsed)) {
    return deny("policy_evaluation_error", Code::policy_eval);
  }
  if (status != 200) return no_answer("answered with status " + std::to_string(status));
  if (!object) return no_answer("answer is no JSON object");
  return interpret_result(parsed->get("result"));
}

}  // namespace aw::authz
