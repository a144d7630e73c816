// SPDX-License-Identifier: Apache-2.0
// Why a decision is what it is, for people and as JSON. Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/authz/authz.h"
#include "core/base/json.h"
#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::authz {

struct Explanation {
  AuthzDecision decision;
  std::string policy_path;
  rego::Value input;
  std::shared_ptr<const rego::Why> why;  // embedded
  std::vector<rego::TraceEvent> events;  // embedded
  std::vector<rego::Source> sources;     // embedded: what `why` points into
  rego::Value opa_events;                // remote: OPA's own trace
  rego::Value opa_metrics;               // remote
};

// What a terminal shows: the verdict line, each candidate rule with its lines and marks, and the
// smallest changes that would flip it (story S2). Without a last newline.
[[nodiscard]] std::string explanation_text(Explanation const& explanation);

// `decision{allow,reason,…}`, `trace{rules_evaluated[], rule_matched, evaluation_time_ms, input}`.
[[nodiscard]] json::Json explanation_json(Explanation const& explanation);

// `closest rule authz.rego:14 matches all but action ("greet", "status")`; empty when unknown.
[[nodiscard]] std::string closest_rule(Explanation const& explanation);

}  // namespace aw::authz
