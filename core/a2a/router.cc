// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/router.h"

#include <algorithm>

#include "core/a2a/bindings.h"
#include "core/a2a/grpc_frame.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

constexpr std::string_view kPlainBase = "/a2a/v1";

// Ours are far shorter. Whatever a caller makes up instead must fit a record with all the rest.
constexpr std::size_t kMaxTaskId = 1'024;

// The earlier implementation's documented paths; its code also had /tasks/send and
// /tasks/{id}/stream.
constexpr std::string_view kDocumentedBase = "/.well-known/a2a/tasks/";

bool is_rpc_path(std::string_view path) {
  return path == "/" || path == "/tasks/send" || path == "/.well-known/a2a/tasks/send" ||
         path == "/rpc" || path == "/rpc/" || path == "/a2a/v1" || path == "/a2a/v1/";
}

bool is_card_path(std::string_view path) {
  return path == "/.well-known/agent-card.json" || path == "/.well-known/agent.json";
}

bool is_health_path(std::string_view path) {
  return path == "/health" || path == "/health/live" || path == "/health/ready" || path == "/ready";
}

bool is_rest_path(std::string_view path) {
  return path == "/message:send" || path == "/message:stream" || path == "/tasks" ||
         path.starts_with("/tasks/") || path == "/extendedAgentCard";
}

bool is_grpc_path(std::string_view path) {
  return path.starts_with("/lf.a2a.v1.A2AService/") || path.starts_with("/a2a.v1.A2AService/") ||
         path.starts_with("/grpc.health.v1.Health/") || is_grpc_conversation(path);
}

// The 0.3 path below /v1, without it; empty when it is none.
std::string_view path_below_v1(std::string_view path) {
  if (!path.starts_with("/v1/")) return {};
  auto const rest = path.substr(3);
  return is_rest_path(rest) || rest == "/card" ? rest : std::string_view();
}

// 1.0's /{tenant}/…: the tenant, and what stands behind it; both empty when it is no such path.
struct TenantPath {
  std::string_view tenant;
  std::string_view rest;
};
TenantPath tenant_path(std::string_view path) {
  auto const slash = path.find('/', 1);
  if (slash == std::string_view::npos) return {};
  TenantPath const out{path.substr(1, slash - 1), path.substr(slash)};
  bool const usable = !out.tenant.empty() && good_tenant(out.tenant) && out.tenant != "v1";
  return usable && is_rest_path(out.rest) ? out : TenantPath{};
}

Parsed parse_card(http::Request const& request, RouterOptions const& options) {
  bool const head = request.method == "HEAD";
  if (request.method != "GET" && !head)
    return Unmapped{Code::method_not_allowed, shape_of(request), std::string(request.method)};
  CardRequest card;
  card.body = head ? CardRequest::Body::no : CardRequest::Body::yes;
  // A strict 1.0 schema refuses the hybrid, so it is given only to those who may be 0.3.
  if (asked_version(request) == AskedVersion::v1_0 || !speaks(options, Dialect::v0_3))
    card.form = CardRequest::Form::pure;
  else if (request.path.ends_with("/agent.json"))
    card.form = CardRequest::Form::earlier;
  card.if_none_match = std::string(header(request, "if-none-match"));
  card.host = request.authority;
  return card;
}

Parsed parse_health(http::Request const& request) {
  bool const head = request.method == "HEAD";
  if (request.method != "GET" && !head)
    return Unmapped{Code::method_not_allowed, shape_of(request), std::string(request.method)};
  using What = HealthRequest::What;
  return HealthRequest{.what = request.path == "/health/live" ? What::live : What::ready,
                       .body = head ? CardRequest::Body::no : CardRequest::Body::yes};
}

// A2A-Extensions (once X-A2A-Extensions): those asked for that we have; an error when one that we
// require was not.
MaybeWrong activate_extensions(http::Request const& request, RouterOptions const& options,
                               Shape& shape) {
  auto named = header(request, "a2a-extensions");
  if (named.empty()) named = header(request, "x-a2a-extensions");
  auto asked = text::split(named, ',');
  for (auto& uri : asked) uri = text::trim(uri);
  for (auto const& extension : options.extensions) {
    if (std::ranges::find(asked, extension.uri) != asked.end()) {
      shape.extensions.push_back(extension.uri);
    } else if (extension.need == Extension::Need::required) {
      return Wrong{ProtocolError::extension_required,
                   "this agent requires the extension " + extension.uri};
    }
  }
  return std::nullopt;
}

