// SPDX-License-Identifier: Apache-2.0
// Answers and events -> values.
#include <array>

#include "core/a2a/client_codec.h"
#include "core/a2a/codec.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

using Seen = JsonView::Kind;

constexpr JsonLimits kAnswerLimits{.bytes = std::size_t{64} << 20, .depth = 64};

Error no_answer(std::string what) {
  return make_error(Code::protocol, "the agent's answer is no A2A answer: " + std::move(what));
}

// A2A §errors: what the other side says, in our words.
struct RemoteErrorRow {
  std::string_view reason;
  std::int64_t rpc;
  Code code;
};
constexpr std::array kRemoteErrors = {
    RemoteErrorRow{"PARSE_ERROR", -32700, Code::request_malformed},
    RemoteErrorRow{"INVALID_REQUEST", -32600, Code::request_malformed},
    RemoteErrorRow{"METHOD_NOT_FOUND", -32601, Code::unsupported_operation},
    RemoteErrorRow{"INVALID_PARAMS", -32602, Code::request_malformed},
    RemoteErrorRow{"INTERNAL", -32603, Code::backend_failed},
    RemoteErrorRow{"TASK_NOT_FOUND", -32001, Code::task_not_found},
    RemoteErrorRow{"TASK_NOT_CANCELABLE", -32002, Code::task_terminal},
    RemoteErrorRow{"PUSH_NOTIFICATION_NOT_SUPPORTED", -32003, Code::unsupported_operation},
    RemoteErrorRow{"UNSUPPORTED_OPERATION", -32004, Code::unsupported_operation},
    RemoteErrorRow{"CONTENT_TYPE_NOT_SUPPORTED", -32005, Code::unsupported_media_type},
    RemoteErrorRow{"INVALID_AGENT_RESPONSE", -32006, Code::backend_answer_malformed},
    RemoteErrorRow{"EXTENDED_AGENT_CARD_NOT_CONFIGURED", -32007, Code::unsupported_operation},
    RemoteErrorRow{"EXTENSION_SUPPORT_REQUIRED", -32008, Code::extension_required},
    RemoteErrorRow{"VERSION_NOT_SUPPORTED", -32009, Code::version_not_supported},
};

// The google.rpc.ErrorInfo among the details: our own code in its metadata, else its reason.
std::optional<Code> code_in_details(JsonView details) {
  for (auto const& element : details.elements()) {
    JsonObject const info(element);
    if (auto const own = parse_code(JsonObject(info.get("metadata")).text("code"))) return own;
    if (auto const code = code_of_reason(info.text("reason"))) return code;
  }
  return std::nullopt;
}

std::optional<Code> code_in_number(JsonView number) {
  auto const value = number.integer();
  for (auto const& row : kRemoteErrors)
    if (value == row.rpc) return row.code;
  return std::nullopt;
}

Result<TaskStatus> read_remote_status(JsonView view, Dialect dialect) {
  JsonObject const from(view);
  auto const state = parse_state(from.text("state"));
  if (!state) return no_answer("status.state is missing or unknown");
  TaskStatus status{.state = *state, .message = nullptr, .timestamp = {}};
  if (auto const time = parse_rfc3339(from.text("timestamp"))) status.timestamp = *time;
  // The 0.3 proto calls it `update` where it is not mapped.
  auto message = from.get("message");
  if (!message.present()) message = from.get("update");
  // Servers that have nothing to say send a message without parts.
  if (message.get("parts").elements().empty() && message.get("content").elements().empty())
    return status;
  AW_TRY(auto read, parse_message(message, dialect));
  status.message = std::make_shared<const Message>(std::move(read));
  return status;
}

Result<MessagePtr> read_remote_message(JsonView view, Dialect dialect) {
  auto message = parse_message(view, dialect);
  if (!message.ok()) return no_answer(message.error().message);
  return std::make_shared<const Message>(std::move(message).value());
}

Result<ArtifactPtr> read_remote_artifact(JsonView view, Dialect dialect) {
  auto artifact = parse_artifact(view, dialect);
  if (!artifact.ok()) return no_answer(artifact.error().message);
  return std::make_shared<const Artifact>(std::move(artifact).value());
}

Result<RemoteEvent> read_status_event(JsonView view, Dialect dialect) {
  JsonObject const from(view);
  RemoteStatus out{
      .task_id = from.text("taskId"), .context_id = from.text("contextId"), .status = {}};
  if (out.task_id.empty()) return no_answer("a status update names no task");
  AW_TRY(out.status, read_remote_status(from.get("status"), dialect));
  return RemoteEvent(std::move(out));
}

