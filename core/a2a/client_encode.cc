// SPDX-License-Identifier: Apache-2.0
// Asks -> HTTP requests.
#include "core/a2a/client_codec.h"
#include "core/a2a/client_grpc.h"
#include "core/a2a/codec.h"
#include "core/base/json.h"
#include "core/base/percent.h"
#include "core/http/client.h"

namespace aw::a2a {
namespace {

Spelling spelling_at(Interface const& one) {
  if (one.dialect == Dialect::v1_0) return Spelling::v1;
  return one.transport == Transport::json_rpc ? Spelling::v03 : Spelling::v03_proto;
}

void write_configuration(json::Writer& out, Interface const& one, Ask const& ask) {
  out.key("configuration").begin_object();
  bool const wait = ask.wait == Wait::until_done;
  if (one.dialect == Dialect::v1_0) {
    if (!wait) out.key("returnImmediately").boolean(true);
  } else {
    out.key("blocking").boolean(wait);
  }
  if (ask.history_length)
    out.member("historyLength", static_cast<std::int64_t>(*ask.history_length));
  out.end_object();
}

void write_tenant(json::Writer& out, Interface const& one) {
  if (!one.tenant.empty()) out.member("tenant", one.tenant);
}

std::string send_body(Interface const& one, Ask const& ask) {
  std::string body;
  json::Writer out(body);
  out.begin_object();
  write_tenant(out, one);
  out.key("message");
  write_message(out, *ask.message, spelling_at(one));
  write_configuration(out, one, ask);
  out.end_object();
  return body;
}

std::string list_body(Interface const& one, ListParams const& list) {
  std::string body;
  json::Writer out(body);
  out.begin_object();
  write_tenant(out, one);
  if (!list.context_id.empty()) out.member("contextId", list.context_id);
  if (list.state) out.member("status", state_name_v1(*list.state));
  out.member("pageSize", static_cast<std::int64_t>(list.page_size));
  if (!list.page_token.empty()) out.member("pageToken", list.page_token);
  if (list.changed_after) out.member("statusTimestampAfter", format_rfc3339(*list.changed_after));
  if (list.include_artifacts) out.key("includeArtifacts").boolean(true);
  out.end_object();
  return body;
}

std::string query_body(Interface const& one, Ask const& ask) {
  std::string body;
  json::Writer out(body);
  out.begin_object();
  write_tenant(out, one);
  // The proto of 0.3 names resources.
  if (one.transport == Transport::grpc && one.dialect == Dialect::v0_3) {
    out.member("name", "tasks/" + ask.task_id);
  } else {
    out.member("id", ask.task_id);
  }
  if (ask.kind == Kind::get && ask.history_length)
    out.member("historyLength", static_cast<std::int64_t>(*ask.history_length));
  out.end_object();
  return body;
}

}  // namespace

std::string params_json(Interface const& one, Ask const& ask) {
  switch (ask.kind) {
    case Kind::send:
    case Kind::stream:
      return send_body(one, ask);
    case Kind::list:
      return list_body(one, ask.list);
    case Kind::get:
    case Kind::cancel:
    case Kind::subscribe:
      return query_body(one, ask);
    default:
      break;
  }
  std::string body;
  json::Writer out(body);
  out.begin_object();
  write_tenant(out, one);
  out.end_object();
  return body;
}

namespace {

// Empty: that version has no such method.
std::string_view rpc_method(Dialect dialect, Kind kind) {
  bool const v1 = dialect == Dialect::v1_0;
  switch (kind) {
    case Kind::send:
      return v1 ? "SendMessage" : "message/send";
    case Kind::stream:
      return v1 ? "SendStreamingMessage" : "message/stream";
    case Kind::get:
      return v1 ? "GetTask" : "tasks/get";
    case Kind::cancel:
      return v1 ? "CancelTask" : "tasks/cancel";
    case Kind::subscribe:
      return v1 ? "SubscribeToTask" : "tasks/resubscribe";
    case Kind::list:
      return v1 ? "ListTasks" : "";
    case Kind::extended_card:
      return v1 ? "GetExtendedAgentCard" : "agent/getAuthenticatedExtendedCard";
    default:
      return "";
  }
}

struct RestCall {
  std::string_view method;
  std::string path;
  std::string query;
};

void add_query(std::string& query, std::string_view name, std::string_view value) {
  query += query.empty() ? '?' : '&';
  query += name;
  query += '=';
  query += percent_encoded(value);
}

std::string list_query(ListParams const& list) {
  std::string query;
  if (!list.context_id.empty()) add_query(query, "contextId", list.context_id);
  if (list.state) add_query(query, "status", state_name_v1(*list.state));
  add_query(query, "pageSize", std::to_string(list.page_size));
  if (!list.page_token.empty()) add_query(query, "pageToken", list.page_token);
  if (list.changed_after)
    add_query(query, "statusTimestampAfter", format_rfc3339(*list.changed_after));
  if (list.include_artifacts) add_query(query, "includeArtifacts", "true");
  return query;
}

RestCall rest_call(Dialect dialect, Ask const& ask) {
  auto const task = "/tasks/" + percent_encoded(ask.task_id);
  switch (ask.kind) {
    case Kind::send:
      return {"POST", "/message:send", {}};
    case Kind::stream:
      return {"POST", "/message:stream", {}};
    case Kind::cancel:
      return {"POST", task + ":cancel", {}};
    case Kind::subscribe:
      return {"GET", task + ":subscribe", {}};
    case Kind::list:
      return {"GET", "/tasks", list_query(ask.list)};
    case Kind::extended_card:
      return {"GET", dialect == Dialect::v1_0 ? "/extendedAgentCard" : "/card", {}};
    default:
      break;
  }
  RestCall get{"GET", task, {}};
  if (ask.history_length)
    add_query(get.query, "historyLength", std::to_string(*ask.history_length));
  return get;
}

void encode_rpc(http::Request& request, Interface const& one, Ask const& ask,
                std::string const& base, std::string_view method) {
  request.method = "POST";
  request.set_target(base.empty() ? "/" : base);
  json::Writer(request.body)
      .begin_object()
      .member("jsonrpc", "2.0")
      .member("id", "1")  // one request an exchange: nothing to tell apart
      .member("method", method)
      .key("params")
      .raw(params_json(one, ask))
      .end_object();
}

void encode_rest(http::Request& request, Interface const& one, Ask const& ask,
                 std::string const& base) {
  auto const call = rest_call(one.dialect, ask);
  std::string target = base;
  if (one.dialect == Dialect::v0_3) target += "/v1";
  if (!one.tenant.empty()) target += "/" + percent_encoded(one.tenant);
  request.method = std::string(call.method);
  request.set_target(target + call.path + call.query);
  if (call.method == "POST")
    request.body = ask.kind == Kind::cancel ? std::string("{}") : send_body(one, ask);
}

}  // namespace

Result<http::Request> encode(Interface const& one, Ask const& ask) {
  if (one.transport == Transport::grpc) return encode_grpc(one, ask);
  AW_TRY(auto const url, http::parse_url(one.url));
  auto const method = rpc_method(one.dialect, ask.kind);
  if (method.empty()) {
    return make_error(Code::unsupported_operation,
                      "A2A " + std::string(dialect_name(one.dialect)) + " over " +
                          std::string(transport_name(one.transport)) + " has no call for \"" +
                          std::string(kind_name(ask.kind)) + '"');
  }
  std::string base = url.target.substr(0, url.target.find('?'));
  http::Request request;
  if (one.transport == Transport::json_rpc) {
    encode_rpc(request, one, ask, base, method);
  } else {
    while (base.ends_with('/')) base.pop_back();
    encode_rest(request, one, ask, base);
  }
  bool const streamed = ask.kind == Kind::stream || ask.kind == Kind::subscribe;
  request.headers.set("accept", streamed ? "text/event-stream, application/json"
                                         : "application/json, application/a2a+json");
  if (!request.body.empty()) request.headers.set("content-type", "application/json");
  request.headers.set("a2a-version", one.dialect == Dialect::v1_0 ? "1.0" : "0.3");
  return request;
}

}  // namespace aw::a2a
