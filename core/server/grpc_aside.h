// SPDX-License-Identifier: Apache-2.0
// gRPC on the server's side of the wire: a request's message out of its body, and gRPC's own
// services, health and reflection.
//
// On the connection's loop. Nothing here reaches a task or a backend.
#pragma once

#include <functional>
#include <string>

#include "core/a2a/router.h"
#include "core/http/held_bodies.h"
#include "core/http/server.h"

namespace aw::server {

// The one message of a unary or server-streaming call, read to its end. Code::request_malformed for
// none, half of one, or more than one; Code::too_large; Code::overloaded when
// `held` has no room for it; what the reader says. `share` is its caller's.
[[nodiscard]] io::Task<Result<std::string>> read_grpc_message(http::BodyReader& body,
                                                              std::size_t max_message,
                                                              http::HeldBodies& held,
                                                              http::HeldBodies::Share* share);

// Borrowed for the call. `body` is null except for reflection, which reads several messages.
struct AsideCall {
  a2a::GrpcAside const& asked;
  http::Request& request;  // its body is the message, except in a conversation
  http::BodyReader* body;  // of a conversation
  http::ResponseWriter& writer;
  std::function<bool()> const& ready;  // empty = yes
};
// Answers it whole. A watch ends when the agent stops being ready, when the caller leaves, and
// after an hour at the latest.
[[nodiscard]] io::Task<void> serve_grpc_aside(AsideCall call);

}  // namespace aw::server
