// SPDX-License-Identifier: Apache-2.0
// Tasks as the store keeps them: the 1.0 task object, and beside it what the protocol does not
// show.
#include "core/a2a/codec.h"

namespace aw::a2a {
namespace {

Error damaged(std::string_view what) {
  return make_error(Code::state_unusable, "stored task: " + std::string(what));
}

std::int64_t nanoseconds(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall_time(JsonObject const& from, std::string_view name) {
  return WallTime(std::chrono::nanoseconds(from.get(name).integer().value_or(0)));
}

void write_time(json::Writer& out, std::string_view name, WallTime time) {
  out.key(name).number(nanoseconds(time));
}

Result<std::vector<MessagePtr>> read_messages(JsonView view) {
  std::vector<MessagePtr> out;
  for (auto const& element : view.elements()) {
    AW_TRY(auto message, parse_message(element, Dialect::v1_0));
    out.push_back(std::make_shared<const Message>(std::move(message)));
  }
  return out;
}

Result<std::vector<ArtifactPtr>> read_artifacts(JsonView view) {
  std::vector<ArtifactPtr> out;
  for (auto const& element : view.elements()) {
    AW_TRY(auto artifact, parse_artifact(element, Dialect::v1_0));
    out.push_back(std::make_shared<const Artifact>(std::move(artifact)));
  }
  return out;
}

Result<TaskStatus> read_status(JsonView view, WallTime timestamp) {
  JsonObject const from(view);
  auto const state = parse_state(from.text("state"));
  if (!state) return damaged("unknown state");
  TaskStatus status{*state, nullptr, timestamp};
  if (auto const message = from.get("message"); message.present()) {
    AW_TRY(auto read, parse_message(message, Dialect::v1_0));
    status.message = std::make_shared<const Message>(std::move(read));
  }
  return status;
}

std::size_t bytes_of(Task const& task) {
  std::size_t sum = sizeof(Task) + task.payload->size() + task.metadata.size();
  for (auto const& message : task.history) sum += size_of(*message);
  for (auto const& artifact : task.artifacts) sum += size_of(*artifact);
  if (task.result) sum += task.result->size();
  return sum;
}

}  // namespace

std::string task_record(Task const& task) {
  std::string text;
  text.reserve(512 + 2 * task.bytes);  // a guess that spares growing
  json::Writer out(text);
  out.begin_object().key("task");
  write_task(out, task, Spelling::v1, {});
  out.member("owner", task.owner).member("capability", task.capability);
  out.key("payload").raw(task.payload->empty() ? "null" : std::string_view(*task.payload));
  if (task.result) out.key("result").raw(*task.result);
  if (task.failure) {
    out.key("failure").begin_object();
    out.member("code", static_cast<std::int64_t>(task.failure->code));
    out.member("message", task.failure->message).end_object();
  }
  if (!task.idempotency_key.empty()) out.member("idempotencyKey", task.idempotency_key);
  write_time(out, "created", task.created);
  write_time(out, "updated", task.updated);
  write_time(out, "changed", task.status.timestamp);
  out.end_object();
  return text;
}

Result<TaskPtr> parse_task_record(std::string_view text) {
  AW_TRY(check_json(text, {.bytes = 1U << 30, .depth = 128}));
  JsonObject const record{JsonView(text)};
  JsonObject const shown(record.get("task"));
  auto task = std::make_shared<Task>();
  task->id = shown.text("id");
  task->context_id = shown.text("contextId");
  task->owner = record.text("owner");
  task->capability = record.text("capability");
  if (task->id.empty() || task->owner.empty()) return damaged("no id or no owner");
  AW_TRY(task->status, read_status(shown.get("status"), wall_time(record, "changed")));
  AW_TRY(task->history, read_messages(shown.get("history")));
  AW_TRY(task->artifacts, read_artifacts(shown.get("artifacts")));
  task->metadata = std::string(shown.get("metadata").raw());
  task->payload = std::make_shared<const std::string>(record.get("payload").raw());
  if (auto const result = record.get("result"); !result.is(JsonView::Kind::none))
    task->result = std::make_shared<const std::string>(result.raw());
  if (auto const failure = record.get("failure"); failure.present()) {
    JsonObject const from(failure);
    auto const code = parse_code(std::to_string(from.get("code").integer().value_or(0)));
    task->failure = Failure{code.value_or(Code::internal), from.text("message")};
  }
  task->idempotency_key = record.text("idempotencyKey");
  task->created = wall_time(record, "created");
  task->updated = wall_time(record, "updated");
  task->bytes = bytes_of(*task);
  return TaskPtr(std::move(task));
}

}  // namespace aw::a2a
