// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/answer.h"

#include "core/a2a/grpc_answer.h"
#include "core/a2a/grpc_frame.h"
#include "core/a2a/push_config.h"
#include "core/a2a/refusal.h"
#include "core/base/text.h"
#include "core/http/sse.h"

namespace aw::a2a {
namespace {

// The caller learns which of the extensions it asked for are active.
void echo_extensions(Shape const& shape, http::Headers& headers) {
  if (!shape.extensions.empty()) headers.add("a2a-extensions", text::join(shape.extensions, ","));
}

// `message`: what the body is called in gRPC.
http::Response respond(Shape const& shape, int status, std::string body, std::string_view message) {
  if (shape.binding == Binding::grpc) {
    auto answer = grpc_message(shape.dialect, message, body);
    echo_extensions(shape, answer.headers);
    return answer;
  }
  http::Response response;
  response.status = status;
  bool const a2a = shape.binding == Binding::http_json && shape.media == Media::a2a_json;
  response.headers.add("content-type", a2a ? "application/a2a+json" : "application/json");
  response.headers.add("cache-control", "no-store");
  echo_extensions(shape, response.headers);
  response.body = std::move(body);
  return response;
}

// `write` puts one JSON value; JSON-RPC wraps it in its envelope.
template <class Write>
std::string enveloped(Shape const& shape, Write const& write) {
  std::string body;
  body.reserve(1024);
  json::Writer out(body);
  if (shape.binding == Binding::json_rpc) {
    out.begin_object().member("jsonrpc", "2.0").key("id").raw(shape.rpc_id).key("result");
    write(out);
    out.end_object();
  } else {
    write(out);
  }
  return body;
}

PlainForm plain_form(Shape const& shape) {
  if (shape.plain == PlainShape::documented) return PlainForm::documented;
  return shape.binding == Binding::json_rpc ? PlainForm::earlier : PlainForm::faq;
}

void write_any_task(json::Writer& out, Shape const& shape, Task const& task, TaskDetail detail) {
  if (shape.plain == PlainShape::documented) {
    out.begin_object().key("task");
    write_plain_task(out, task, PlainForm::documented);
    out.end_object();
  } else if (shape.dialect == Dialect::plain) {
    write_plain_task(out, task, plain_form(shape));
  } else {
    write_task(out, task, spelling_of(shape), detail);
  }
}

// A message instead of a task, for those who only know tasks: its text is the result.
void write_plain_message(json::Writer& out, Message const& message) {
  out.begin_object().member("id", message.id);
  out.key("status").begin_object().member("state", "completed").end_object();
  std::string words;
  for (auto const& part : message.parts)
    if (part->kind == PartKind::text) words += part->value;
  out.member("state", "completed").member("result", words);
  out.member("context_id", message.context_id).end_object();
}

struct PlainEvent {
  std::string_view name;
  std::string data;
};

// The documented stream: what changed, not the whole task.
PlainEvent state_change(Task const& task) {
  PlainEvent out{.name = "state_change", .data = {}};
  json::Writer writer(out.data);
  writer.begin_object().member("task_id", task.id);
  writer.member("state", state_name_v03(task.status.state));
  writer.member("progress", std::int64_t{is_terminal(task.status.state) ? 1 : 0}).end_object();
  return out;
}

PlainEvent plain_event(Shape const& shape, Event const& event) {
  if (shape.plain == PlainShape::documented) {
    if (auto const* update = std::get_if<StatusUpdate>(&event)) return state_change(*update->task);
    if (auto const* task = std::get_if<TaskPtr>(&event)) return state_change(**task);
  }
  PlainEvent out;
  json::Writer writer(out.data);
  if (auto const* message = std::get_if<MessagePtr>(&event)) {
    out.name = "task_complete";
    write_plain_message(writer, **message);
  } else if (auto const* artifact = std::get_if<ArtifactUpdate>(&event)) {
    out.name = "artifact";
    writer.begin_object().member("task_id", artifact->task->id).key("artifact");
    std::string one;
    json::Writer inner(one);
    write_artifact_json(inner, *artifact->artifact);
    writer.raw(one);
    writer.key("append").boolean(artifact->chunk == Chunk::append);
    writer.key("last").boolean(artifact->last == Last::yes).end_object();
  } else {
    auto const* update = std::get_if<StatusUpdate>(&event);
    Task const& task = update != nullptr ? *update->task : *std::get<TaskPtr>(event);
    out.name = is_terminal(task.status.state) ? "task_complete" : "task_update";
    write_plain_task(writer, task, plain_form(shape));
  }
  return out;
}

}  // namespace

http::Response sent_response(Shape const& shape, Event const& event, TaskDetail detail,
                             int status) {
  return respond(shape, status,
                 enveloped(shape,
                           [&](json::Writer& out) {
                             if (shape.dialect != Dialect::plain) {
                               write_event(out, event, spelling_of(shape), detail);
                             } else if (auto const* message = std::get_if<MessagePtr>(&event)) {
                               write_plain_message(out, **message);
                             } else {
                               write_plain_task(out, *std::get<TaskPtr>(event), plain_form(shape));
                             }
                           }),
                 "SendMessageResponse");
}

http::Response task_response(Shape const& shape, Task const& task, TaskDetail detail) {
  return respond(
      shape, 200,
      enveloped(shape, [&](json::Writer& out) { write_any_task(out, shape, task, detail); }),
      "Task");
}

http::Response list_response(Shape const& shape, Page const& page, ListParams const& query,
                             TaskDetail detail) {
  bool const plain = shape.dialect == Dialect::plain;
  return respond(shape, 200,
                 enveloped(shape,
                           [&](json::Writer& out) {
                             out.begin_object().key("tasks").begin_array();
                             for (auto const& task : page.tasks)
                               write_any_task(out, shape, *task, detail);
                             out.end_array();
                             out.member(plain ? "next_page_token" : "nextPageToken",
                                        page.next_token);
                             out.member(plain ? "page_size" : "pageSize",
                                        static_cast<std::int64_t>(query.page_size));
                             out.member(plain ? "total_size" : "totalSize",
                                        static_cast<std::int64_t>(page.total));
                             out.end_object();
                           }),
                 "ListTasksResponse");
}

http::Response push_response(Shape const& shape, Webhook const& config) {
  return respond(
      shape, 200,
      enveloped(shape,
                [&](json::Writer& out) { write_push_config(out, config, spelling_of(shape)); }),
      "TaskPushNotificationConfig");
}

http::Response push_list_response(Shape const& shape, std::span<const Webhook> configs) {
  auto const spelling = spelling_of(shape);
  bool const bare = spelling == Spelling::v03;
  return respond(shape, 200,
                 enveloped(shape,
                           [&](json::Writer& out) {
                             if (!bare) out.begin_object().key("configs");
                             out.begin_array();
                             for (auto const& config : configs)
                               write_push_config(out, config, spelling);
                             out.end_array();
                             if (!bare) out.member("nextPageToken", "").end_object();
                           }),
                 shape.dialect == Dialect::v0_3 ? "ListTaskPushNotificationConfigResponse"
                                                : "ListTaskPushNotificationConfigsResponse");
}

http::Response empty_response(Shape const& shape) {
  return respond(shape, 200,
                 enveloped(shape,
                           [&](json::Writer& out) {
                             if (spelling_of(shape) == Spelling::v03) {
                               out.null();
                             } else {
                               out.begin_object().end_object();
                             }
                           }),
                 "Empty");
}

http::Response authorized_response(Caller const& caller, std::string_view action) {
  std::string body;
  json::Writer out(body);
  out.begin_object().key("allowed").boolean(true);
  out.member("action", action).member("caller_spiffe_id", caller.id);
  out.member("decision_id", caller.decision_id).end_object();
  return respond({}, 200, std::move(body), {});
}

http::Response card_response(Shape const& shape, std::string_view card_json) {
  return respond(shape, 200, enveloped(shape, [&](json::Writer& out) { out.raw(card_json); }),
                 "AgentCard");
}

Result<std::string> stream_event(Shape const& shape, Event const& event, TaskDetail detail) {
  std::string out;
  if (shape.dialect == Dialect::plain) {
    auto plain = plain_event(shape, event);
    http::append_sse(
        out, http::SseEvent{.data = std::move(plain.data), .event = std::string(plain.name)});
    return out;
  }
  auto const json = enveloped(
      shape, [&](json::Writer& writer) { write_event(writer, event, spelling_of(shape), detail); });
  if (shape.binding == Binding::grpc) {
    AW_TRY(auto const bytes, grpc_from_json(grpc_type(shape.dialect, "StreamResponse"), json));
    append_grpc_frame(out, bytes);
  } else {
    http::append_sse(out, json);
  }
  return out;
}

std::string stream_error(Shape const& shape, ProtocolError error, std::string_view what) {
  std::string out;
  if (shape.binding == Binding::grpc) return out;
  auto body = protocol_error_body(shape, error, what);
  if (shape.dialect == Dialect::plain) {
    http::append_sse(out, http::SseEvent{.data = std::move(body), .event = "error"});
  } else {
    http::append_sse(out, body);
  }
  return out;
}

std::string_view stream_heartbeat(Shape const& shape) {
  return shape.binding == Binding::grpc ? std::string_view() : http::kSseHeartbeat;
}

http::Headers stream_headers(Shape const& shape) {
  http::Headers headers = shape.binding == Binding::grpc
                              ? grpc_headers()
                              : http::Headers{{"content-type", http::kSseContentType},
                                              {"cache-control", "no-store"},
                                              {"x-accel-buffering", "no"}};
  echo_extensions(shape, headers);
  return headers;
}

http::Headers stream_trailers(Shape const& shape) {
  return shape.binding == Binding::grpc ? grpc_ok_trailers() : http::Headers();
}

http::Headers stream_trailers(Shape const& shape, ProtocolError error, std::string_view what) {
  return shape.binding == Binding::grpc ? error_trailers(error, what) : http::Headers();
}

}  // namespace aw::a2a
