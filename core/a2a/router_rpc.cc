// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0: A2A 1.0's names, 0.3's names, and the earlier implementation's.
#include <array>

#include "core/a2a/bindings.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

using Type = JsonView::Kind;

struct MethodRow {
  std::string_view name;
  Dialect dialect;
  Kind kind;
};

constexpr std::array kMethods = {
    MethodRow{"SendMessage", Dialect::v1_0, Kind::send},
    MethodRow{"SendStreamingMessage", Dialect::v1_0, Kind::stream},
    MethodRow{"GetTask", Dialect::v1_0, Kind::get},
    MethodRow{"ListTasks", Dialect::v1_0, Kind::list},
    MethodRow{"CancelTask", Dialect::v1_0, Kind::cancel},
    MethodRow{"SubscribeToTask", Dialect::v1_0, Kind::subscribe},
    MethodRow{"GetExtendedAgentCard", Dialect::v1_0, Kind::extended_card},
    MethodRow{"CreateTaskPushNotificationConfig", Dialect::v1_0, Kind::push_create},
    MethodRow{"GetTaskPushNotificationConfig", Dialect::v1_0, Kind::push_get},
    MethodRow{"ListTaskPushNotificationConfigs", Dialect::v1_0, Kind::push_list},
    MethodRow{"DeleteTaskPushNotificationConfig", Dialect::v1_0, Kind::push_delete},
    MethodRow{"message/send", Dialect::v0_3, Kind::send},
    MethodRow{"message/stream", Dialect::v0_3, Kind::stream},
    MethodRow{"tasks/get", Dialect::v0_3, Kind::get},
    MethodRow{"tasks/list", Dialect::v0_3, Kind::list},
    MethodRow{"tasks/cancel", Dialect::v0_3, Kind::cancel},
    MethodRow{"tasks/resubscribe", Dialect::v0_3, Kind::subscribe},
    MethodRow{"agent/getAuthenticatedExtendedCard", Dialect::v0_3, Kind::extended_card},
    MethodRow{"tasks/pushNotificationConfig/set", Dialect::v0_3, Kind::push_create},
    MethodRow{"tasks/pushNotificationConfig/get", Dialect::v0_3, Kind::push_get},
    MethodRow{"tasks/pushNotificationConfig/list", Dialect::v0_3, Kind::push_list},
    MethodRow{"tasks/pushNotificationConfig/delete", Dialect::v0_3, Kind::push_delete},
    MethodRow{"task.send", Dialect::plain, Kind::send},
    MethodRow{"tasks.send", Dialect::plain, Kind::send},
    MethodRow{"tasks/send", Dialect::plain, Kind::send},
    MethodRow{"task.status", Dialect::plain, Kind::get},
    MethodRow{"task.cancel", Dialect::plain, Kind::cancel},
};

MethodRow const* find_method(std::string_view name) {
  for (auto const& row : kMethods)
    if (row.name == name) return &row;
  return nullptr;
}

// The id as JSON text; empty when it is none that may be echoed.
std::string readable_id(JsonView id) {
  if (id.raw().size() > 256) return {};
  if (id.is(Type::string) || id.is(Type::null)) return std::string(id.raw());
  if (id.integer()) return std::string(id.raw());
  return {};
}

// JSON-RPC 2.0 §4. Fills shape.rpc_id as soon as it is known, so that errors carry it.
MaybeWrong read_envelope(JsonView body, Shape& shape, std::string& method) {
  if (body.is(Type::array))
    return Wrong{ProtocolError::request, "batch requests are not supported"};
  if (!body.is(Type::object)) return Wrong{ProtocolError::request, "the request must be an object"};
  JsonObject const from(body);
  auto const id = from.get("id");
  if (!id.is(Type::none)) {
    auto text = readable_id(id);
    if (text.empty())
      return Wrong{ProtocolError::request, "id must be a string, a whole number or null"};
    shape.rpc_id = std::move(text);
  }
  if (from.get("jsonrpc").string() != "2.0")
    return Wrong{ProtocolError::request, "jsonrpc must be \"2.0\""};
  auto const named = from.get("method");
  if (!named.present()) return Wrong{ProtocolError::request, "method is required"};
  auto name = named.string();
  if (!name || name->empty() || name->size() > 128)
    return Wrong{ProtocolError::method, "method not found: it must be a short string"};
  method = std::move(*name);
  return std::nullopt;
}

