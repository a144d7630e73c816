// SPDX-License-Identifier: Apache-2.0
// A stream of somebody else's events: server-sent events, gRPC messages, or one document.
#include <utility>

#include "core/a2a/client_grpc.h"
#include "core/a2a/remote.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

io::Task<Result<std::string>> read_body(http::ResponseStream& stream, SteadyTime deadline) {
  std::string body;
  while (true) {
    AW_CO_TRY(auto const piece, co_await stream.read(deadline));
    if (piece.empty()) co_return body;
    if (body.size() + piece.size() > kMostRemoteAnswer)
      co_return make_error(Code::too_large, "the agent's answer passes 64 MiB");
    body += piece;
  }
}

bool is_event_stream(http::ResponseStream const& answer) {
  auto const type = answer.headers().get("content-type").value_or(std::string_view());
  return text::lower(type).starts_with(http::kSseContentType);
}

using Next = Result<std::optional<RemoteEvent>>;

}  // namespace

RemoteStream::RemoteStream(Interface one, Kind kind, std::unique_ptr<http::ResponseStream> answer)
    : one_(std::move(one)),
      kind_(kind),
      answer_(std::move(answer)),
      decision_(decision_notes(answer_->headers())) {
  if (one_.transport == Transport::grpc) {
    form_ = Form::grpc;
  } else if (is_event_stream(*answer_)) {
    form_ = Form::events;
  }
}

io::Task<Result<void>> RemoteStream::begun(SteadyTime deadline) {
  if (form_ == Form::grpc) {
    // A refusal is there at once and is said at once; the status of other streams is their end.
    auto begins = check_grpc_head(answer_->status(), answer_->headers());
    if (begins.ok() && answer_->headers().has("grpc-status"))
      begins = grpc_outcome(answer_->status(), answer_->headers(), {});
    if (!begins.ok()) co_return with_notes(std::move(begins).error(), decision_);
    co_return Result<void>{};
  }
  int const status = answer_->status();
  if (status >= 200 && status <= 299) co_return Result<void>{};
  AW_CO_TRY(auto const body, co_await read_body(*answer_, deadline));
  auto opened = open_answer(one_, status, body);
  if (!opened.ok()) co_return with_notes(std::move(opened).error(), decision_);
  co_return make_error(Code::protocol, "the agent answered " + std::to_string(status));
}

// An agent that does not stream answers with one document: an error, or the whole task.
io::Task<Next> RemoteStream::whole(SteadyTime until) {
  ended_ = true;
  AW_CO_TRY(auto const body, co_await read_body(*answer_, until));
  auto value = open_answer(one_, answer_->status(), body);
  if (!value.ok()) co_return with_notes(std::move(value).error(), decision_);
  AW_CO_TRY(auto event, read_event_value(*value, one_.dialect));
  co_return std::optional<RemoteEvent>(std::move(event));
}

// What is here already; nullopt while an event is not whole.
Next RemoteStream::held() {
  if (form_ == Form::events) {
    auto const event = events_.next();
    if (!event) return std::optional<RemoteEvent>();
    AW_TRY(auto read, read_event(one_, event->data));
    return std::optional<RemoteEvent>(std::move(read));
  }
  AW_TRY(auto const message, frames_.next());
  if (!message) return std::optional<RemoteEvent>();
  AW_TRY(auto const json, grpc_answer_json(one_, kind_, *message));
  AW_TRY(auto read, read_event_value(JsonView(json), one_.dialect));
  return std::optional<RemoteEvent>(std::move(read));
}

Result<void> RemoteStream::feed(std::string_view piece) {
  if (form_ == Form::events) return events_.feed(piece);
  frames_.feed(piece);
  return {};
}

Result<void> RemoteStream::closed() {
  ended_ = true;
  if (form_ != Form::grpc) return {};
  AW_TRY(grpc_outcome(answer_->status(), answer_->headers(), answer_->trailers()));
  if (frames_.empty()) return {};
  return make_error(Code::protocol, "the agent's stream ended in the middle of a message");
}

io::Task<Next> RemoteStream::next(SteadyTime until) {
  if (form_ == Form::document && !ended_) co_return co_await whole(until);
  while (!ended_) {
    auto event = held();
    if (!event.ok()) co_return with_notes(std::move(event).error(), decision_);
    if (*event) co_return event;
    AW_CO_TRY(auto const piece, co_await answer_->read(until));
    auto taken = piece.empty() ? closed() : feed(piece);
    if (!taken.ok()) co_return with_notes(std::move(taken).error(), decision_);
  }
  co_return std::optional<RemoteEvent>();
}

}  // namespace aw::a2a
