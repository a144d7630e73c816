// SPDX-License-Identifier: Apache-2.0
#include "core/authz/explain.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace aw::authz {
namespace {

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

json::Json to_json(rego::Value const& value) {
  if (!value.defined()) return nullptr;
  auto parsed = json::Json::parse(value.to_json(), nullptr, false);
  return parsed.is_discarded() ? json::Json(value.to_json()) : parsed;
}

std::string_view state_name(rego::ExprState state) {
  switch (state) {
    case rego::ExprState::held:
      return "held";
    case rego::ExprState::failed:
      return "failed";
    case rego::ExprState::not_reached:
      return "not_reached";
  }
  return "not_reached";
}

json::Json rule_json(rego::RuleRecord const& rule) {
  json::Json expressions = json::Json::array();
  for (auto const& expression : rule.expressions) {
    json::Json values = json::Json::object();
    for (auto const& [name, value] : expression.values) values[name] = to_json(value);
    expressions.push_back({{"line", expression.line},
                           {"text", expression.text},
                           {"state", state_name(expression.state)},
                           {"values", std::move(values)},
                           {"asks", expression.asks}});
  }
  return {{"path", rule.path},     {"rule", rule.location.text()},
          {"fired", rule.fired},   {"default", rule.is_default},
          {"helper", rule.helper}, {"held", rule.held},
          {"source", rule.text},   {"expressions", std::move(expressions)}};
}

json::Json decision_json(AuthzDecision const& decision) {
  json::Json out = {{"allow", decision.allowed()},
                    {"decision", decision.allowed() ? "allow" : "deny"},
                    {"reason", decision.reason},
                    {"rule", decision.rule},
                    {"policy_id", decision.policy_id},
                    {"policy_digest", decision.policy_digest},
                    {"policy_generation", decision.generation},
                    {"decided_by", decision.decided_by},
                    {"cached", decision.cached},
                    {"would_deny", decision.would_deny},
                    {"duration_ms", milliseconds(decision.duration)}};
  if (!decision.allowed() || decision.would_deny) out["code"] = code_name(decision.code);
  if (decision.retry_after.count() > 0) out["retry_after"] = decision.retry_after.count();
  return out;
}

json::Json change_json(rego::NearMiss const& miss) {
  return {{"in", miss.kind == rego::NearMiss::Kind::data ? "data" : "input"},
          {"path", miss.path},
          {"adds", miss.adds},
          {"removes", miss.removes},
          {"value", to_json(miss.value)}};
}

json::Json trace_json(Explanation const& explanation) {
  json::Json out = {{"rules_evaluated", json::Json::array()},
                    {"rule_matched", nullptr},
                    {"evaluation_time_ms", milliseconds(explanation.decision.duration)},
                    {"input", to_json(explanation.input)}};
  if (explanation.decision.allowed() && !explanation.decision.rule.empty()) {
    out["rule_matched"] = explanation.decision.rule;
  }
  if (explanation.why) {
    for (auto const& rule : explanation.why->rules) {
      out["rules_evaluated"].push_back(rule_json(rule));
    }
    out["closest_rule"] = explanation.why->summary;
    out["what_would_flip_it"] = json::Json::array();
    for (auto const& miss : explanation.why->near_misses) {
      auto one = change_json(miss);
      one["text"] = miss.text;
      one["also"] = json::Json::array();
      for (auto const& other : miss.also) one["also"].push_back(change_json(other));
      out["what_would_flip_it"].push_back(std::move(one));
    }
  }
  if (!explanation.events.empty()) {
    out["events"] = json::Json::array();
    for (auto const& event : explanation.events) {
      out["events"].push_back({{"op", event.op},
                               {"depth", event.depth},
                               {"at", event.location.text()},
                               {"text", event.text}});
    }
  }
  if (explanation.opa_events.defined()) out["events"] = to_json(explanation.opa_events);
  if (explanation.opa_metrics.defined()) out["opa_metrics"] = to_json(explanation.opa_metrics);
  return out;
}

}  // namespace

json::Json explanation_json(Explanation const& explanation) {
  return {{"decision", decision_json(explanation.decision)}, {"trace", trace_json(explanation)}};
}

std::string closest_rule(Explanation const& explanation) {
  return explanation.why ? explanation.why->summary : std::string();
}

}  // namespace aw::authz
