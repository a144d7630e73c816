// SPDX-License-Identifier: Apache-2.0
// One request on its way through the gates: who, what, when, and the names it is known by.
//
// Lives in the frame of Pipeline::serve, on the connection's loop; filled in gate by gate. Internal
// to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/a2a/operation.h"
#include "core/authz/authz.h"
#include "core/base/clock.h"
#include "core/base/code.h"
#include "core/decisions/entry.h"
#include "core/http/server.h"
#include "core/server/decision_event.h"
#include "core/server/pipeline.h"
#include "core/server/trace.h"

namespace aw::server {

struct Visit {
  Visitor const& visitor;
  http::Request& request;
  http::ResponseWriter& writer;
  http::BodyReader* body;
  SteadyTime began;
  WallTime time;
  std::string decision_id;
  Trace trace;
  a2a::Shape shape;
  // As far as the request was understood.
  bool understood = false;
  std::string capability;
  std::string method;
  std::string task_id;
  // For the record: how far it came, what policy was asked, the digest both ends know it by.
  std::string_view gate = "identity";
  authz::AuthzContext const* question = nullptr;
  std::string receipt = {};
  bool on_record = false;           // or tried to be
  bool streams = false;             // allowed, and the answer is one
  std::optional<Code> denied = {};  // by a gate or by policy, whoever hears of it
  bool instead = false;             // what is recorded now takes the place of what could not be
};

// What policy is asked about `operation`, which this visit brought.
[[nodiscard]] authz::AuthzContext question_of(Visit const& visit, a2a::Operation const& operation);
// Whom the agent's own code is told of.
[[nodiscard]] a2a::Caller caller_of(Visit const& visit);
// Views of the visit.
[[nodiscard]] DecisionFacts facts_of(Visit const& visit);
// On the trust map: what was decided and is on record, or refused whether it is or not.
void count_call(Visit const& visit, authz::AuthzDecision const& decision);
// What the decision store keeps: views of the visit, the decision and `policy_path`.
[[nodiscard]] decisions::Fields kept_fields(Visit const& visit,
                                            authz::AuthzDecision const& decision,
                                            std::string const& policy_path);

}  // namespace aw::server
