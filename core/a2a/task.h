// SPDX-License-Identifier: Apache-2.0
// A task and what happens to it: values, and the pure rules of how its state may change.
//
// Values are immutable once shared (`TaskPtr`); a change makes a new one that shares the unchanged
// parts. Any thread. No I/O. JSON that is only carried (data parts, metadata, payload, result)
// stays text. A2A §states, §messages, §artifacts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::a2a {

// A2A §states. The order is the protocol's; nothing depends on it.
enum class TaskState : std::uint8_t {
  submitted,
  working,
  input_required,
  auth_required,
  completed,
  failed,
  canceled,
  rejected,
};

[[nodiscard]] bool is_terminal(TaskState state);     // never changes again
[[nodiscard]] bool is_interrupted(TaskState state);  // waits for the caller
[[nodiscard]] bool may_move(TaskState from, TaskState to);

// The three vocabularies: 1.0 "TASK_STATE_WORKING", 0.3 "working", plain "running".
[[nodiscard]] std::string_view state_name_v1(TaskState state);
[[nodiscard]] std::string_view state_name_v03(TaskState state);
[[nodiscard]] std::string_view state_name_plain(TaskState state);
[[nodiscard]] std::optional<TaskState> parse_state(std::string_view name);  // any of the three

// A piece of content. Several tasks and events share one, unchanged (`PartPtr`).
enum class PartKind : std::uint8_t { text, raw, url, data };
struct Part {
  PartKind kind = PartKind::text;
  std::string value;  // the text; base64; the URL; JSON text
  std::string filename;
  std::string media_type;
  std::string metadata;  // JSON object text, empty = none
};
using PartPtr = std::shared_ptr<const Part>;
[[nodiscard]] PartPtr text_part(std::string text);
[[nodiscard]] PartPtr data_part(std::string json);

// One turn of the conversation, by the caller (user) or by this agent. `metadata` is JSON text, as
// in Part; the ids are the caller's words, bounded when they were read.
enum class Role : std::uint8_t { user, agent };
struct Message {
  std::string id;
  Role role = Role::user;
  std::vector<PartPtr> parts;
  std::string task_id;
  std::string context_id;
  std::vector<std::string> reference_task_ids;
  std::vector<std::string> extensions;
  std::string metadata;
};
using MessagePtr = std::shared_ptr<const Message>;

// What a task brought forth; chunks of one are merged under its id.
struct Artifact {
  std::string id;
  std::string name;
  std::string description;
  std::vector<PartPtr> parts;
  std::vector<std::string> extensions;
  std::string metadata;
};
using ArtifactPtr = std::shared_ptr<const Artifact>;

// The artifact that holds what a backend returned as its result.
inline constexpr std::string_view kResultArtifact = "result";

// When and why the state is what it is.
struct TaskStatus {
  TaskState state = TaskState::submitted;
  MessagePtr message;  // null = none
  WallTime timestamp;
};

// Why a task failed, for its owner.
struct Failure {
  Code code = Code::backend_failed;
  std::string message;  // the owner sees it: no internals
};

// Everything known of one task. Made by TaskEngine, kept by a TaskStore, written by the codecs.
struct Task {
  std::string id;          // ours: time-ordered
  std::string context_id;  // the caller's, or ours
  std::string owner;       // SPIFFE ID (and tenant, scope_of); only this caller sees the task
  std::string capability;
  TaskStatus status;
  std::vector<MessagePtr> history;             // every message, in order
  std::vector<ArtifactPtr> artifacts;          // merged, in order of first appearance
  std::shared_ptr<const std::string> payload;  // JSON the backend got, never null in a made task
  std::shared_ptr<const std::string> result;   // JSON, null until there is one
  std::optional<Failure> failure;
  std::string metadata;
  std::string idempotency_key;
  WallTime created;
  WallTime updated;
  std::size_t bytes = 0;  // roughly what it holds in memory, for the limits
};
using TaskPtr = std::shared_ptr<const Task>;

// How an artifact update joins what is there, and whether more will follow.
enum class Chunk : std::uint8_t { replace, append };
enum class Last : std::uint8_t { no, yes };

// Events carry the task too, so that a late subscriber or a webhook needs no look-up.
struct StatusUpdate {
  TaskPtr task;  // as it is after the update
};
struct ArtifactUpdate {
  TaskPtr task;
  ArtifactPtr artifact;  // only what this update brought
  Chunk chunk = Chunk::replace;
  Last last = Last::yes;
};
// What a subscriber gets. `TaskPtr` is the snapshot that opens a stream; a bare message answers
// without a task.
using Event = std::variant<TaskPtr, MessagePtr, StatusUpdate, ArtifactUpdate>;
using EventPtr = std::shared_ptr<const Event>;

// A task that nobody shares yet, changed in place. The error says why it may not happen:
// Code::task_terminal for a terminal task, Code::request_malformed for another impossible move.
[[nodiscard]] Result<void> move_status(Task& task, TaskStatus status);
[[nodiscard]] Result<void> put_artifact(Task& task, ArtifactPtr artifact, Chunk chunk,
                                        WallTime now);
// The same for shared ones: both return the task after the change.
[[nodiscard]] Result<TaskPtr> with_status(Task const& task, TaskStatus status);
[[nodiscard]] Result<TaskPtr> with_artifact(Task const& task, ArtifactPtr artifact, Chunk chunk,
                                            WallTime now);
// Bytes held in memory, roughly, for Task::bytes.
[[nodiscard]] std::size_t size_of(Message const& message);
[[nodiscard]] std::size_t size_of(Artifact const& artifact);

}  // namespace aw::a2a