Result<RemoteEvent> read_artifact_event(JsonView view, Dialect dialect) {
  JsonObject const from(view);
  RemoteArtifact out{
      .task_id = from.text("taskId"), .context_id = from.text("contextId"), .artifact = {}};
  if (out.task_id.empty()) return no_answer("an artifact update names no task");
  AW_TRY(auto const artifact, read_remote_artifact(from.get("artifact"), dialect));
  out.artifact = *artifact;
  if (from.get("append").boolean().value_or(false)) out.chunk = Chunk::append;
  if (from.get("lastChunk").boolean().value_or(false)) out.last = Last::yes;
  return RemoteEvent(std::move(out));
}

Result<RemoteEvent> read_task_event(JsonView view, Dialect dialect) {
  AW_TRY(auto task, read_task_value(view, dialect));
  return RemoteEvent(std::move(task));
}

Result<RemoteEvent> read_message_event(JsonView view, Dialect dialect) {
  AW_TRY(auto message, read_remote_message(view, dialect));
  return RemoteEvent(std::move(message));
}

struct EventRow {
  std::string_view member;  // 1.0 and the 0.3 proto
  std::string_view kind;    // 0.3 JSON-RPC
  Result<RemoteEvent> (*read)(JsonView, Dialect);
};
constexpr std::array kEventRows = {
    EventRow{"task", "task", read_task_event},
    EventRow{"message", "message", read_message_event},
    EventRow{"statusUpdate", "status-update", read_status_event},
    EventRow{"artifactUpdate", "artifact-update", read_artifact_event},
};

struct EventText {
  json::Writer& out;
  void operator()(TaskPtr const& task) const {
    out.begin_object().key("task");
    write_task(out, *task, Spelling::v1, {});
    out.end_object();
  }
  void operator()(MessagePtr const& message) const {
    out.begin_object().key("message");
    write_message(out, *message, Spelling::v1);
    out.end_object();
  }
  void operator()(RemoteStatus const& update) const {
    Task shown;
    shown.id = update.task_id;
    shown.context_id = update.context_id;
    shown.status = update.status;
    write_event(out, Event(StatusUpdate{std::make_shared<const Task>(std::move(shown))}),
                Spelling::v1, {});
  }
  void operator()(RemoteArtifact const& update) const {
    Task shown;
    shown.id = update.task_id;
    shown.context_id = update.context_id;
    write_event(out,
                Event(ArtifactUpdate{.task = std::make_shared<const Task>(std::move(shown)),
                                     .artifact = std::make_shared<const Artifact>(update.artifact),
                                     .chunk = update.chunk,
                                     .last = update.last}),
                Spelling::v1, {});
  }
};

}  // namespace

// When the body names no code of ours: another implementation, or something in between.
Code code_of_status(int status) {
  switch (status) {
    case 401:
      return Code::no_client_certificate;
    case 403:
      return Code::denied_by_policy;
    case 404:
      return Code::not_found;
    case 409:
      return Code::replayed;
    case 413:
      return Code::too_large;
    case 429:
      return Code::rate_limited;
    case 503:
      return Code::overloaded;
    case 504:
      return Code::timeout;
    default:
      return status >= 500 ? Code::backend_failed : Code::request_malformed;
  }
}

std::optional<Code> code_of_reason(std::string_view reason) {
  for (auto const& row : kRemoteErrors)
    if (row.reason == reason) return row.code;
  return std::nullopt;
}

Error remote_error(int status, JsonView body) {
  auto const error = body.get("error");
  JsonObject const said(error.is(Seen::object) ? error : body);
  std::optional<Code> code = parse_code(said.text("code"));
  if (!code) code = code_in_details(said.get("data"));
  if (!code) code = code_in_details(said.get("details"));
  if (!code) code = code_in_number(said.get("code"));
  auto const final_code = code.value_or(code_of_status(status));
  auto words = text::printable(said.text("message").substr(0, 1024));
  if (words.empty()) words = code_info(final_code).title;
  return make_error(final_code, std::move(words)).with("http_status", std::to_string(status));
}

Result<JsonView> open_answer(Interface const& one, int status, std::string_view body) {
  bool const good = status >= 200 && status < 300;
  auto const checked = check_json(body, kAnswerLimits);
  if (!checked.ok()) {
    if (!good) return remote_error(status, JsonView());
    return no_answer(checked.error().message);
  }
  JsonView const view(body);
  if (one.transport == Transport::http_json) {
    if (!good) return remote_error(status, view);
    return view;
  }
  if (view.get("error").present() || !good) return remote_error(status, view);
  auto const result = view.get("result");
  if (view.get("jsonrpc").string() != "2.0" || result.is(Seen::none))
    return no_answer("it has neither result nor error");
  return result;
}

