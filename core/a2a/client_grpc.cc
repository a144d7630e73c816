// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/client_grpc.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/a2a/grpc_codec.h"
#include "core/a2a/grpc_frame.h"
#include "core/a2a/remote.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

// A2A §gRPC: the methods of both packages that the client calls. Empty: the version has none.
struct GrpcCallRow {
  Kind kind;
  std::string_view v1_method;
  std::string_view v1_request;
  std::string_view v03_method;
  std::string_view v03_request;
  std::string_view answer;
};
constexpr std::array kGrpcCalls = {
    GrpcCallRow{Kind::send, "SendMessage", "SendMessageRequest", "SendMessage",
                "SendMessageRequest", "SendMessageResponse"},
    GrpcCallRow{Kind::stream, "SendStreamingMessage", "SendMessageRequest", "SendStreamingMessage",
                "SendMessageRequest", "StreamResponse"},
    GrpcCallRow{Kind::get, "GetTask", "GetTaskRequest", "GetTask", "GetTaskRequest", "Task"},
    GrpcCallRow{Kind::cancel, "CancelTask", "CancelTaskRequest", "CancelTask", "CancelTaskRequest",
                "Task"},
    GrpcCallRow{Kind::subscribe, "SubscribeToTask", "SubscribeToTaskRequest", "TaskSubscription",
                "TaskSubscriptionRequest", "StreamResponse"},
    GrpcCallRow{Kind::list, "ListTasks", "ListTasksRequest", "", "", "ListTasksResponse"},
    GrpcCallRow{Kind::extended_card, "GetExtendedAgentCard", "GetExtendedAgentCardRequest",
                "GetAgentCard", "GetAgentCardRequest", "AgentCard"},
};

GrpcCallRow const* grpc_call(Interface const& one, Kind kind) {
  for (auto const& row : kGrpcCalls) {
    if (row.kind != kind) continue;
    return one.dialect == Dialect::v0_3 && row.v03_method.empty() ? nullptr : &row;
  }
  return nullptr;
}

// google.rpc.Code in HTTP's words (its own documentation has this table).
constexpr std::array kHttpOfGrpc = {200, 499, 500, 400, 504, 404, 409, 403, 429,
                                    400, 409, 400, 501, 500, 503, 500, 401};
constexpr int kUnknownStatus = 2;
constexpr int kDeadlineExceeded = 4;
constexpr int kUnimplemented = 12;

Code code_of_grpc(int status) {
  if (status == kUnimplemented) return Code::unsupported_operation;
  if (status == kDeadlineExceeded) return Code::timeout;
  return code_of_status(kHttpOfGrpc.at(static_cast<std::size_t>(status)));
}

Error no_grpc_answer(std::string_view what) {
  return make_error(Code::protocol, "the agent's answer is no gRPC answer: " + std::string(what));
}

Result<int> grpc_status_number(std::string_view text) {
  unsigned status = 0;  // digits only: "-0" would be a success of no gRPC server
  auto const [at, ec] = std::from_chars(text.data(), text.data() + text.size(), status);
  if (ec != std::errc{} || at != text.data() + text.size())
    return no_grpc_answer("its status is no number");
  // Numbers that are no code of gRPC's count as UNKNOWN (its own rule).
  return status < kHttpOfGrpc.size() ? static_cast<int>(status) : kUnknownStatus;
}

std::optional<Code> code_of_details(http::Headers const& from) {
  auto const header = from.get("grpc-status-details-bin");
  if (!header) return std::nullopt;
  auto const bytes = text::from_base64(*header);
  auto const details = bytes ? read_grpc_details(*bytes) : std::nullopt;
  if (!details) return std::nullopt;
  if (auto const own = parse_code(details->code)) return own;
  return code_of_reason(details->reason);
}

Error grpc_failure(int status, http::Headers const& from) {
  auto const code = code_of_details(from).value_or(code_of_grpc(status));
  auto words = grpc_text_of(from.get("grpc-message").value_or(std::string_view()));
  words = text::printable(words.substr(0, 1024));
  if (words.empty()) words = code_info(code).title;
  return make_error(code, std::move(words)).with("grpc_status", std::to_string(status));
}

}  // namespace

