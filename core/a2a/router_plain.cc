// SPDX-License-Identifier: Apache-2.0
// The FAQ's plain JSON below /a2a/v1.
#include "core/a2a/bindings.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

bool prefers_async(http::Request const& request) {
  return text::lower(header(request, "prefer")).contains("respond-async");
}

Parsed parse_create(http::Request const& request, RouterOptions const& options,
                    Operation&& operation) {
  if (auto wrong = check_body(request, options))
    return refuse(operation.shape, operation.method, *wrong);
  JsonView const body{std::string_view(request.body)};
  operation.kind = wants_event_stream(request) ? Kind::stream : Kind::send;
  operation.payload_bytes = request.body.size();
  operation.params = std::string(body.raw());
  if (auto wrong = read_plain_send(body, operation))
    return refuse(operation.shape, operation.method, *wrong);
  if (prefers_async(request)) operation.send.wait = Wait::no;
  return operation;
}

Parsed parse_plain_list(http::Request const& request, Operation&& operation) {
  operation.kind = Kind::list;
  operation.params = "{}";
  operation.list.include_artifacts = true;
  operation.list.page_token = query_value(request, "page_token").value_or(std::string());
  operation.list.context_id = query_value(request, "context_id").value_or(std::string());
  if (auto const state = query_value(request, "state")) {
    operation.list.state = parse_state(*state);
    if (!operation.list.state)
      return refuse(operation.shape, operation.method,
                    {ProtocolError::params, "state is no task state"});
  }
  if (auto const size = query_value(request, "page_size"))
    if (auto wrong = read_page_size(JsonView(*size).integer(), operation))
      return refuse(operation.shape, operation.method, *wrong);
  return operation;
}

Parsed parse_authorize(http::Request const& request, Operation&& operation) {
  operation.kind = Kind::authorize_only;
  operation.params = "{}";
  operation.capability = query_value(request, "action").value_or("ping");
  if (operation.capability.empty() || operation.capability.size() > 128 ||
      text::printable(operation.capability) != operation.capability)
    return refuse(operation.shape, operation.method,
                  {ProtocolError::params, "action is not usable"});
  return operation;
}

}  // namespace

Parsed parse_documented(http::Request const& request, std::string_view rest) {
  Operation operation;
  operation.shape = shape_of(request);
  operation.shape.binding = Binding::tasks;
  operation.shape.dialect = Dialect::plain;
  operation.params = "{}";
  auto const pieces = text::split(rest, '/');
  bool const stream = pieces.size() == 2 && pieces[1] == "stream";
  operation.method = std::string(request.method) + (stream ? " tasks/{id}/stream" : " tasks/{id}");
  if (pieces[0].empty() || (pieces.size() != 1 && !stream))
    return Unmapped{Code::unmapped_route, operation.shape, operation.method};
  if (request.method != "GET")
    return Unmapped{Code::method_not_allowed, operation.shape, operation.method};
  operation.task_id = std::string(pieces[0]);
  operation.kind = stream ? Kind::subscribe : Kind::get;
  return operation;
}

Parsed parse_plain(http::Request const& request, std::span<const std::string_view> segments,
                   RouterOptions const& options) {
  Operation operation;
  operation.shape = shape_of(request);
  operation.method = std::string(request.method) + " /a2a/v1/" +
                     (segments.empty() ? "" : std::string(segments.front()));
  operation.params = "{}";
  bool const get = request.method == "GET";
  bool const post = request.method == "POST";
  auto const wrong_method = [&] {
    return Unmapped{Code::method_not_allowed, operation.shape, operation.method};
  };
  if (segments.size() == 1 && segments[0] == "authorize")
    return get ? parse_authorize(request, std::move(operation)) : Parsed(wrong_method());
  if (segments.empty() || segments[0] != "tasks")
    return Unmapped{Code::unmapped_route, operation.shape, std::string(request.method)};
  if (segments.size() == 1) {
    if (post) return parse_create(request, options, std::move(operation));
    return get ? parse_plain_list(request, std::move(operation)) : Parsed(wrong_method());
  }
  operation.task_id = std::string(segments[1]);
  if (segments.size() == 2) {
    operation.kind = wants_event_stream(request) ? Kind::subscribe : Kind::get;
    operation.method += "/{id}";
    return get ? Parsed(std::move(operation)) : Parsed(wrong_method());
  }
  operation.method += "/{id}/" + std::string(segments[2]);
  if (segments.size() == 3 && segments[2] == "cancel") {
    operation.kind = Kind::cancel;
    return post ? Parsed(std::move(operation)) : Parsed(wrong_method());
  }
  if (segments.size() == 3 && segments[2] == "stream") {
    operation.kind = Kind::subscribe;
    return get ? Parsed(std::move(operation)) : Parsed(wrong_method());
  }
  return Unmapped{Code::unmapped_route, operation.shape, std::string(request.method)};
}

}  // namespace aw::a2a
