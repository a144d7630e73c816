// SPDX-License-Identifier: Apache-2.0
// Errors in the caller's own shape. Pure; any thread. Nothing here shows internals: callers see the
// code's title.
//
// Two families: `refusal` is the gates speaking (HTTP status by http_status(code) in every binding,
// so that a proxy or a dashboard sees it too), `protocol_error` is A2A speaking (JSON-RPC answers
// 200 with an error object, REST its google.rpc.Status; A2A §errors). In gRPC both are trailers.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/a2a/operation.h"
#include "core/http/message.h"

namespace aw::a2a {

// A gate's no, as far as a caller may hear of it.
struct Refusal {
  Code code = Code::internal;
  std::string decision_id;                          // empty = none was made
  std::optional<std::chrono::seconds> retry_after;  // Retry-After, when known
};
[[nodiscard]] http::Response refusal(Shape const& shape, Refusal const& refusal);

// The errors of A2A §errors and JSON-RPC 2.0 §5.1 by their ErrorInfo reason.
enum class ProtocolError : std::uint8_t {
  parse,
  request,
  method,
  params,
  internal,
  task_not_found,
  task_not_cancelable,
  push_not_supported,
  unsupported_operation,
  content_type,
  invalid_agent_response,
  extended_card,
  extension_required,
  version,
};
[[nodiscard]] int protocol_code(ProtocolError error);  // -32001
[[nodiscard]] Code code_of(ProtocolError error);       // for audit
// `what` is for the caller ("message.parts must not be empty").
[[nodiscard]] http::Response protocol_error(Shape const& shape, ProtocolError error,
                                            std::string_view what);
// The same object without HTTP around it: one SSE event of a JSON-RPC or REST stream.
[[nodiscard]] std::string protocol_error_body(Shape const& shape, ProtocolError error,
                                              std::string_view what);
// The same for a gRPC stream that has begun: grpc-status, grpc-message and the details.
[[nodiscard]] http::Headers error_trailers(Refusal const& refusal);
[[nodiscard]] http::Headers error_trailers(ProtocolError error, std::string_view what);
// Any error of this program on its way to the caller: tasks and protocol codes as protocol_error,
// everything else as refusal.
[[nodiscard]] http::Response error_response(Shape const& shape, Error const& error,
                                            std::string_view decision_id);

}  // namespace aw::a2a
