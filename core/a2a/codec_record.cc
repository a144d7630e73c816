// SPDX-License-Identifier: Apache-2.0
// Tasks as the store keeps them: the 1.0 task object, and beside it what the protocol does not
// show.
#include <algorithm>

#include "core/a2a/codec.h"
#include "core/a2a/task_key.h"

namespace aw::a2a {
namespace {

Error damaged(std::string_view what) {
  return make_error(Code::state_unusable, "stored task: " + std::string(what));
}

std::int64_t nanoseconds(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall_time(JsonObject const& from, std::string_view name) {
  return WallTime(std::chrono::nanoseconds(from.get(name).integer().value_or(0)));
}

void write_time(json::Writer& out, json::Name name, WallTime time) {
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

// Payload and result are mostly a part's own text, and are kept once: the record names the part.
std::optional<std::size_t> part_that_is(std::vector<PartPtr> const& parts,
                                        std::shared_ptr<const std::string> const& text) {
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (&parts[i]->value == text.get()) return i;
  return std::nullopt;
}

Artifact const* result_artifact(Task const& task) {
  for (auto const& artifact : task.artifacts)
    if (artifact->id == kResultArtifact) return artifact.get();
  return nullptr;
}

// The text of the part that `index` names; null when there is none.
std::shared_ptr<const std::string> text_of(std::vector<PartPtr> const& parts, JsonView index) {
  auto const at = index.integer();
  if (!at || *at < 0 || static_cast<std::size_t>(*at) >= parts.size()) return nullptr;
  auto const& part = parts[static_cast<std::size_t>(*at)];
  if (part->kind != PartKind::data) return nullptr;
  return {part, &part->value};
}

void write_payload(json::Writer& out, Task const& task) {
  auto const part =
      task.history.empty() ? std::nullopt : part_that_is(task.history.front()->parts, task.payload);
  if (part) {
    out.member("payloadPart", static_cast<std::int64_t>(*part));
  } else {
    out.key("payload").raw(task.payload->empty() ? "null" : std::string_view(*task.payload));
  }
}

void write_result(json::Writer& out, Task const& task) {
  if (!task.result) return;
  auto const* const artifact = result_artifact(task);
  auto const part = artifact == nullptr ? std::nullopt : part_that_is(artifact->parts, task.result);
  if (part) {
    out.member("resultPart", static_cast<std::int64_t>(*part));
  } else {
    out.key("result").raw(*task.result);
  }
}

Result<void> read_payload(JsonObject const& record, Task& task) {
  if (auto const part = record.get("payloadPart"); part.present()) {
    if (!task.history.empty()) task.payload = text_of(task.history.front()->parts, part);
    if (!task.payload) return damaged("no such part for its payload");
  } else {
    task.payload = std::make_shared<const std::string>(record.get("payload").raw());
  }
  return {};
}

Result<void> read_result(JsonObject const& record, Task& task) {
  if (auto const part = record.get("resultPart"); part.present()) {
    auto const* const artifact = result_artifact(task);
    if (artifact != nullptr) task.result = text_of(artifact->parts, part);
    if (!task.result) return damaged("no such part for its result");
  } else if (auto const result = record.get("result"); !result.is(JsonView::Kind::none)) {
    task.result = std::make_shared<const std::string>(result.raw());
  }
  return {};
}

// How many messages both begin with: a task's later states share what was said before.
std::size_t common_history(Task const& before, Task const& task) {
  auto const differ = std::ranges::mismatch(before.history, task.history);
  return static_cast<std::size_t>(differ.in1 - before.history.begin());
}

void write_record(json::Writer& out, Task const& task, std::size_t known) {
  out.begin_object().key("task");
  write_task(out, task, Spelling::v1,
             {.history_length = static_cast<std::uint32_t>(task.history.size() - known)});
  out.member("owner", task.owner).member("capability", task.capability);
  if (known == 0) {
    write_payload(out, task);
  } else {
    out.member("historyFrom", static_cast<std::int64_t>(known));
  }
  write_result(out, task);
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
}

// What the record does not repeat is the earlier state's.
Result<void> take_known(JsonObject const& record, TaskPtr const& before, Task& task) {
  if (!before) return damaged("a change of an unknown task");
  auto const known = record.get("historyFrom").integer().value_or(-1);
  if (known < 1 || static_cast<std::size_t>(known) > before->history.size())
    return damaged("a change that begins beyond its history");
  auto history = std::vector(before->history.begin(), before->history.begin() + known);
  history.insert(history.end(), task.history.begin(), task.history.end());
  task.history = std::move(history);
  task.payload = before->payload;
  return {};
}

std::size_t bytes_of(Task const& task) {
  std::size_t sum = sizeof(Task) + task.payload->size() + task.metadata.size();
  for (auto const& message : task.history) sum += size_of(*message);
  for (auto const& artifact : task.artifacts) sum += size_of(*artifact);
  if (task.result) sum += task.result->size();
  return sum;
}

// Without `before` the record is whole.
Result<TaskPtr> read_record(std::string_view text, EarlierState const& before) {
  // Around what may be 128 deep (a result) the record has seven more.
  AW_TRY(check_json(text, {.bytes = 1U << 30, .depth = 160}));
  JsonObject const record{JsonView(text)};
  JsonObject const shown(record.get("task"));
  auto task = std::make_shared<Task>();
  task->id = shown.text("id");
  task->context_id = shown.text("contextId");
  task->owner = record.text("owner");
  task->capability = record.text("capability");
  if (task->id.empty() || task->owner.empty()) return damaged("no id or no owner");
  if (!TaskKey::of(task->id)) return damaged("an id that is none of ours");
  AW_TRY(task->status, read_status(shown.get("status"), wall_time(record, "changed")));
  AW_TRY(task->history, read_messages(shown.get("history")));
  AW_TRY(task->artifacts, read_artifacts(shown.get("artifacts")));
  task->metadata = std::string(shown.get("metadata").raw());
  if (before) {
    AW_TRY(take_known(record, before(task->id), *task));
  } else {
    AW_TRY(read_payload(record, *task));
  }
  AW_TRY(read_result(record, *task));
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

}  // namespace

std::string task_record(Task const& task) {
  std::string text;
  text.reserve(1024 + task.bytes);  // a guess that spares growing
  append_task_record(text, task);
  return text;
}

void append_task_record(std::string& out, Task const& task) {
  json::Writer writer(out);
  write_record(writer, task, 0);
}

bool append_task_change(std::string& out, Task const& before, Task const& task) {
  auto const known = common_history(before, task);
  if (known == 0 || before.payload != task.payload) return false;
  json::Writer writer(out);
  write_record(writer, task, known);
  return true;
}

Result<TaskPtr> parse_task_record(std::string_view text) { return read_record(text, nullptr); }

Result<TaskPtr> parse_task_change(std::string_view text, EarlierState const& before) {
  return read_record(text, before);
}

}  // namespace aw::a2a