MaybeWrong check_version(http::Request const& request, Dialect dialect, std::string_view method,
                         RouterOptions const& options) {
  auto const asked = asked_version(request);
  if (asked == AskedVersion::unknown)
    return Wrong{ProtocolError::version, "this A2A version is not supported"};
  if (dialect == Dialect::plain) return std::nullopt;
  auto const wanted = dialect == Dialect::v1_0 ? AskedVersion::v1_0 : AskedVersion::v0_3;
  if (asked != AskedVersion::unsaid && asked != wanted)
    return Wrong{ProtocolError::method,
                 "method not found in the version asked for: " + std::string(method)};
  if (!speaks(options, dialect))
    return Wrong{ProtocolError::version, "this A2A version is not supported"};
  return std::nullopt;
}

// The earlier implementation answered task.send at once, with the work going on behind it.
MaybeWrong read_earlier(JsonView params, Operation& operation) {
  if (params.present() && !params.is(Type::object))
    return Wrong{ProtocolError::params, "params must be an object"};
  if (operation.kind == Kind::send) {
    auto wrong = read_plain_send(params, operation);
    // Documented was an answer with the result.
    if (operation.shape.plain == PlainShape::usual) operation.send.wait = Wait::no;
    return wrong;
  }
  operation.task_id = params.get("task_id").string().value_or(std::string());
  if (operation.task_id.empty())
    return Wrong{ProtocolError::params, "missing required parameter: task_id"};
  return std::nullopt;
}

}  // namespace

Parsed parse_rpc(http::Request const& request, RouterOptions const& options) {
  Operation operation;
  operation.shape = shape_of(request);
  if (auto wrong = check_body(request, options)) return refuse(operation.shape, "jsonrpc", *wrong);
  JsonView const body{std::string_view(request.body)};
  if (auto wrong = read_envelope(body, operation.shape, operation.method))
    return refuse(operation.shape, "jsonrpc", *wrong);
  auto const* const row = find_method(operation.method);
  if (row == nullptr) {
    operation.shape.dialect = Dialect::v1_0;
    if (asked_version(request) == AskedVersion::unknown)
      return refuse(operation.shape, operation.method,
                    {ProtocolError::version, "this A2A version is not supported"});
    return refuse(
        operation.shape, operation.method,
        {ProtocolError::method, "method not found: " + text::printable(operation.method)});
  }
  operation.kind = row->kind;
  operation.shape.dialect = row->dialect;
  if (row->dialect != Dialect::plain) operation.shape.plain = PlainShape::usual;
  bool const streams = row->kind == Kind::stream || row->kind == Kind::subscribe;
  if (streams && row->dialect == Dialect::v0_3 && wants_event_stream(request))
    operation.shape.media = Media::events;
  if (auto wrong = check_version(request, row->dialect, row->name, options))
    return refuse(operation.shape, operation.method, *wrong);
  auto const params = body.get("params");
  operation.payload_bytes = request.body.size();
  operation.params = params.present() ? std::string(params.raw()) : "{}";
  if (auto wrong = row->dialect == Dialect::plain ? read_earlier(params, operation)
                                                  : read_params(params, options, operation))
    return refuse(operation.shape, operation.method, *wrong);
  // A notification gets no answer by JSON-RPC, and A2A has none: said last, for whatever else is
  // wrong says more.
  if (body.get("id").is(Type::none))
    return refuse(operation.shape, operation.method, {ProtocolError::request, "id is required"});
  return operation;
}

}  // namespace aw::a2a
