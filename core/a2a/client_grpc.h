// SPDX-License-Identifier: Apache-2.0
// gRPC from the caller's side, as bytes: Asks become framed messages, frames and statuses become
// what the other bindings' answers are.
//
// Pure; any thread. gRPC "PROTOCOL-HTTP2", A2A §gRPC. What comes back is foreign; errors are those
// of client_codec.h.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/a2a/client_codec.h"
#include "core/http/client.h"
#include "core/http/message.h"

namespace aw::a2a {

// A POST for an HTTP/2 connection. Code::unsupported_operation for what the version has no call
// for, Code::request_malformed for content that its messages cannot hold.
[[nodiscard]] Result<http::Request> encode_grpc(Interface const& one, Ask const& ask);

// What the server may take (grpc-timeout); nothing left is a millisecond.
void set_grpc_timeout(http::Request& request, std::chrono::nanoseconds left);

// Where a card's gRPC interface is: "host:port" in 1.0, a URL in 0.3. `card` is where the card came
// from and says how it is secured. Code::protocol when it is neither.
[[nodiscard]] Result<http::Endpoint> grpc_endpoint(std::string_view url,
                                                   http::Endpoint const& card);

// How a call ended: OK, or the error its status, message and details mean. The status stands in the
// trailers, or in the head when nothing else came.
[[nodiscard]] Result<void> grpc_outcome(int http_status, http::Headers const& head,
                                        http::Headers const& trailers);
// Before the end is known: Code::protocol when the head is no gRPC answer at all.
[[nodiscard]] Result<void> check_grpc_head(int http_status, http::Headers const& head);

// A message of the answer to `kind`, as the JSON of the other bindings.
[[nodiscard]] Result<std::string> grpc_answer_json(Interface const& one, Kind kind,
                                                   std::string_view message);
// A whole body that holds exactly one message.
[[nodiscard]] Result<std::string> grpc_body_json(Interface const& one, Kind kind,
                                                 std::string_view body);

}  // namespace aw::a2a
