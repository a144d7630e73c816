// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task.h"

#include <algorithm>
#include <array>

namespace aw::a2a {
namespace {

struct StateNames {
  TaskState state;
  std::string_view v1;
  std::string_view v03;
  std::string_view plain;
};

// The plain vocabulary: the earlier implementation's five, and A2A's other three under their own
// names.
constexpr std::array kStates = {
    StateNames{TaskState::submitted, "TASK_STATE_SUBMITTED", "submitted", "pending"},
    StateNames{TaskState::working, "TASK_STATE_WORKING", "working", "running"},
    StateNames{TaskState::input_required, "TASK_STATE_INPUT_REQUIRED", "input-required",
               "input_required"},
    StateNames{TaskState::auth_required, "TASK_STATE_AUTH_REQUIRED", "auth-required",
               "auth_required"},
    StateNames{TaskState::completed, "TASK_STATE_COMPLETED", "completed", "completed"},
    StateNames{TaskState::failed, "TASK_STATE_FAILED", "failed", "failed"},
    StateNames{TaskState::canceled, "TASK_STATE_CANCELED", "canceled", "cancelled"},
    StateNames{TaskState::rejected, "TASK_STATE_REJECTED", "rejected", "rejected"},
};

StateNames const& names_of(TaskState state) { return kStates[static_cast<std::size_t>(state)]; }

std::size_t size_of(std::vector<PartPtr> const& parts) {
  std::size_t sum = 0;
  for (auto const& part : parts)
    sum += sizeof(Part) + part->value.size() + part->filename.size() + part->metadata.size();
  return sum;
}

}  // namespace

bool is_terminal(TaskState state) {
  return state == TaskState::completed || state == TaskState::failed ||
         state == TaskState::canceled || state == TaskState::rejected;
}

bool is_interrupted(TaskState state) {
  return state == TaskState::input_required || state == TaskState::auth_required;
}

bool may_move(TaskState from, TaskState to) {
  // Terminal states are immutable; nothing goes back to submitted.
  return !is_terminal(from) && to != TaskState::submitted;
}

std::string_view state_name_v1(TaskState state) { return names_of(state).v1; }
std::string_view state_name_v03(TaskState state) { return names_of(state).v03; }
std::string_view state_name_plain(TaskState state) { return names_of(state).plain; }

std::optional<TaskState> parse_state(std::string_view name) {
  if (name == "TASK_STATE_CANCELLED") return TaskState::canceled;  // the 0.3 proto
  for (auto const& row : kStates)
    if (name == row.v1 || name == row.v03 || name == row.plain) return row.state;
  return std::nullopt;
}

PartPtr text_part(std::string text) {
  return std::make_shared<const Part>(Part{.kind = PartKind::text, .value = std::move(text)});
}
PartPtr data_part(std::string json) {
  return std::make_shared<const Part>(Part{.kind = PartKind::data, .value = std::move(json)});
}

std::size_t size_of(Message const& message) {
  return sizeof(Message) + message.id.size() + message.metadata.size() + size_of(message.parts);
}
std::size_t size_of(Artifact const& artifact) {
  return sizeof(Artifact) + artifact.id.size() + artifact.name.size() + artifact.metadata.size() +
         size_of(artifact.parts);
}

namespace {

Result<void> check_move(TaskState from, TaskState to) {
  if (may_move(from, to)) return {};
  return make_error(is_terminal(from) ? Code::task_terminal : Code::request_malformed,
                    "cannot transition from '" + std::string(state_name_plain(from)) + "' to '" +
                        std::string(state_name_plain(to)) + "'");
}

Result<void> check_growing(Task const& task) {
  if (!is_terminal(task.status.state)) return {};
  return make_error(Code::task_terminal, "the task has ended: no artifact can be added");
}

}  // namespace

Result<void> move_status(Task& task, TaskStatus status) {
  AW_TRY(check_move(task.status.state, status.state));
  // A status message becomes history when the next status takes its place.
  if (task.status.message) task.history.push_back(task.status.message);
  if (status.message) task.bytes += size_of(*status.message);
  task.updated = status.timestamp;
  task.status = std::move(status);
  return {};
}

Result<void> put_artifact(Task& task, ArtifactPtr artifact, Chunk chunk, WallTime now) {
  AW_TRY(check_growing(task));
  task.updated = now;
  task.bytes += size_of(*artifact);
  auto const found = std::ranges::find_if(
      task.artifacts, [&artifact](ArtifactPtr const& held) { return held->id == artifact->id; });
  if (found == task.artifacts.end()) {
    task.artifacts.push_back(std::move(artifact));
  } else if (chunk == Chunk::replace) {
    task.bytes -= std::min(task.bytes, size_of(**found));
    *found = std::move(artifact);
  } else {
    auto merged = std::make_shared<Artifact>(**found);
    merged->parts.insert(merged->parts.end(), artifact->parts.begin(), artifact->parts.end());
    if (!artifact->metadata.empty()) merged->metadata = artifact->metadata;
    *found = std::move(merged);
  }
  return {};
}

Result<TaskPtr> with_status(Task const& task, TaskStatus status) {
  AW_TRY(check_move(task.status.state, status.state));
  auto next = std::make_shared<Task>(task);
  AW_TRY(move_status(*next, std::move(status)));
  return TaskPtr(std::move(next));
}

Result<TaskPtr> with_artifact(Task const& task, ArtifactPtr artifact, Chunk chunk, WallTime now) {
  AW_TRY(check_growing(task));
  auto next = std::make_shared<Task>(task);
  AW_TRY(put_artifact(*next, std::move(artifact), chunk, now));
  return TaskPtr(std::move(next));
}

}  // namespace aw::a2a
