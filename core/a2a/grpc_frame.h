// SPDX-License-Identifier: Apache-2.0
// gRPC over HTTP/2, the part that is framing: length-prefixed messages, deadlines, status text.
//
// Pure; a GrpcFrames belongs to one stream. gRPC "PROTOCOL-HTTP2".
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/message.h"

namespace aw::a2a {

// google.rpc.Code, those we answer.
enum class GrpcStatus : int {
  ok = 0,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  failed_precondition = 9,
  unimplemented = 12,
  internal = 13,
};

// Bytes of a request body in, whole messages out. Holds at most one message and what came with it.
class GrpcFrames {
 public:
  explicit GrpcFrames(std::size_t max_message) : limit_(max_message) {}

  void feed(std::string_view bytes) { held_.append(bytes); }
  // The next message; nullopt while it is not whole. Code::too_large by its prefix alone, before
  // its bytes come; Code::unsupported_operation when it is compressed (we never offer to);
  // Code::request_malformed for another flag.
  [[nodiscard]] Result<std::optional<std::string>> next();
  // Nothing of a further message was seen.
  [[nodiscard]] bool empty() const { return held_.empty(); }

 private:
  std::size_t limit_;
  std::string held_;
};

// The 5-byte prefix and the message.
void append_grpc_frame(std::string& out, std::string_view message);

// "100m" -> 100 ms; nullopt for anything the ABNF does not allow.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_grpc_timeout(std::string_view text);

// grpc-message: percent-encoded, so that any text fits a header.
// PROTOCOL-HTTP2 §Responses.
[[nodiscard]] std::string grpc_message_of(std::string_view text);
// And back; a percent sign that begins no escape stays what it is (PROTOCOL-HTTP2 asks for that).
[[nodiscard]] std::string grpc_text_of(std::string_view message);

// A POST over HTTP/2 whose content type is application/grpc or application/grpc+proto. Other
// subtypes (grpc-web, +json) are not gRPC to us.
[[nodiscard]] bool is_grpc(http::Request const& head);

}  // namespace aw::a2a
