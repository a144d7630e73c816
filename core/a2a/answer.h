// SPDX-License-Identifier: Apache-2.0
// What an operation answers, as bytes: whole responses and stream events in the caller's shape.
// Pure; any thread.
#pragma once

#include <string>

#include "core/a2a/codec.h"
#include "core/a2a/operation.h"
#include "core/a2a/task_engine.h"
#include "core/http/message.h"

namespace aw::a2a {

// A send's answer: {task} in 1.0, the bare task in 0.3 and plain.
[[nodiscard]] http::Response sent_response(Shape const& shape, Event const& event,
                                           TaskDetail detail, int status);
// A task by itself: get, cancel.
[[nodiscard]] http::Response task_response(Shape const& shape, Task const& task, TaskDetail detail);
[[nodiscard]] http::Response list_response(Shape const& shape, Page const& page,
                                           ListParams const& query, TaskDetail detail);
[[nodiscard]] http::Response authorized_response(Caller const& caller, std::string_view action);
[[nodiscard]] http::Response card_response(Shape const& shape, std::string_view card_json);

// One server-sent event with its blank line.
[[nodiscard]] std::string stream_event(Shape const& shape, Event const& event, TaskDetail detail);
[[nodiscard]] std::string stream_error(Shape const& shape, std::string_view what);
[[nodiscard]] http::Headers stream_headers();

}  // namespace aw::a2a
