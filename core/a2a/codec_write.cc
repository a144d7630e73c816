// SPDX-License-Identifier: Apache-2.0
// Messages, tasks, events -> JSON.
#include <array>

#include "core/a2a/codec.h"
#include "core/base/clock.h"

namespace aw::a2a {
namespace {

bool is_proto(Spelling spelling) {
  return spelling == Spelling::v03_proto || spelling == Spelling::v03_proto_snake;
}

// The 0.3 proto's fields whose JSON name is another.
struct ProtoName {
  json::Name json;
  json::Name field;
};
constexpr std::array kProtoNames = {
    ProtoName{"contextId", "context_id"},          ProtoName{"taskId", "task_id"},
    ProtoName{"messageId", "message_id"},          ProtoName{"artifactId", "artifact_id"},
    ProtoName{"statusUpdate", "status_update"},    ProtoName{"artifactUpdate", "artifact_update"},
    ProtoName{"lastChunk", "last_chunk"},          ProtoName{"mimeType", "mime_type"},
    ProtoName{"fileWithBytes", "file_with_bytes"}, ProtoName{"fileWithUri", "file_with_uri"}};

json::Name spelled(json::Name json_name, Spelling spelling) {
  if (spelling != Spelling::v03_proto_snake) return json_name;
  for (auto const& name : kProtoNames)
    if (name.json.text() == json_name.text()) return name.field;
  return json_name;
}

void optional_member(json::Writer& out, json::Name name, std::string_view value) {
  if (!value.empty()) out.member(name, value);
}
void optional_raw(json::Writer& out, json::Name name, std::string_view json) {
  if (!json.empty()) out.key(name).raw(json);
}
void optional_list(json::Writer& out, json::Name name, std::vector<std::string> const& values) {
  if (values.empty()) return;
  out.key(name).begin_array();
  for (auto const& value : values) out.string(value);
  out.end_array();
}

void write_part_v1(json::Writer& out, Part const& part) {
  switch (part.kind) {
    case PartKind::text:
      out.member("text", part.value);
      break;
    case PartKind::raw:
      out.member("raw", part.value);
      break;
    case PartKind::url:
      out.member("url", part.value);
      break;
    case PartKind::data:
      out.key("data").raw(part.value);
      break;
  }
  optional_member(out, "filename", part.filename);
  optional_member(out, "mediaType", part.media_type);
}

struct FileNames {
  json::Name bytes;
  json::Name uri;
};

void write_part_v03(json::Writer& out, Part const& part, Spelling spelling) {
  bool const proto = is_proto(spelling);
  if (!proto) {
    out.member("kind", part.kind == PartKind::text   ? "text"
                       : part.kind == PartKind::data ? "data"
                                                     : "file");
  }
  if (part.kind == PartKind::text) {
    out.member("text", part.value);
    return;
  }
  if (part.kind == PartKind::data) {
    // 0.3 data is an object; any other JSON value of 1.0 is wrapped.
    out.key("data");
    if (proto) out.begin_object().key("data");
    if (part.value.starts_with('{')) {
      out.raw(part.value);
    } else {
      out.begin_object().key("value").raw(part.value).end_object();
    }
    if (proto) out.end_object();
    return;
  }
  FileNames const names =
      proto ? FileNames{"fileWithBytes", "fileWithUri"} : FileNames{"bytes", "uri"};
  out.key("file").begin_object();
  out.member(spelled(part.kind == PartKind::raw ? names.bytes : names.uri, spelling), part.value);
  optional_member(out, spelled("mimeType", spelling), part.media_type);
  optional_member(out, "name", part.filename);
  out.end_object();
}

void write_parts(json::Writer& out, json::Name name, std::vector<PartPtr> const& parts,
                 Spelling spelling) {
  out.key(name).begin_array();
  for (auto const& part : parts) {
    out.begin_object();
    if (spelling == Spelling::v1) {
      write_part_v1(out, *part);
    } else {
      write_part_v03(out, *part, spelling);
    }
    optional_raw(out, "metadata", part->metadata);
    out.end_object();
  }
  out.end_array();
}

std::string_view role_name(Role role, Spelling spelling) {
  if (spelling == Spelling::v03) return role == Role::user ? "user" : "agent";
  return role == Role::user ? "ROLE_USER" : "ROLE_AGENT";
}

std::string_view state_name(TaskState state, Spelling spelling) {
  if (spelling == Spelling::v03) return state_name_v03(state);
  // The 0.3 proto spells it with two l.
  if (is_proto(spelling) && state == TaskState::canceled) return "TASK_STATE_CANCELLED";
  return state_name_v1(state);
}

void write_status(json::Writer& out, TaskStatus const& status, Spelling spelling) {
  out.key("status").begin_object();
  out.member("state", state_name(status.state, spelling));
  if (status.message) {
    out.key("message");
    write_message(out, *status.message, spelling);
  }
  out.member("timestamp", Rfc3339(status.timestamp).text());
  out.end_object();
}

void write_artifact(json::Writer& out, Artifact const& artifact, Spelling spelling) {
  out.begin_object();
  out.member(spelled("artifactId", spelling), artifact.id);
  optional_member(out, "name", artifact.name);
  optional_member(out, "description", artifact.description);
  write_parts(out, "parts", artifact.parts, spelling);
  optional_raw(out, "metadata", artifact.metadata);
  optional_list(out, "extensions", artifact.extensions);
  out.end_object();
}

void write_history(json::Writer& out, Task const& task, Spelling spelling, TaskDetail detail) {
  auto const size = task.history.size();
  auto const shown = std::min<std::size_t>(detail.history_length.value_or(UINT32_MAX), size);
  if (shown == 0) return;
  out.key("history").begin_array();
  for (auto i = size - shown; i < size; ++i) write_message(out, *task.history[i], spelling);
  out.end_array();
}

void write_status_update(json::Writer& out, StatusUpdate const& update, Spelling spelling) {
  Task const& task = *update.task;
  out.begin_object();
  if (spelling == Spelling::v03) out.member("kind", "status-update");
  out.member(spelled("taskId", spelling), task.id);
  out.member(spelled("contextId", spelling), task.context_id);
  write_status(out, task.status, spelling);
  auto const state = task.status.state;
  if (spelling != Spelling::v1)
    out.key("final").boolean(is_terminal(state) || is_interrupted(state));
  out.end_object();
}

void write_artifact_update(json::Writer& out, ArtifactUpdate const& update, Spelling spelling) {
  out.begin_object();
  if (spelling == Spelling::v03) out.member("kind", "artifact-update");
  out.member(spelled("taskId", spelling), update.task->id);
  out.member(spelled("contextId", spelling), update.task->context_id);
  out.key("artifact");
  write_artifact(out, *update.artifact, spelling);
  out.key("append").boolean(update.chunk == Chunk::append);
  out.key(spelled("lastChunk", spelling)).boolean(update.last == Last::yes);
  out.end_object();
}

struct EventWriter {
  json::Writer& out;
  Spelling spelling;
  TaskDetail detail;

