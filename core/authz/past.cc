// SPDX-License-Identifier: Apache-2.0
#include "core/authz/past.h"

#include "core/base/json.h"

namespace aw::authz {
namespace {

Error no_document(std::string const& why) {
  return make_error(Code::policy_unreadable, "the kept policy cannot be read: " + why);
}

}  // namespace

std::string policy_document(LoadedPolicy const& policy, std::string const& path) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("path", path).key("modules").begin_array();
  for (auto const& module : policy.sources) {
    w.begin_object().member("name", module.name).member("text", module.text).end_object();
  }
  w.end_array().key("data").raw(policy.policy->data().to_json()).end_object();
  return out;
}

Result<LoadedPolicy> read_policy_document(std::string const& document, std::string const& digest) {
  // As the engine reads JSON: numbers keep their spelling, which the digest is made of.
  auto const parsed = rego::parse_json(document);
  if (!parsed.ok()) return no_document(parsed.error().message);
  auto const* const modules = parsed->find("modules");
  auto const* const data = parsed->find("data");
  if (modules == nullptr || data == nullptr) {
    return no_document("not the document this program writes");
  }
  LoadedPolicy out;
  for (auto const& module : modules->items()) {
    out.sources.push_back(
        {std::string(module.get("name").as_string()), std::string(module.get("text").as_string())});
  }
  AW_TRY(out.policy, rego::compile(out.sources, *data));
  out.digest = "sha256:" + out.policy->digest();
  if (!digest.empty() && out.digest != digest) return no_document("its digest is " + out.digest);
  AW_TRY(out.query, out.policy->prepare(path_text(parsed->get("path").as_string())));
  out.rules = out.policy->rule_count();
  return out;
}

AuthzDecision decide_again(LoadedPolicy const& policy, rego::Value const& input, WallTime time,
                           Clock const& clock) {
  return evaluate_policy(policy, input, {.now = time, .clock = &clock}).decision;
}

Explanation explain_again(LoadedPolicy const& policy, rego::Value input, WallTime time,
                          Clock const& clock) {
  rego::EvalOptions const how{.now = time, .clock = &clock, .trace = rego::TraceLevel::why};
  auto const started = clock.steady();
  auto answer = evaluate_policy(policy, input, how);
  answer.decision.duration = clock.steady() - started;
  find_flips(policy, input, how, answer);
  Explanation out;
  out.decision = std::move(answer.decision);
  out.why = std::move(answer.outcome.why);
  out.input = std::move(input);
  out.sources = policy.sources;
  return out;
}

}  // namespace aw::authz
