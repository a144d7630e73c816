// SPDX-License-Identifier: Apache-2.0
// One decision as the audit log tells it, the same for calls that come in and calls that go out.
//
// Pure; any thread. The views are read before it returns.
#pragma once

#include <string_view>

#include "core/audit/event.h"
#include "core/authz/authz.h"
#include "core/server/trace.h"

namespace aw::server {

// What was asked, as far as it was understood when it was decided; unknown members stay empty.
// Borrowed for one call; made where it is used.
struct DecisionFacts {
  authz::Direction direction = authz::Direction::inbound;
  Trace const& trace;
  std::string_view decision_id;
  std::string_view caller;  // SPIFFE ID, verified
  std::string_view callee;  // SPIFFE ID
  std::string_view action;
  std::string_view method;
  std::string_view task_id;
  std::string_view remote_address;
  std::string_view receipt = {};  // the digest both ends know the call by
};

// An allow carries no code, unless policy said no and log-only mode let it pass.
// The event's views point into what was given: record it before that goes.
[[nodiscard]] audit::Event decision_event(DecisionFacts const& facts,
                                          authz::AuthzDecision const& decision, WallTime now);

}  // namespace aw::server