Result<http::Request> encode_grpc(Interface const& one, Ask const& ask) {
  auto const* const call = grpc_call(one, ask.kind);
  if (call == nullptr)
    return make_error(Code::unsupported_operation, "A2A " + std::string(dialect_name(one.dialect)) +
                                                       " over GRPC has no call for \"" +
                                                       std::string(kind_name(ask.kind)) + '"');
  bool const v1 = one.dialect == Dialect::v1_0;
  auto const message = grpc_from_json(
      grpc_type(one.dialect, v1 ? call->v1_request : call->v03_request), params_json(one, ask));
  if (!message.ok())
    return make_error(Code::request_malformed, "gRPC's messages cannot hold what is to be sent");
  http::Request request;
  request.method = "POST";
  request.set_target(std::string(v1 ? "/lf.a2a.v1.A2AService/" : "/a2a.v1.A2AService/") +
                     std::string(v1 ? call->v1_method : call->v03_method));
  request.headers.set("content-type", "application/grpc");
  request.headers.set("te", "trailers");
  request.headers.set("a2a-version", v1 ? "1.0" : "0.3");
  append_grpc_frame(request.body, *message);
  return request;
}

void set_grpc_timeout(http::Request& request, std::chrono::nanoseconds left) {
  // At most eight digits (PROTOCOL-HTTP2, Timeout).
  constexpr std::int64_t kMost = 99'999'999;
  auto const count = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
  request.headers.set("grpc-timeout",
                      std::to_string(std::clamp<std::int64_t>(count, 1, kMost)) + "m");
}

Result<http::Endpoint> grpc_endpoint(std::string_view url, http::Endpoint const& card) {
  // A bare "host:port" is secured as the card was.
  bool const bare = !url.contains("://");
  std::string const whole =
      bare ? (card.scheme == http::Scheme::https ? "https://" : "http://") + std::string(url)
           : std::string(url);
  auto parsed = http::parse_url(whole);
  if (!parsed.ok())
    return make_error(Code::protocol,
                      "the agent's card names no gRPC address: " + text::printable(url));
  return std::move(parsed->endpoint);
}

Result<void> check_grpc_head(int http_status, http::Headers const& head) {
  if (http_status != 200)
    return make_error(code_of_status(http_status),
                      "the agent answered " + std::to_string(http_status))
        .with("http_status", std::to_string(http_status));
  auto const type = text::lower(head.get("content-type").value_or(std::string_view()));
  if (!type.starts_with("application/grpc")) return no_grpc_answer("its content type is another");
  return {};
}

Result<void> grpc_outcome(int http_status, http::Headers const& head,
                          http::Headers const& trailers) {
  AW_TRY(check_grpc_head(http_status, head));
  auto const& from = trailers.has("grpc-status") ? trailers : head;
  auto const text = from.get("grpc-status");
  if (!text) return no_grpc_answer("it ended without a status");
  AW_TRY(auto const status, grpc_status_number(*text));
  if (status == 0) return {};
  return grpc_failure(status, from);
}

Result<std::string> grpc_answer_json(Interface const& one, Kind kind, std::string_view message) {
  auto const* const call = grpc_call(one, kind);
  if (call == nullptr) return no_grpc_answer("nothing was asked");
  auto json = grpc_to_json(grpc_type(one.dialect, call->answer), message);
  if (!json.ok()) return no_grpc_answer(json.error().message);
  if (auto const checked = check_json(*json, {.bytes = 2 * kMostRemoteAnswer, .depth = 110});
      !checked.ok())
    return no_grpc_answer(checked.error().message);
  return json;
}

Result<std::string> grpc_body_json(Interface const& one, Kind kind, std::string_view body) {
  GrpcFrames frames(kMostRemoteAnswer);
  frames.feed(body);
  auto message = frames.next();
  if (!message.ok()) return no_grpc_answer(message.error().message);
  if (!*message || !frames.empty()) return no_grpc_answer("it holds not exactly one message");
  return grpc_answer_json(one, kind, **message);
}

}  // namespace aw::a2a
