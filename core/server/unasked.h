// SPDX-License-Identifier: Apache-2.0
// Denials that no policy was asked about and that nobody waits for, on every record there is: what
// the codec refused, and what was cut off before it was decided.
//
// On any loop, with the turn's other records: many deadlines pass at once where a peer means it.
#pragma once

#include <exception>
#include <string_view>
#include <utility>

#include "core/audit/log.h"
#include "core/decisions/store.h"
#include "core/decisions/uploader.h"
#include "core/http/server.h"
#include "core/server/decision_event.h"
#include "core/server/recent_decisions.h"
#include "core/server/tracer.h"

namespace aw::server {

// Borrowed for one call.
struct Unasked {
  DecisionFacts const& facts;
  authz::AuthzDecision const& decision;
  std::string_view gate;  // how far it came
  WallTime time;
};

// Where it goes. Null: there is none of that kind.
struct Records {
  audit::AuditLog& audit;
  Tracer const& tracer;
  decisions::Store* decisions = nullptr;
  decisions::Uploader* decision_logs = nullptr;
  RecentDecisions* recent = nullptr;  // where there is no store
};

// Denied whether it can be written or not; what cannot is told by its keeper.
void record_soon(Records const& records, Unasked const& denied);

// Calls `then` when an exception passes it, as one does where a handler's wait is cut off. A frame
// that goes with its loop passes without one: what `then` needs may be gone before.
template <class Then>
class OnCut {
 public:
  explicit OnCut(Then then) : then_(std::move(then)), before_(std::uncaught_exceptions()) {}
  ~OnCut() {
    if (std::uncaught_exceptions() <= before_) return;
    try {
      then_();
    } catch (std::exception const&) {
      // Cancelled as it is, and out of memory: nothing runs, and nothing can be said.
    }
  }
  OnCut(OnCut const&) = delete;
  OnCut& operator=(OnCut const&) = delete;

 private:
  Then then_;
  int before_;
};

// Why a request was cut off, by what became of its answer: the listener gave one (it was late), the
// connection ended, or something broke.
[[nodiscard]] inline Code why_cut(http::ResponseWriter const& writer) {
  if (writer.started()) return Code::timeout;
  return writer.peer_gone() ? Code::interrupted : Code::internal;
}

}  // namespace aw::server
