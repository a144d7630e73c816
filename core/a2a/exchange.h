// SPDX-License-Identifier: Apache-2.0
// One operation being carried out: what was asked, by whom, and where the answer goes. Private to
// the service; lives on the request's loop as long as `execute`.
#pragma once

#include <string>

#include "core/a2a/refusal.h"
#include "core/a2a/service.h"

namespace aw::a2a {

struct Service::Exchange {
  Operation& operation;
  Caller& caller;
  std::string scope;  // whose tasks: the caller's, in its tenant
  http::ResponseWriter& writer;

  // The whole answer; `outcome` gets its status.
  io::Task<Outcome> answer(http::Response response, Outcome outcome) {
    outcome.status = response.status;
    if (writer.peer_gone()) outcome.lost();
    co_await writer.respond(std::move(response));
    co_return outcome;
  }
  // By the error's own code: protocol error or refusal (refusal.h).
  io::Task<Outcome> fail(Error error) {
    auto response = error_response(operation.shape, error, caller.decision_id);
    Outcome outcome{.status = response.status, .code = error.code, .task_id = operation.task_id};
    co_return co_await answer(std::move(response), std::move(outcome));
  }
  io::Task<Outcome> fail(ProtocolError error, std::string what) {
    auto response = protocol_error(operation.shape, error, what);
    Outcome outcome{
        .status = response.status, .code = code_of(error), .task_id = operation.task_id};
    co_return co_await answer(std::move(response), std::move(outcome));
  }
};

}  // namespace aw::a2a
