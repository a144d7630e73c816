// SPDX-License-Identifier: Apache-2.0
// The client's side of the protocol, as bytes: requests to somebody's A2A server and what it says
// back, in JSON-RPC and HTTP+JSON, 1.0 and 0.3 (client_grpc.h: gRPC).
//
// Pure; any thread. What comes back is foreign: every shape is expected, and nothing is believed
// that was not parsed. Errors: Code::protocol (no A2A answer), Code::unsupported_operation (this
// version has no such call), and whatever code the other side's error means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/a2a/json_view.h"
#include "core/a2a/operation.h"
#include "core/a2a/remote_card.h"
#include "core/a2a/task.h"
#include "core/http/message.h"

namespace aw::a2a {

// What is asked of the other side. `kind` says which members count; authorize_only is none of it.
struct Ask {
  Kind kind = Kind::send;
  std::string task_id;  // get, cancel, subscribe
  MessagePtr message;   // send, stream
  Wait wait = Wait::until_done;
  std::optional<std::uint32_t> history_length;
  ListParams list;
};

// An event of a stream: a task's state changed.
struct RemoteStatus {
  std::string task_id;
  std::string context_id;
  TaskStatus status;
};
// A piece of what a task brings forth.
struct RemoteArtifact {
  std::string task_id;
  std::string context_id;
  Artifact artifact;
  Chunk chunk = Chunk::replace;
  Last last = Last::no;
};
// A stream's event, and the whole answer to send.
using RemoteEvent = std::variant<TaskPtr, MessagePtr, RemoteStatus, RemoteArtifact>;

struct RemotePage {
  std::vector<TaskPtr> tasks;
  std::string next_token;  // empty = the last page
  std::int64_t total = 0;
};

// The request, its target below the interface's URL. gRPC's too.
[[nodiscard]] Result<http::Request> encode(Interface const& one, Ask const& ask);
// What is asked, as the JSON object that all bindings carry in their own way.
[[nodiscard]] std::string params_json(Interface const& one, Ask const& ask);

// The JSON a whole answer carries: JSON-RPC's `result`, or the REST body. An answer that is an
// error becomes that error.
[[nodiscard]] Result<JsonView> open_answer(Interface const& one, int status, std::string_view body);
// The same for one event of a stream.
[[nodiscard]] Result<RemoteEvent> read_event(Interface const& one, std::string_view data);

// Parts of an opened answer.
[[nodiscard]] Result<RemoteEvent> read_event_value(JsonView value, Dialect dialect);
[[nodiscard]] Result<TaskPtr> read_task_value(JsonView value, Dialect dialect);
[[nodiscard]] Result<RemotePage> read_page_value(JsonView value, Dialect dialect);

// The 1.0 spelling of what was read, for printing.
[[nodiscard]] std::string event_json(RemoteEvent const& event);
[[nodiscard]] std::string task_json(Task const& task);

// What the other side's error object means here: our own code when it says one (AW3001), A2A's
// reason or number, else the status.
[[nodiscard]] Error remote_error(int status, JsonView body);
[[nodiscard]] Code code_of_status(int status);
[[nodiscard]] std::optional<Code> code_of_reason(std::string_view reason);  // of an ErrorInfo

// Follows a task through the events of its stream.
// One stream's; values grow with what the other side sends, within kMostRemoteAnswer an event.
class TaskFollower {
 public:
  // Code::protocol when the event is about another task or no task was named yet.
  Result<void> take(RemoteEvent const& event);
  [[nodiscard]] TaskPtr const& task() const { return task_; }           // null before the first
  [[nodiscard]] MessagePtr const& message() const { return message_; }  // an answer without a task

 private:
  Result<void> begin(std::string const& id, std::string const& context_id);
  TaskPtr task_;
  MessagePtr message_;
};

}  // namespace aw::a2a
