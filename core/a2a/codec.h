// SPDX-License-Identifier: Apache-2.0
// Tasks, messages and events as JSON, in each spelling the field uses. Pure; any thread.
//
// In: lenient about spelling (camelCase and snake_case, `parts` or `content`, both enum styles), as
// clients of both versions mix them; strict about what is required. Out: exactly one spelling.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/a2a/json_view.h"
#include "core/a2a/operation.h"
#include "core/a2a/task.h"
#include "core/base/json.h"

namespace aw::a2a {

enum class Spelling : std::uint8_t {
  v1,               // 1.0, all bindings (ProtoJSON, no `kind`)
  v03,              // 0.3 JSON-RPC: `kind`, lower-case enums
  v03_proto,        // 0.3 REST and gRPC: ProtoJSON of the 0.3 proto (`content`, ROLE_USER)
  v03_proto_snake,  // the same with the proto's own names (`context_id`)
};
[[nodiscard]] Spelling spelling_of(Shape const& shape);  // of v1_0 and v0_3 shapes

// Code::request_malformed with a path: "message.parts must not be empty". The dialect decides where
// the same JSON means two things: {"data":{"data":{}}} is a wrapped object in 0.3's proto, and data
// with a member `data` in 1.0.
[[nodiscard]] Result<Message> parse_message(JsonView view, Dialect dialect);
[[nodiscard]] Result<Artifact> parse_artifact(JsonView view, Dialect dialect);

// How much of a task to show.
struct TaskDetail {
  std::optional<std::uint32_t> history_length;  // absent = all, 0 = none, n = the latest n
  enum class Artifacts : std::uint8_t { shown, hidden } artifacts = Artifacts::shown;
};

void write_message(json::Writer& out, Message const& message, Spelling spelling);
void write_task(json::Writer& out, Task const& task, Spelling spelling, TaskDetail detail);
// {"task":…} | {"message":…} | {"statusUpdate":…} | {"artifactUpdate":…}; with v03 the bare object.
void write_event(json::Writer& out, Event const& event, Spelling spelling, TaskDetail detail);
void write_artifact_json(json::Writer& out, Artifact const& artifact);  // v1
[[nodiscard]] std::string message_json(Message const& message);         // v1

// The FAQ's task object: S8's three members and those of the earlier implementation.
enum class PlainForm : std::uint8_t {
  faq,
  earlier,     // with `payload`, `messages`, and `error` as text
  documented,  // the same, with A2A's names of states
};
void write_plain_task(json::Writer& out, Task const& task, PlainForm form);

// A whole task for the store, and back. Reading checks everything again: the file may be damaged.
// Code::state_unusable.
[[nodiscard]] std::string task_record(Task const& task);
void append_task_record(std::string& out, Task const& task);
[[nodiscard]] Result<TaskPtr> parse_task_record(std::string_view text);
// What became of a task since `before`, without the messages and the payload both share. False, and
// nothing appended, when they share none: then only the whole says it.
[[nodiscard]] bool append_task_change(std::string& out, Task const& before, Task const& task);
// `before` gives the state it continues, by the task's id; null when there is none, an error.
using EarlierState = std::function<TaskPtr(std::string_view id)>;
[[nodiscard]] Result<TaskPtr> parse_task_change(std::string_view text, EarlierState const& before);

}  // namespace aw::a2a
