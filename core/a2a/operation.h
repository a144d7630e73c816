// SPDX-License-Identifier: Apache-2.0
// A request after it was understood: what the caller wants, in which binding it asked, and every
// fact policy may look at. One type for all bindings and versions.
//
// A value; made by the router, completed by Service::resolve, executed by Service::execute.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/task.h"

namespace aw::a2a {

// A2A §operations, by what they do; one for all bindings.
enum class Kind : std::uint8_t {
  send,
  stream,
  get,
  cancel,
  subscribe,
  list,
  extended_card,
  push_create,
  push_get,
  push_list,
  push_delete,
  authorize_only,  // runs every gate and stops there: `agentweave ping`
};
enum class Binding : std::uint8_t {
  tasks,      // the FAQ's plain JSON at /a2a/v1/tasks
  json_rpc,   // POST /rpc
  http_json,  // A2A's REST paths, bare (1.0) and below /v1 (0.3)
  grpc,       // lf.a2a.v1 (1.0) and a2a.v1 (0.3) over HTTP/2
};
// How bodies are spelled. `plain`: the FAQ's task object, also of `task.send` on /rpc.
enum class Dialect : std::uint8_t { plain, v1_0, v0_3 };

[[nodiscard]] std::string_view kind_name(Kind kind);           // "send"
[[nodiscard]] std::string_view binding_name(Binding binding);  // "http", "jsonrpc", "rest", "grpc"
[[nodiscard]] std::string_view dialect_name(Dialect dialect);  // "faq", "1.0", "0.3"

// REST answers in the media type of the request. `events`: clients of 0.3's JSON-RPC streams take
// nothing but an event stream, errors too.
enum class Media : std::uint8_t { json, a2a_json, events };

// Plain answers as the FAQ has them (on /rpc as the earlier implementation gave them), or as that
// one documented them below /.well-known/a2a.
enum class PlainShape : std::uint8_t { usual, documented };

// 0.3 over REST comes in two spellings: below /v1 the ProtoJSON of its proto, on the bare paths
// (with A2A-Version: 0.3; the official Go client) the objects of its JSON-RPC. ProtoJSON lets
// members be written in two ways: who sends message_id is answered with context_id.
enum class RestSpelling : std::uint8_t { proto, proto_snake, json };

// Enough to answer in the caller's own shape, also when the request was refused before it was
// understood.
struct Shape {
  Binding binding = Binding::tasks;
  Dialect dialect = Dialect::plain;
  std::string rpc_id = "null";  // JSON text of the JSON-RPC id
  Media media = Media::json;
  PlainShape plain = PlainShape::usual;
  RestSpelling rest_spelling = RestSpelling::proto;
  std::vector<std::string> extensions;  // activated ones, echoed
};

// A webhook of a task (push_config.h reads and writes it).
struct Webhook {
  std::string id;  // ours when the caller gave none
  std::string task_id;
  std::string owner = {};  // the caller whose task it is; none writes or sees it
  std::string url;
  std::string token;   // X-A2A-Notification-Token
  std::string scheme;  // Authorization: {scheme} {credentials}; empty = none
  std::string credentials;
  Dialect dialect = Dialect::v1_0;  // decides what the webhook is sent
};

// a_while: 0.3 without a word on `blocking`, which it leaves to us. Quick work is answered done,
// what takes longer as it is; its clients say `blocking` when they mean to wait.
enum class Wait : std::uint8_t { until_done, a_while, no };

// Of send and stream. `message` is never null in an understood operation.
struct SendParams {
  MessagePtr message;   // plain requests get one made of their payload
  std::string payload;  // JSON for the backend
  Wait wait = Wait::until_done;
  std::string metadata;         // JSON object text or empty
  std::string idempotency_key;  // empty = none
  std::optional<Webhook> push;  // asks for push notifications
};

// A2A §ListTasks. The defaults are the protocol's.
struct ListParams {
  std::string context_id;
  std::optional<TaskState> state;
  std::size_t page_size = 50;
  std::string page_token;
  std::optional<WallTime> changed_after;
  bool include_artifacts = false;
};

// Members of other kinds are empty. Texts are bounded where they are read (params.h,
// push_config.h).
struct Operation {
  Kind kind = Kind::get;
  Shape shape;
  std::string
      method;  // as the caller named it: "SendMessage", "message/send", "POST /a2a/v1/tasks"
  // The policy *action*. Empty where the task decides (get, cancel, subscribe, follow-up messages):
  // Service::resolve fills it in before policy is asked.
  std::string capability;
  std::string skill;  // what the message named, empty = nothing
  std::string task_id;
  std::string context_id;
  std::string tenant;             // a caller's own partition of its tasks; empty = none
  std::string host;               // the address the caller used: cards name it
  std::size_t payload_bytes = 0;  // of the whole body
  std::string params;             // JSON object text: `params`, or the body of a plain request
  std::vector<std::string> part_types;  // of the message: "text", "data", …
  std::vector<std::size_t> part_sizes;  // of their values, as they came
  std::optional<std::uint32_t> history_length;
  std::optional<std::chrono::nanoseconds> timeout;  // grpc-timeout: what the caller will wait
  SteadyTime deadline = SteadyTime::max();          // `timeout` from when the request came
  SendParams send;                                  // send, stream
  ListParams list;                                  // list
  Webhook push;                                     // push_*: what is set, or its id and task_id

  [[nodiscard]] bool is_send() const { return kind == Kind::send || kind == Kind::stream; }
};

// Who asks, as the gates established it. `id` is the verified SPIFFE ID, never a header's.
struct Caller {
  std::string id;
  std::string decision_id;
  std::string xfcc;         // x-forwarded-client-cert for the backend, made from the verified chain
  std::string traceparent;  // W3C; empty = none
};

// Whose tasks an operation is about, as the engine knows owners: the caller, or the caller's
// tenant. A SPIFFE ID has no blank, so no two scopes meet.
[[nodiscard]] std::string scope_of(Operation const& operation, Caller const& caller);
[[nodiscard]] std::string_view caller_in(std::string_view scope);

}  // namespace aw::a2a
