// SPDX-License-Identifier: Apache-2.0
// Why a decision is what it is, for people and as JSON. Pure.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/authz/authz.h"
#include "core/base/json.h"
#include "core/rego/event_text.h"
#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::authz {

// A value. `why` is null where nobody could look inside (a custom decider, an OPA that shows
// nothing).
struct Explanation {
  AuthzDecision decision;
  std::string policy_path;
  rego::Value input;
  // Embedded; remote: without values and changes, where OPA shows its policies.
  std::shared_ptr<const rego::Why> why;
  std::vector<rego::TraceEvent> events;  // embedded: the ones asked for (rego/event_text.h)
  std::vector<rego::Source> sources;     // what `why` points into
  rego::Value opa_events;                // remote: OPA's own trace
  rego::Value opa_metrics;               // remote
};

// What lines and marks are shaded with, where there are colours. The text in, the text to print
// out.
enum class Tone { plain, good, bad, dim };
using Paint = std::function<std::string(Tone, std::string const&)>;

// What a terminal shows: the verdict line, each candidate rule with its lines and marks, the
// smallest changes that would flip it (story S2), and the chosen events. Without a last newline.
// Bounded: 40 rules, 2000 events, values cut. Foreign text is made printable.
[[nodiscard]] std::string explanation_text(Explanation const& explanation,
                                           Paint const& paint = nullptr);

// `decision{allow,reason,…}`, `trace{rules_evaluated[], rule_matched, evaluation_time_ms, input}`.
[[nodiscard]] json::Json explanation_json(Explanation const& explanation);

// `closest rule authz.rego:14 matches all but action ("greet", "status")`; empty when unknown.
[[nodiscard]] std::string closest_rule(Explanation const& explanation);

}  // namespace aw::authz
