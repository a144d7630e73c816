// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/grpc_answer.h"

#include "core/a2a/grpc_frame.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

// -bin values are base64 without padding.
std::string binary_header(std::string_view bytes) {
  auto out = text::to_base64(bytes);
  out.resize(out.find_last_not_of('=') + 1);
  return out;
}

}  // namespace

http::Headers grpc_headers() {
  return {{"content-type", "application/grpc"}, {"grpc-accept-encoding", "identity"}};
}

http::Headers grpc_ok_trailers() { return {{"grpc-status", "0"}}; }

http::Headers grpc_error_trailers(GrpcError const& error) {
  http::Headers out;
  out.add("grpc-status", std::to_string(error.status));
  out.add("grpc-message", grpc_message_of(error.message));
  out.add("grpc-status-details-bin", binary_header(grpc_error_details(error)));
  return out;
}

http::Response grpc_error(GrpcError const& error) {
  http::Response response;
  response.headers = grpc_headers();
  response.trailers = grpc_error_trailers(error);
  return response;
}

http::Response grpc_message(Dialect dialect, std::string_view type, std::string_view json) {
  auto bytes = grpc_from_json(grpc_type(dialect, type), json);
  if (!bytes.ok())
    return grpc_error({.status = static_cast<int>(GrpcStatus::internal),
                       .message = bytes.error().message,
                       .reason = "INVALID_AGENT_RESPONSE",
                       .domain = "a2a-protocol.org",
                       .metadata = {},
                       .field = {}});
  http::Response response;
  response.headers = grpc_headers();
  append_grpc_frame(response.body, *bytes);
  response.trailers = grpc_ok_trailers();
  return response;
}

}  // namespace aw::a2a
