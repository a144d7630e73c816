// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/refusal.h"

#include <array>
#include <vector>

#include "core/a2a/grpc_answer.h"
#include "core/a2a/grpc_frame.h"
#include "core/base/json.h"
#include "core/http/sse.h"

namespace aw::a2a {
namespace {

// A2A §errors (1.0.1) and JSON-RPC 2.0 §5.1, one row each.
struct ErrorRow {
  ProtocolError error;
  std::string_view reason;  // google.rpc.ErrorInfo.reason
  int rpc;
  int http;
  std::string_view status;  // google.rpc.Code name
  Code code;
};

constexpr std::array kErrors = {
    ErrorRow{ProtocolError::parse, "PARSE_ERROR", -32700, 400, "INVALID_ARGUMENT",
             Code::request_malformed},
    ErrorRow{ProtocolError::request, "INVALID_REQUEST", -32600, 400, "INVALID_ARGUMENT",
             Code::request_malformed},
    ErrorRow{ProtocolError::method, "METHOD_NOT_FOUND", -32601, 404, "UNIMPLEMENTED",
             Code::unmapped_route},
    ErrorRow{ProtocolError::params, "INVALID_PARAMS", -32602, 400, "INVALID_ARGUMENT",
             Code::request_malformed},
    ErrorRow{ProtocolError::internal, "INTERNAL", -32603, 500, "INTERNAL", Code::internal},
    ErrorRow{ProtocolError::task_not_found, "TASK_NOT_FOUND", -32001, 404, "NOT_FOUND",
             Code::task_not_found},
    ErrorRow{ProtocolError::task_not_cancelable, "TASK_NOT_CANCELABLE", -32002, 400,
             "FAILED_PRECONDITION", Code::task_terminal},
    ErrorRow{ProtocolError::push_not_supported, "PUSH_NOTIFICATION_NOT_SUPPORTED", -32003, 400,
             "FAILED_PRECONDITION", Code::unsupported_operation},
    ErrorRow{ProtocolError::unsupported_operation, "UNSUPPORTED_OPERATION", -32004, 400,
             "FAILED_PRECONDITION", Code::unsupported_operation},
    ErrorRow{ProtocolError::content_type, "CONTENT_TYPE_NOT_SUPPORTED", -32005, 415,
             "INVALID_ARGUMENT", Code::unsupported_media_type},
    ErrorRow{ProtocolError::invalid_agent_response, "INVALID_AGENT_RESPONSE", -32006, 500,
             "INTERNAL", Code::backend_answer_malformed},
    ErrorRow{ProtocolError::extended_card, "EXTENDED_AGENT_CARD_NOT_CONFIGURED", -32007, 400,
             "FAILED_PRECONDITION", Code::unsupported_operation},
    ErrorRow{ProtocolError::extension_required, "EXTENSION_SUPPORT_REQUIRED", -32008, 400,
             "FAILED_PRECONDITION", Code::extension_required},
    ErrorRow{ProtocolError::version, "VERSION_NOT_SUPPORTED", -32009, 400, "FAILED_PRECONDITION",
             Code::version_not_supported},
};

ErrorRow const& row_of(ProtocolError error) { return kErrors[static_cast<std::size_t>(error)]; }

// The google.rpc.Code name of a gate's refusal, for REST bodies.
std::string_view status_name(int http) {
  switch (http) {
    case 400:
    case 415:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 405:
      return "UNIMPLEMENTED";
    case 408:
    case 504:
      return "DEADLINE_EXCEEDED";
    case 409:
      return "ALREADY_EXISTS";
    case 413:
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 502:
    case 503:
      return "UNAVAILABLE";
    default:
      return "INTERNAL";
  }
}

// google.rpc.Code by name.
int status_number(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, int>, 5> kNumbers = {{{"INVALID_ARGUMENT", 3},
                                                                         {"NOT_FOUND", 5},
                                                                         {"FAILED_PRECONDITION", 9},
                                                                         {"UNIMPLEMENTED", 12},
                                                                         {"INTERNAL", 13}}};
  for (auto const& [known, number] : kNumbers)
    if (known == name) return number;
  return static_cast<int>(GrpcStatus::internal);
}

// What an error says of itself beside its message, in every binding's own way.
struct ErrorFacts {
  std::string_view reason;
  std::string_view domain;
  std::vector<std::pair<std::string_view, std::string>> metadata;
  std::string_view field;  // the parameter that is wrong, empty = none
  std::string_view what;
};

ErrorFacts facts_of(Refusal const& refusal) {
  ErrorFacts out{.reason = code_info(refusal.code).id, .domain = "agentweave"};
  out.metadata.emplace_back("code", code_name(refusal.code));
  if (!refusal.decision_id.empty()) out.metadata.emplace_back("decision_id", refusal.decision_id);
  out.metadata.emplace_back("retryable", retryable(refusal.code) ? "true" : "false");
  return out;
}

// "message.parts must not be empty" is about message.parts.
std::string_view field_in(std::string_view what) {
  auto const space = what.find(' ');
  if (space == std::string_view::npos) return {};
  auto const rest = what.substr(space);
  bool const told = rest.starts_with(" must ") || rest.starts_with(" is required");
  return told ? what.substr(0, space) : std::string_view();
}

ErrorFacts facts_of(ErrorRow const& row, std::string_view what) {
  ErrorFacts out{.reason = row.reason, .domain = "a2a-protocol.org"};
  if (row.error == ProtocolError::params) out.field = field_in(what);
  out.what = what;
  return out;
}

void write_details(json::Writer& out, ErrorFacts const& facts) {
  out.begin_array().begin_object();
  out.member("@type", "type.googleapis.com/google.rpc.ErrorInfo");
  out.member("reason", facts.reason).member("domain", facts.domain);
  out.key("metadata").begin_object();
  for (auto const& [name, value] : facts.metadata) out.member(name, value);
  out.end_object().end_object();
  if (!facts.field.empty()) {
    out.begin_object().member("@type", "type.googleapis.com/google.rpc.BadRequest");
    out.key("fieldViolations").begin_array().begin_object();
    out.member("field", facts.field).member("description", facts.what);
    out.end_object().end_array().end_object();
  }
  out.end_array();
}

GrpcError grpc_error_of(int status, std::string_view message, ErrorFacts const& facts) {
  return {.status = status,
          .message = message,
          .reason = facts.reason,
          .domain = facts.domain,
          .metadata = facts.metadata,
          .field = facts.field};
}

http::Response json_response(int status, std::string body, std::string_view type) {
  http::Response response;
  response.status = status;
  response.headers.add("content-type", type);
  response.headers.add("cache-control", "no-store");
  response.body = std::move(body);
  return response;
}

std::string_view media_type(Shape const& shape) {
  return shape.binding == Binding::http_json && shape.media == Media::a2a_json
             ? "application/a2a+json"
             : "application/json";
}

void write_plain_error(json::Writer& out, Code code, std::string_view message,
                       std::string_view decision_id) {
  out.begin_object().key("error").begin_object();
  out.member("code", code_name(code)).member("reason", code_info(code).id);
  out.member("message", message);
  if (!decision_id.empty()) out.member("decision_id", decision_id);
  out.key("retryable").boolean(retryable(code));
  out.end_object().end_object();
}

// Codes whose message was written for the caller; of all others it sees the title only.
bool speaks_to_caller(Code code) {
  return code == Code::task_not_found || code == Code::task_terminal ||
         code == Code::request_malformed || code == Code::unknown_capability ||
         code == Code::unsupported_operation;
}

std::string refusal_body(Shape const& shape, Refusal const& refusal) {
  auto const& info = code_info(refusal.code);
  int const status = http_status(refusal.code);
  std::string body;
  json::Writer out(body);
  switch (shape.binding) {
    case Binding::tasks:
      write_plain_error(out, refusal.code, info.title, refusal.decision_id);
      break;
    case Binding::json_rpc:
      out.begin_object().member("jsonrpc", "2.0").key("id").raw(shape.rpc_id);
      out.key("error").begin_object();
      out.member("code", static_cast<std::int64_t>(json_rpc_code(refusal.code)));
      out.member("message", info.title).key("data");
      write_details(out, facts_of(refusal));
      out.end_object().end_object();
      break;
    case Binding::http_json:
      out.begin_object().key("error").begin_object();
      out.member("code", static_cast<std::int64_t>(status));
      out.member("status", status_name(status)).member("message", info.title).key("details");
      write_details(out, facts_of(refusal));
      out.end_object().end_object();
      break;
    case Binding::grpc:
      break;  // trailers, no body
  }
  return body;
}

}  // namespace

int protocol_code(ProtocolError error) { return row_of(error).rpc; }
Code code_of(ProtocolError error) { return row_of(error).code; }

http::Headers error_trailers(Refusal const& refusal) {
  auto const facts = facts_of(refusal);
  return grpc_error_trailers(
      grpc_error_of(grpc_status(refusal.code), code_info(refusal.code).title, facts));
}

http::Headers error_trailers(ProtocolError error, std::string_view what) {
  auto const& row = row_of(error);
  auto const facts = facts_of(row, what);
  return grpc_error_trailers(grpc_error_of(status_number(row.status), what, facts));
}

http::Response refusal(Shape const& shape, Refusal const& refusal) {
  if (shape.binding == Binding::grpc) {
    http::Response response;
    response.headers = grpc_headers();
    response.trailers = error_trailers(refusal);
    return response;
  }
  auto response =
      json_response(http_status(refusal.code), refusal_body(shape, refusal), media_type(shape));
  if (refusal.retry_after)
    response.headers.add("retry-after", std::to_string(refusal.retry_after->count()));
  return response;
}

std::string protocol_error_body(Shape const& shape, ProtocolError error, std::string_view what) {
  auto const& row = row_of(error);
  std::string body;
  json::Writer out(body);
  switch (shape.binding) {
    case Binding::tasks:
      write_plain_error(out, row.code, what, {});
      break;
    case Binding::json_rpc:
      out.begin_object().member("jsonrpc", "2.0").key("id").raw(shape.rpc_id);
      out.key("error").begin_object().member("code", static_cast<std::int64_t>(row.rpc));
      out.member("message", what).key("data");
      write_details(out, facts_of(row, what));
      out.end_object().end_object();
      break;
    case Binding::http_json:
      out.begin_object().key("error").begin_object();
      out.member("code", static_cast<std::int64_t>(row.http));
      out.member("status", row.status).member("message", what).key("details");
      write_details(out, facts_of(row, what));
      out.end_object().end_object();
      break;
    case Binding::grpc:
      break;  // trailers, no body
  }
  return body;
}

http::Response protocol_error(Shape const& shape, ProtocolError error, std::string_view what) {
  auto const& row = row_of(error);
  if (shape.binding == Binding::grpc) {
    http::Response response;
    response.headers = grpc_headers();
    response.trailers = error_trailers(error, what);
    return response;
  }
  int status = row.http;
  if (shape.binding == Binding::json_rpc && shape.media == Media::events) {
    std::string event;
    http::append_sse(event, protocol_error_body(shape, error, what));
    return json_response(200, std::move(event), http::kSseContentType);
  }
  if (shape.binding == Binding::json_rpc) status = 200;
  // The plain binding tells a finished task from a wrong request.
  if (shape.binding == Binding::tasks) status = http_status(row.code);
  return json_response(status, protocol_error_body(shape, error, what), media_type(shape));
}

http::Response error_response(Shape const& shape, Error const& error,
                              std::string_view decision_id) {
  if (shape.binding == Binding::tasks && speaks_to_caller(error.code)) {
    std::string body;
    json::Writer out(body);
    write_plain_error(out, error.code, error.message, decision_id);
    return json_response(http_status(error.code), std::move(body), media_type(shape));
  }
  switch (error.code) {
    case Code::task_not_found:
      return protocol_error(shape, ProtocolError::task_not_found, error.message);
    case Code::task_terminal:
      return protocol_error(shape, ProtocolError::unsupported_operation, error.message);
    case Code::request_malformed:
    case Code::unknown_capability:
      return protocol_error(shape, ProtocolError::params, error.message);
    case Code::unsupported_operation:
      return protocol_error(shape, ProtocolError::unsupported_operation, error.message);
    case Code::backend_answer_malformed:
      return protocol_error(shape, ProtocolError::invalid_agent_response, error.message);
    default:
      return refusal(shape, {error.code, std::string(decision_id), std::nullopt});
  }
}

}  // namespace aw::a2a