Parsed parse_by_path(http::Request const& request, RouterOptions const& options) {
  std::string_view const path = request.path;
  if (is_grpc(request)) return parse_grpc(request, options);
  if (is_card_path(path)) return parse_card(request, options);
  if (is_health_path(path)) return parse_health(request);
  if (is_rpc_path(path)) {
    bool const looks = request.method == "GET" || request.method == "HEAD";
    if (looks && path.starts_with("/rpc")) return parse_card(request, options);
    if (request.method != "POST")
      return Unmapped{Code::method_not_allowed, shape_of(request), std::string(request.method)};
    return parse_rpc(request, options);
  }
  if (path.starts_with(kPlainBase) && path.size() > kPlainBase.size() &&
      path[kPlainBase.size()] == '/') {
    auto segments = text::split(path.substr(kPlainBase.size() + 1), '/');
    if (!segments.empty() && segments.back().empty()) segments.pop_back();
    return parse_plain(request, segments, options);
  }
  if (path.starts_with(kDocumentedBase))
    return parse_documented(request, path.substr(kDocumentedBase.size()));
  if (request.method == "GET" && path.starts_with("/tasks/") && path.ends_with("/stream"))
    return parse_documented(request, path.substr(std::string_view("/tasks/").size()));
  if (is_rest_path(path)) {
    bool const old = asked_version(request) == AskedVersion::v0_3;
    return parse_rest(request, {}, path, old ? Dialect::v0_3 : Dialect::v1_0, options);
  }
  if (auto const below = path_below_v1(path); !below.empty())
    return parse_rest(request, {}, below, Dialect::v0_3, options);
  if (auto const named = tenant_path(path); !named.rest.empty())
    return parse_rest(request, named.tenant, named.rest, Dialect::v1_0, options);
  // gRPC's answer to what is on its way to a service of ours and no gRPC.
  if (is_grpc_path(path))
    return Unmapped{Code::unsupported_media_type, shape_of(request), std::string(request.method)};
  return Unmapped{Code::unmapped_route, shape_of(request), std::string(request.method)};
}

}  // namespace

Shape shape_of(http::Request const& request) {
  Shape shape;
  std::string_view const path = request.path;
  if (is_grpc(request)) {
    shape.binding = Binding::grpc;
    shape.dialect = path.starts_with("/a2a.v1.") ? Dialect::v0_3 : Dialect::v1_0;
  } else if (is_rpc_path(path)) {
    shape.binding = Binding::json_rpc;
    shape.dialect = Dialect::v1_0;
    if (path.starts_with(kDocumentedBase)) shape.plain = PlainShape::documented;
  } else if (path.starts_with(kDocumentedBase)) {
    shape.plain = PlainShape::documented;
  } else if (bool const v03 = !path_below_v1(path).empty();
             v03 || is_rest_path(path) || !tenant_path(path).rest.empty()) {
    shape.binding = Binding::http_json;
    shape.dialect = v03 ? Dialect::v0_3 : Dialect::v1_0;
    auto const asks_for = [&request](std::string_view name) {
      return text::lower(header(request, name)).contains("application/a2a+json");
    };
    if (asks_for("content-type") || asks_for("accept")) shape.media = Media::a2a_json;
  }
  return shape;
}

Parsed refuse(Shape const& shape, std::string_view method, Wrong const& wrong) {
  if (wrong.code == Code::too_large) return refuse_gate(shape, method, Code::too_large);
  auto const code = wrong.code.value_or(code_of(wrong.error));
  // The plain binding says its own code; the protocol's bindings have the protocol's errors.
  if (shape.binding == Binding::tasks) {
    auto answer = [shape, error = Error{code, wrong.what, {}, {}}](std::string_view id) {
      return error_response(shape, error, id);
    };
    return Refused{code, std::string(method), answer({}), answer};
  }
  return Refused{code, std::string(method), protocol_error(shape, wrong.error, wrong.what)};
}

Parsed refuse_gate(Shape const& shape, std::string_view method, Code code) {
  auto answer = [shape, code](std::string_view id) {
    return refusal(shape, {.code = code, .decision_id = std::string(id), .retry_after = {}});
  };
  return Refused{code, std::string(method), answer({}), answer};
}

MaybeWrong check_body(http::Request const& request, RouterOptions const& options) {
  if (!json_content(request))
    return Wrong{ProtocolError::content_type, "the content type must be application/json"};
  if (encoded_content(request))
    return Wrong{ProtocolError::content_type, "the body must not be encoded",
                 Code::unsupported_encoding};
  auto const checked = check_json(request.body, {options.max_body, options.max_depth});
  if (checked.ok()) return std::nullopt;
  if (checked.error().code == Code::too_large)
    return Wrong{ProtocolError::request, checked.error().message, Code::too_large};
  return Wrong{ProtocolError::parse, checked.error().message};
}

Parsed Router::parse(http::Request const& request) const {
  auto parsed = parse_by_path(request, options_);
  auto* const operation = std::get_if<Operation>(&parsed);
  if (operation == nullptr) return parsed;
  if (operation->task_id.size() > kMaxTaskId)
    return refuse(operation->shape, operation->method,
                  {ProtocolError::params, "a task's id has at most 1024 bytes"});
  operation->host = request.authority;
  if (operation->shape.dialect == Dialect::plain) return parsed;
  if (auto wrong = activate_extensions(request, options_, operation->shape))
    return refuse(operation->shape, operation->method, *wrong);
  return parsed;
}

}  // namespace aw::a2a
