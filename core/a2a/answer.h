// SPDX-License-Identifier: Apache-2.0
// What an operation answers, as bytes: whole responses and stream events in the caller's shape.
// Pure; any thread.
#pragma once

#include <span>
#include <string>

#include "core/a2a/codec.h"
#include "core/a2a/operation.h"
#include "core/a2a/refusal.h"
#include "core/a2a/task_engine.h"
#include "core/base/result.h"
#include "core/http/message.h"

namespace aw::a2a {

// A send's answer: {task} in 1.0, the bare task in 0.3 and plain.
[[nodiscard]] http::Response sent_response(Shape const& shape, Event const& event,
                                           TaskDetail detail, int status);
// A task by itself: get, cancel.
[[nodiscard]] http::Response task_response(Shape const& shape, Task const& task, TaskDetail detail);
[[nodiscard]] http::Response list_response(Shape const& shape, Page const& page,
                                           ListParams const& query, TaskDetail detail);
// The webhook with its token and credentials: for nobody but who set them.
[[nodiscard]] http::Response push_response(Shape const& shape, Webhook const& config);
// 0.3's JSON-RPC answers with the bare list.
[[nodiscard]] http::Response push_list_response(Shape const& shape,
                                                std::span<const Webhook> configs);
[[nodiscard]] http::Response empty_response(Shape const& shape);  // {}; null in 0.3's JSON-RPC
[[nodiscard]] http::Response authorized_response(Caller const& caller, std::string_view action);
[[nodiscard]] http::Response card_response(Shape const& shape, std::string_view card_json);

// One event of a stream: a server-sent event with its blank line, or a gRPC frame.
// Code::backend_answer_malformed for what a gRPC message cannot hold.
[[nodiscard]] Result<std::string> stream_event(Shape const& shape, Event const& event,
                                               TaskDetail detail);
// A stream that has begun and ends with an error: an event where there are events, else trailers.
// The stream is closed after it; status and head have left already.
[[nodiscard]] std::string stream_error(Shape const& shape, ProtocolError error,
                                       std::string_view what);
[[nodiscard]] http::Headers stream_headers(Shape const& shape);
[[nodiscard]] http::Headers stream_trailers(Shape const& shape);  // of one that ended well
[[nodiscard]] http::Headers stream_trailers(Shape const& shape, ProtocolError error,
                                            std::string_view what);
// What keeps an idle stream open; empty = nothing (HTTP/2 has its own pings).
[[nodiscard]] std::string_view stream_heartbeat(Shape const& shape);

}  // namespace aw::a2a
