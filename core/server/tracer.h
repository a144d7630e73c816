// SPDX-License-Identifier: Apache-2.0
// What the gates tell a trace collector: one span a request, one a decision.
//
// Names and attributes are those dashboards of the earlier implementation know
// (handle_{capability}, call_{capability}, authz_check_inbound). For a request that is not kept
// each call is one test. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/code.h"
#include "core/server/decision_event.h"
#include "core/server/trace.h"
#include "core/trace/exporter.h"
#include "core/trace/sampler.h"

namespace aw::server {

class Tracer {
 public:
  // Keeps nothing; the caller's trace goes on all the same.
  Tracer() = default;
  // `exporter` may be null: nothing is kept. It outlives the tracer.
  Tracer(trace::Sampler sampler, trace::Exporter* exporter, std::string agent_name)
      : sampler_(sampler), exporter_(exporter), agent_(std::move(agent_name)) {}

  // The request's place in its caller's trace, or the first of a new one; decides whether it is
  // kept, and says so to whoever comes next.
  [[nodiscard]] Trace begin(std::optional<std::string_view> traceparent) const;

  // The decision took `decision.duration` until `now`.
  // Offered at once: a span that cannot be queued is lost, and the request does not wait.
  void decided(DecisionFacts const& facts, authz::AuthzDecision const& decision,
               WallTime now) const;

  struct Answer {
    int status = 0;            // HTTP's
    std::optional<Code> code;  // what went wrong
    WallTime began;
    WallTime ended;
  };
  // The whole request: SERVER for one that came in, CLIENT for one that went out.
  void answered(DecisionFacts const& facts, Answer const& answer) const;

 private:
  trace::Sampler sampler_;
  trace::Exporter* exporter_ = nullptr;
  std::string agent_;
};

}  // namespace aw::server
