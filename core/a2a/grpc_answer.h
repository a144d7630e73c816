// SPDX-License-Identifier: Apache-2.0
// Answers in gRPC: status and details as trailers, messages as frames. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "core/a2a/grpc_codec.h"
#include "core/a2a/operation.h"
#include "core/http/message.h"

namespace aw::a2a {

[[nodiscard]] http::Headers grpc_headers();
[[nodiscard]] http::Headers grpc_ok_trailers();
[[nodiscard]] http::Headers grpc_error_trailers(GrpcError const& error);

// A call that ended with an error and no message. The status stands in trailers, never in the
// leading headers: also a client that had not sent everything yet finds it there.
[[nodiscard]] http::Response grpc_error(GrpcError const& error);
// One message of that type (without its package) and OK; an error when it does not fit.
[[nodiscard]] http::Response grpc_message(Dialect dialect, std::string_view type,
                                          std::string_view json);

}  // namespace aw::a2a