Result<RemoteEvent> read_event(Interface const& one, std::string_view data) {
  AW_TRY(auto const value, open_answer(one, 200, data));
  // REST: an error may come as an event too.
  if (value.get("error").present()) return remote_error(500, value);
  return read_event_value(value, one.dialect);
}

Result<RemoteEvent> read_event_value(JsonView value, Dialect dialect) {
  if (!value.is(Seen::object)) return no_answer("an event must be an object");
  JsonObject const from(value);
  auto const kind = from.text("kind");
  for (auto const& row : kEventRows) {
    if (!kind.empty()) {
      if (kind == row.kind) return row.read(value, dialect);
      continue;
    }
    if (auto const member = from.get(row.member); member.present())
      return row.read(member, dialect);
  }
  return no_answer("it holds no task, message or update");
}

Result<TaskPtr> read_task_value(JsonView value, Dialect dialect) {
  if (!value.is(Seen::object)) return no_answer("a task must be an object");
  JsonObject const from(value);
  auto task = std::make_shared<Task>();
  task->id = from.text("id");
  if (task->id.empty()) return no_answer("a task has no id");
  task->context_id = from.text("contextId");
  AW_TRY(task->status, read_remote_status(from.get("status"), dialect));
  for (auto const& element : from.get("history").elements()) {
    AW_TRY(auto message, read_remote_message(element, dialect));
    task->history.push_back(std::move(message));
  }
  for (auto const& element : from.get("artifacts").elements()) {
    AW_TRY(auto artifact, read_remote_artifact(element, dialect));
    task->artifacts.push_back(std::move(artifact));
  }
  auto const metadata = from.get("metadata");
  if (metadata.is(Seen::object)) task->metadata = std::string(metadata.raw());
  task->updated = task->status.timestamp;
  return TaskPtr(std::move(task));
}

Result<RemotePage> read_page_value(JsonView value, Dialect dialect) {
  JsonObject const from(value);
  if (!from.get("tasks").is(Seen::array) && from.get("tasks").present())
    return no_answer("tasks must be a list");
  RemotePage page;
  for (auto const& element : from.get("tasks").elements()) {
    AW_TRY(auto task, read_task_value(element, dialect));
    page.tasks.push_back(std::move(task));
  }
  page.next_token = from.text("nextPageToken");
  page.total = from.get("totalSize").integer().value_or(0);
  return page;
}

std::string event_json(RemoteEvent const& event) {
  std::string text;
  json::Writer out(text);
  std::visit(EventText{out}, event);
  return text;
}

std::string task_json(Task const& task) {
  std::string text;
  json::Writer out(text);
  write_task(out, task, Spelling::v1, {});
  return text;
}

Result<void> TaskFollower::begin(std::string const& id, std::string const& context_id) {
  if (task_ && task_->id != id) return no_answer("an event is about another task");
  if (task_) return {};
  auto task = std::make_shared<Task>();
  task->id = id;
  task->context_id = context_id;
  task_ = std::move(task);
  return {};
}

Result<void> TaskFollower::take(RemoteEvent const& event) {
  if (auto const* task = std::get_if<TaskPtr>(&event)) {
    AW_TRY(begin((*task)->id, (*task)->context_id));
    task_ = *task;
    return {};
  }
  if (auto const* message = std::get_if<MessagePtr>(&event)) {
    message_ = *message;
    return {};
  }
  if (auto const* update = std::get_if<RemoteStatus>(&event)) {
    AW_TRY(begin(update->task_id, update->context_id));
    auto next = std::make_shared<Task>(*task_);
    if (next->status.message) next->history.push_back(next->status.message);
    next->status = update->status;
    task_ = std::move(next);
    return {};
  }
  auto const& update = std::get<RemoteArtifact>(event);
  AW_TRY(begin(update.task_id, update.context_id));
  // Some servers send the last chunk after the last status: taken all the same.
  auto open = std::make_shared<Task>(*task_);
  auto const status = open->status;
  if (is_terminal(status.state)) open->status.state = TaskState::working;
  AW_TRY(auto merged, with_artifact(*open, std::make_shared<const Artifact>(update.artifact),
                                    update.chunk, status.timestamp));
  auto next = std::make_shared<Task>(*merged);
  next->status = status;
  task_ = std::move(next);
  return {};
}

}  // namespace aw::a2a
