// SPDX-License-Identifier: Apache-2.0
// A2A's HTTP+JSON binding: bare paths are 1.0, the same below /v1 are 0.3.
#include "core/a2a/bindings.h"
#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

// A parameter in camelCase or snake_case, as clients of both versions write them.
std::optional<std::string> query_either(http::Request const& request, std::string_view camel) {
  if (auto value = query_value(request, camel)) return value;
  std::string snake;
  for (char const c : camel) {
    if (c >= 'A' && c <= 'Z') {
      snake.push_back('_');
      snake.push_back(static_cast<char>(c - 'A' + 'a'));
    } else {
      snake.push_back(c);
    }
  }
  return query_value(request, snake);
}

// Query parameters as the JSON object that the other bindings send.
std::string query_as_params(http::Request const& request) {
  std::string json;
  json::Writer out(json);
  out.begin_object();
  for (auto const* const name : {"contextId", "status", "pageToken", "statusTimestampAfter"})
    if (auto const value = query_either(request, name)) out.member(name, *value);
  // Numbers and truth values go in as they are only when that is what they are.
  for (auto const* const name : {"pageSize", "historyLength", "includeArtifacts"}) {
    auto const value = query_either(request, name);
    if (!value) continue;
    out.key(name);
    if (check_json(*value, {.bytes = 32, .depth = 1}).ok()) {
      out.raw(*value);
    } else {
      out.string(*value);
    }
  }
  out.end_object();
  return json;
}

Parsed parse_message_post(http::Request const& request, RouterOptions const& options,
                          Operation operation) {
  if (auto wrong = check_body(request, options))
    return refuse(operation.shape, operation.method, *wrong);
  JsonView const body{std::string_view(request.body)};
  operation.payload_bytes = request.body.size();
  operation.params = std::string(body.raw());
  auto wrong = read_tenant(body, operation);
  if (!wrong) wrong = read_send(body, options, operation);
  if (wrong) return refuse(operation.shape, operation.method, *wrong);
  return operation;
}

Parsed parse_list(http::Request const& request, Operation operation) {
  operation.kind = Kind::list;
  operation.params = query_as_params(request);
  if (auto wrong = read_list(JsonView(operation.params), operation))
    return refuse(operation.shape, operation.method, *wrong);
  return operation;
}

// /tasks/{id}/pushNotificationConfigs[/{config}]
Parsed parse_push_path(http::Request const& request, std::string_view rest, Operation operation,
                       RouterOptions const& options) {
  auto const pieces = text::split(rest, '/');
  operation.method += "/{id}/pushNotificationConfigs";
  bool const one = pieces.size() == 3 && !pieces[2].empty();
  if (pieces[0].empty() || (pieces.size() != 2 && !one))
    return Unmapped{Code::unmapped_route, operation.shape, operation.method};
  operation.task_id = std::string(pieces[0]);
  if (one) operation.push.id = std::string(pieces[2]);
  if (request.method == "POST" && !one) {
    operation.kind = Kind::push_create;
    if (auto wrong = check_body(request, options))
      return refuse(operation.shape, operation.method, *wrong);
    operation.payload_bytes = request.body.size();
    operation.params = request.body;
  } else if (request.method == "GET") {
    operation.kind = one ? Kind::push_get : Kind::push_list;
  } else if (request.method == "DELETE" && one) {
    operation.kind = Kind::push_delete;
  } else {
    return Unmapped{Code::method_not_allowed, operation.shape, operation.method};
  }
  JsonView const params{std::string_view(operation.params)};
  auto wrong = read_tenant(params, operation);
  if (!wrong) wrong = read_push(params, operation);
  if (wrong) return refuse(operation.shape, operation.method, *wrong);
  return operation;
}

// /tasks/{id}, /tasks/{id}:cancel, /tasks/{id}:subscribe
Parsed parse_task(http::Request const& request, std::string_view rest, Operation operation,
                  RouterOptions const& options) {
  if (rest.contains("/pushNotificationConfigs"))
    return parse_push_path(request, rest, std::move(operation), options);
  auto const colon = std::min(rest.find(':'), rest.size());
  auto const verb = rest.substr(colon);
  operation.task_id = std::string(rest.substr(0, colon));
  bool const get = request.method == "GET";
  bool const post = request.method == "POST";
  bool allowed = false;
  if (verb.empty()) {
    operation.kind = Kind::get;
    allowed = get;
    operation.method += "/{id}";
  } else if (verb == ":cancel") {
    operation.kind = Kind::cancel;
    allowed = post;
  } else if (verb == ":subscribe") {
    operation.kind = Kind::subscribe;
    allowed = get || post;  // the proto says one, the prose the other
  } else {
    return Unmapped{Code::unmapped_route, operation.shape, operation.method};
  }
  operation.method += verb;
  if (operation.task_id.empty() || operation.task_id.contains('/'))
    return Unmapped{Code::unmapped_route, operation.shape, operation.method};
  if (!allowed) return Unmapped{Code::method_not_allowed, operation.shape, operation.method};
  // Nothing is read from it, but what is sent must be what it says it is.
  if (!request.body.empty())
    if (auto wrong = check_body(request, options))
      return refuse(operation.shape, operation.method, *wrong);
  auto const length = query_either(request, "historyLength");
  std::optional<std::int64_t> number;
  if (length && check_json(*length, {.bytes = 32, .depth = 1}).ok())
    number = JsonView(*length).integer();
  if (auto wrong = read_history_length(number, length.has_value(), operation))
    return refuse(operation.shape, operation.method, *wrong);
  return operation;
}

}  // namespace

Parsed parse_rest(http::Request const& request, std::string_view tenant, std::string_view path,
                  Dialect dialect, RouterOptions const& options) {
  Operation operation;
  operation.shape = shape_of(request);
  operation.shape.dialect = dialect;
  if (dialect == Dialect::v0_3 && !request.path.starts_with("/v1/"))
    operation.shape.rest_spelling = RestSpelling::json;
  operation.params = "{}";
  operation.tenant = std::string(tenant);
  auto const base = path.substr(0, path.find('/', 1));
  operation.method = std::string(request.method) + " " + std::string(base);
  auto const asked = asked_version(request);
  if (asked == AskedVersion::unknown || !speaks(options, dialect))
    return refuse(operation.shape, operation.method,
                  {ProtocolError::version, "this A2A version is not supported"});
  bool const get = request.method == "GET";
  bool const post = request.method == "POST";
  auto const wrong_method = Unmapped{Code::method_not_allowed, operation.shape, operation.method};
  if (path == "/message:send" || path == "/message:stream") {
    operation.kind = path == "/message:send" ? Kind::send : Kind::stream;
    return post ? parse_message_post(request, options, std::move(operation)) : Parsed(wrong_method);
  }
  if (path == "/extendedAgentCard" || path == "/card") {
    operation.kind = Kind::extended_card;
    return get ? Parsed(std::move(operation)) : Parsed(wrong_method);
  }
  if (path == "/tasks")
    return get ? parse_list(request, std::move(operation)) : Parsed(wrong_method);
  return parse_task(request, path.substr(std::string_view("/tasks/").size()), std::move(operation),
                    options);
}

}  // namespace aw::a2a
