// SPDX-License-Identifier: Apache-2.0
#include "core/sdk/reply.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/a2a/client.h"
#include "core/base/json.h"
#include "core/config/checks.h"
#include "core/server/outbound_target.h"

namespace aw::sdk {
namespace {

using json::Json;

std::string text_in(Json const& object, char const* name) {
  if (!object.is_object()) return {};
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Json member_of(Json const& object, char const* name) {
  auto const found = object.find(name);
  return found == object.end() ? Json() : *found;
}

// Why a task that ended otherwise did so, in the words that were meant for us.
Error why_not(Json const& task, std::string const& state) {
  auto const failure = member_of(task, "error");
  auto message = failure.is_string() ? failure.get<std::string>() : text_in(failure, "message");
  if (message.empty()) message = text_in(member_of(task, "status"), "message");
  if (message.empty()) message = "the task is " + state;
  return make_error(parse_code(text_in(failure, "code")).value_or(Code::backend_failed),
                    std::move(message))
      .with("task_id", text_in(task, "id"));
}

}  // namespace

Result<http::Request> agent_request(std::string_view target, std::string_view capability,
                                    std::string_view payload, CallOptions const& options) {
  if (auto wrong = config::checks::capability_name(capability); !wrong.empty())
    return make_error(Code::usage, "capability \"" + std::string(capability) + "\": " + wrong);
  AW_TRY(with_context(json::parse(payload), "payload"));
  http::Request request;
  request.method = "POST";
  request.set_target("/a2a/v1/tasks");
  request.headers.set(server::kTargetHeader, target);
  request.headers.set("content-type", "application/json");
  if (!options.traceparent.empty()) request.headers.set("traceparent", options.traceparent);
  json::Writer(request.body)
      .begin_object()
      .member("task_type", capability)
      .key("payload")
      .raw(payload)
      .end_object();
  return request;
}

Result<std::string> agent_result(http::Response const& response) {
  AW_TRY(a2a::check_reply(response.status, response.body, a2a::decision_notes(response.headers)));
  auto const task = json::parse(response.body);
  if (!task.ok() || !task->is_object())
    return make_error(Code::backend_answer_malformed, "the peer's answer is no task");
  auto const state = text_in(member_of(*task, "status"), "state");
  if (state == "completed") return member_of(*task, "result").dump();
  if (response.status == 202)
    return make_error(Code::backend_timeout, "the agent is still at it")
        .with("task_id", text_in(*task, "id"));
  return why_not(*task, state);
}

}  // namespace aw::sdk