  void open(json::Name name) const {
    if (spelling != Spelling::v03) out.begin_object().key(spelled(name, spelling));
  }
  void close() const {
    if (spelling != Spelling::v03) out.end_object();
  }
  void operator()(TaskPtr const& task) const {
    open("task");
    write_task(out, *task, spelling, detail);
    close();
  }
  void operator()(MessagePtr const& message) const {
    open("message");
    write_message(out, *message, spelling);
    close();
  }
  void operator()(StatusUpdate const& update) const {
    open("statusUpdate");
    write_status_update(out, update, spelling);
    close();
  }
  void operator()(ArtifactUpdate const& update) const {
    open("artifactUpdate");
    write_artifact_update(out, update, spelling);
    close();
  }
};

void write_plain_parts(json::Writer& out, Artifact const& artifact) {
  for (auto const& part : artifact.parts) {
    out.begin_object();
    bool const data = part->kind == PartKind::data;
    out.member("type", part->kind == PartKind::text ? "text" : data ? "data" : "file");
    out.key("data");
    if (data) {
      out.raw(part->value);
    } else {
      out.string(part->value);
    }
    out.key("metadata").begin_object().member("artifact_id", artifact.id);
    optional_member(out, "name", artifact.name);
    optional_member(out, "filename", part->filename);
    optional_member(out, "media_type", part->media_type);
    out.end_object().end_object();
  }
}

void write_plain_messages(json::Writer& out, Task const& task) {
  out.key("messages").begin_array();
  for (auto const& message : task.history) {
    out.begin_object().member("role", message->role == Role::user ? "user" : "assistant");
    out.key("parts").begin_array();
    for (auto const& part : message->parts) {
      bool const data = part->kind == PartKind::data;
      out.begin_object();
      out.member("type", part->kind == PartKind::text ? "text" : data ? "data" : "file");
      out.key("content");
      if (data) {
        out.raw(part->value);
      } else {
        out.string(part->value);
      }
      out.end_object();
    }
    out.end_array().end_object();
  }
  out.end_array();
}

void write_failure(json::Writer& out, Failure const& failure, PlainForm form) {
  if (form != PlainForm::faq) {
    out.string(failure.message);
    return;
  }
  out.begin_object().member("code", code_name(failure.code));
  out.member("reason", code_info(failure.code).id);
  out.member("message", failure.message).end_object();
}

std::string status_text(Task const& task) {
  std::string text;
  if (!task.status.message) return text;
  for (auto const& part : task.status.message->parts)
    if (part->kind == PartKind::text) text += part->value;
  return text;
}

}  // namespace

Spelling spelling_of(Shape const& shape) {
  if (shape.dialect != Dialect::v0_3) return Spelling::v1;
  if (shape.binding == Binding::grpc) return Spelling::v03_proto;
  if (shape.binding != Binding::http_json) return Spelling::v03;
  switch (shape.rest_spelling) {
    case RestSpelling::proto:
      return Spelling::v03_proto;
    case RestSpelling::proto_snake:
      return Spelling::v03_proto_snake;
    case RestSpelling::json:
      break;
  }
  return Spelling::v03;
}

void write_message(json::Writer& out, Message const& message, Spelling spelling) {
  out.begin_object();
  if (spelling == Spelling::v03) out.member("kind", "message");
  out.member(spelled("messageId", spelling), message.id);
  optional_member(out, spelled("contextId", spelling), message.context_id);
  optional_member(out, spelled("taskId", spelling), message.task_id);
  out.member("role", role_name(message.role, spelling));
  write_parts(out, is_proto(spelling) ? json::Name("content") : json::Name("parts"), message.parts,
              spelling);
  optional_raw(out, "metadata", message.metadata);
  optional_list(out, "extensions", message.extensions);
  if (!is_proto(spelling)) optional_list(out, "referenceTaskIds", message.reference_task_ids);
  out.end_object();
}

void write_task(json::Writer& out, Task const& task, Spelling spelling, TaskDetail detail) {
  out.begin_object();
  if (spelling == Spelling::v03) out.member("kind", "task");
  out.member("id", task.id);
  out.member(spelled("contextId", spelling), task.context_id);
  write_status(out, task.status, spelling);
  if (detail.artifacts == TaskDetail::Artifacts::shown && !task.artifacts.empty()) {
    out.key("artifacts").begin_array();
    for (auto const& artifact : task.artifacts) write_artifact(out, *artifact, spelling);
    out.end_array();
  }
  write_history(out, task, spelling, detail);
  optional_raw(out, "metadata", task.metadata);
  out.end_object();
}

void write_event(json::Writer& out, Event const& event, Spelling spelling, TaskDetail detail) {
  std::visit(EventWriter{out, spelling, detail}, event);
}

void write_artifact_json(json::Writer& out, Artifact const& artifact) {
  write_artifact(out, artifact, Spelling::v1);
}

std::string message_json(Message const& message) {
  std::string text;
  text.reserve(size_of(message) + 256);  // a guess that spares growing
  json::Writer out(text);
  write_message(out, message, Spelling::v1);
  return text;
}

void write_plain_task(json::Writer& out, Task const& task, PlainForm form) {
  auto const state = form == PlainForm::documented ? state_name_v03(task.status.state)
                                                   : state_name_plain(task.status.state);
  out.begin_object().member("id", task.id);
  out.key("status").begin_object().member("state", state);
  optional_member(out, "message", status_text(task));
  out.end_object();
  out.key("result");
  if (task.result) {
    out.raw(*task.result);
  } else {
    out.null();
  }
  out.member("type", task.capability).member("state", state);
  out.member("context_id", task.context_id);
  if (form != PlainForm::faq) {
    out.key("payload").raw(*task.payload);
    write_plain_messages(out, task);
  }
  out.key("artifacts").begin_array();
  for (auto const& artifact : task.artifacts)
    if (artifact->id != kResultArtifact) write_plain_parts(out, *artifact);
  out.end_array();
  out.key("error");
  if (task.failure) {
    write_failure(out, *task.failure, form);
  } else {
    out.null();
  }
  out.member("created_at", Rfc3339(task.created).text());
  out.member("updated_at", Rfc3339(task.updated).text());
  out.key("metadata").begin_object().member("caller_spiffe_id", caller_in(task.owner)).end_object();
  out.end_object();
}

}  // namespace aw::a2a
