// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/params.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/a2a/bindings.h"
#include "core/a2a/codec.h"
#include "core/a2a/push_config.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

using Type = JsonView::Kind;

// Who may name the capability, best first.
constexpr std::array<std::string_view, 5> kMetadataKeys = {"capability", "skill", "skillId",
                                                           "action", "task_type"};
constexpr std::array<std::string_view, 3> kDataKeys = {"task_type", "capability", "action"};
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxKey = 256;

Wrong params_wrong(std::string what, std::optional<Code> code = std::nullopt) {
  return {ProtocolError::params, std::move(what), code};
}

// A name that policy and logs can hold.
bool good_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) <= 0x20; });
}

template <std::size_t N>
std::string named_in(JsonView object, std::array<std::string_view, N> const& keys) {
  if (!object.is(Type::object)) return {};
  JsonObject const members(object);
  for (auto const key : keys)
    if (auto name = members.text(key); !name.empty()) return name;
  return {};
}

// The first data part: it may name the capability and hold the payload.
JsonView first_data(Message const& message) {
  for (auto const& part : message.parts)
    if (part->kind == PartKind::data) return JsonView(part->value);
  return {};
}

// What the backend gets of a message: the payload its data part names, else the data part, else its
// text as {"message": …}.
std::string payload_of(Message const& message) {
  auto const data = first_data(message);
  if (!data.is(Type::none)) {
    if (!named_in(data, kDataKeys).empty()) {
      auto const payload = data.get("payload");
      if (!payload.is(Type::none)) return std::string(payload.raw());
    }
    return std::string(data.raw());
  }
  std::string words;
  for (auto const& part : message.parts) {
    if (part->kind != PartKind::text) continue;
    if (!words.empty()) words.push_back('\n');
    words += part->value;
  }
  std::string json;
  json::Writer(json).begin_object().member("message", words).end_object();
  return json;
}

std::string_view part_type(PartKind kind) {
  switch (kind) {
    case PartKind::text:
      return "text";
    case PartKind::raw:
      return "raw";
    case PartKind::url:
      return "url";
    case PartKind::data:
      return "data";
  }
  return "unknown";
}

MaybeWrong choose_capability(JsonView request_metadata, RouterOptions const& options,
                             Operation& operation) {
  Message const& message = *operation.send.message;
  auto name = named_in(JsonView(message.metadata), kMetadataKeys);
  if (name.empty()) name = named_in(request_metadata, kMetadataKeys);
  operation.skill = name;
  if (name.empty()) name = named_in(first_data(message), kDataKeys);
  if (name.empty() && message.task_id.empty() && options.capabilities.size() == 1)
    name = options.capabilities.front();
  if (name.empty() && message.task_id.empty())
    return params_wrong("no capability named: put \"skill\" into message.metadata",
                        Code::unknown_capability);
  if (!name.empty() && !good_name(name))
    return params_wrong("the capability's name is not usable", Code::unknown_capability);
  operation.capability = std::move(name);
  return std::nullopt;
}

// 1.0 returnImmediately, 0.3 blocking.
MaybeWrong read_configuration(JsonView view, Operation& operation) {
  if (!view.present()) return std::nullopt;
  if (!view.is(Type::object)) return params_wrong("configuration must be an object");
  JsonObject const from(view);
  if (from.get("returnImmediately").boolean().value_or(false)) operation.send.wait = Wait::no;
  // ProtoJSON leaves false out: a configuration of 0.3's REST that does not say blocking says no.
  bool const proto = operation.shape.binding == Binding::http_json &&
                     operation.shape.dialect == Dialect::v0_3 &&
                     operation.shape.rest_spelling != RestSpelling::json;
  if (auto const blocking = from.get("blocking").boolean(); blocking || proto)
    operation.send.wait = blocking.value_or(false) ? Wait::until_done : Wait::no;
  for (auto const* const name :
       {"taskPushNotificationConfig", "pushNotificationConfig", "pushNotification"}) {
    auto const push = from.get(name);
    if (!push.present()) continue;
    auto config = parse_push_config(push);
    if (!config.ok()) return params_wrong(config.error().message);
    config->dialect = operation.shape.dialect;
    operation.send.push = std::move(*config);
  }
  auto const length = from.get("historyLength");
  return read_history_length(length.integer(), length.present(), operation);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
        hex_digit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

// The media type without its parameters, lower case.
std::string media_type_of(std::string_view value) {
  return text::lower(text::trim(value.substr(0, value.find(';'))));
}

}  // namespace

MaybeWrong read_history_length(std::optional<std::int64_t> value, bool given,
                               Operation& operation) {
  if (!given) return std::nullopt;
  if (!value || *value < 0 || *value > INT32_MAX)
    return params_wrong("historyLength must be a number, 0 or more");
  operation.history_length = static_cast<std::uint32_t>(*value);
  return std::nullopt;
}

MaybeWrong read_page_size(std::optional<std::int64_t> value, Operation& operation) {
  if (!value || *value < 1 || *value > 100)
    return params_wrong("pageSize must be a number from 1 to 100");
  operation.list.page_size = static_cast<std::size_t>(*value);
  return std::nullopt;
}

MaybeWrong read_send(JsonView params, RouterOptions const& options, Operation& operation) {
  if (!params.is(Type::object)) return params_wrong("params must be an object");
  JsonObject const from(params);
  if (operation.shape.dialect == Dialect::v0_3) operation.send.wait = Wait::a_while;
  auto view = from.get("message");
  if (!view.present()) view = from.get("request");  // the 0.3 proto's name
  if (!view.present()) return params_wrong("message is required");
  if (operation.shape.rest_spelling == RestSpelling::proto && view.get("message_id").present())
    operation.shape.rest_spelling = RestSpelling::proto_snake;
  auto message = parse_message(view, operation.shape.dialect);
  if (!message.ok()) return params_wrong(message.error().message);
  auto const metadata = from.get("metadata");
  if (metadata.present() && !metadata.is(Type::object))
    return params_wrong("metadata must be an object");
  operation.task_id = message->task_id;
  operation.context_id = message->context_id;
  for (auto const& part : message->parts) {
    operation.part_types.emplace_back(part_type(part->kind));
    operation.part_sizes.push_back(part->value.size());
  }
  operation.send.payload = payload_of(*message);
  operation.send.metadata = std::string(metadata.present() ? metadata.raw() : std::string_view());
  operation.send.message = std::make_shared<const Message>(std::move(*message));
  if (auto wrong = read_configuration(from.get("configuration"), operation)) return wrong;
  return choose_capability(metadata, options, operation);
}

MaybeWrong read_task_query(JsonView params, Operation& operation) {
  if (!params.is(Type::object)) return params_wrong("params must be an object");
  JsonObject const from(params);
  operation.task_id = from.text("id");
  if (operation.task_id.empty()) operation.task_id = from.text("taskId");
  // 0.3's proto names resources: tasks/{id}.
  constexpr std::string_view kTasks = "tasks/";
  if (auto name = from.text("name"); operation.task_id.empty() && name.starts_with(kTasks))
    operation.task_id = name.substr(kTasks.size());
  if (operation.task_id.empty()) return params_wrong("id is required");
  auto const length = from.get("historyLength");
  return read_history_length(length.integer(), length.present(), operation);
}

MaybeWrong read_params(JsonView params, RouterOptions const& options, Operation& operation) {
  if (params.present() && !params.is(Type::object))
    return Wrong{ProtocolError::params, "params must be an object"};
  if (auto wrong = read_tenant(params, operation)) return wrong;
  switch (operation.kind) {
    case Kind::send:
    case Kind::stream:
      return read_send(params, options, operation);
    case Kind::push_create:
    case Kind::push_get:
    case Kind::push_list:
    case Kind::push_delete:
      return read_push(params, operation);
    case Kind::get:
    case Kind::cancel:
    case Kind::subscribe:
      return read_task_query(params, operation);
    case Kind::list:
      return read_list(params, operation);
    case Kind::extended_card:
    case Kind::authorize_only:
      return std::nullopt;
  }
  return std::nullopt;
}

namespace {

// "tasks/{task}/pushNotificationConfigs/{id}", either end of it: 0.3's resource names.
void read_push_name(std::string_view name, Operation& operation) {
  auto const pieces = text::split(name, '/');
  if (pieces.size() < 2 || pieces[0] != "tasks") return;
  if (operation.task_id.empty()) operation.task_id = std::string(pieces[1]);
  if (pieces.size() >= 4 && operation.push.id.empty()) operation.push.id = std::string(pieces[3]);
}

}  // namespace

MaybeWrong read_push(JsonView params, Operation& operation) {
  if (!params.is(Type::object)) return params_wrong("params must be an object");
  JsonObject const from(params);
  auto const config_id = from.text("pushNotificationConfigId");
  if (operation.kind == Kind::push_create) {
    auto config = parse_push_config(params);
    if (!config.ok()) return params_wrong(config.error().message);
    operation.push = std::move(*config);
    if (operation.task_id.empty()) operation.task_id = operation.push.task_id;
  } else {
    // 1.0 has taskId and id; 0.3 has the task's id in `id`.
    bool const v1 = operation.shape.dialect == Dialect::v1_0;
    auto const task = v1 ? from.text("taskId") : from.text("id");
    if (operation.task_id.empty()) operation.task_id = task;
    if (operation.push.id.empty()) operation.push.id = v1 ? from.text("id") : config_id;
  }
  for (auto const* const name : {"name", "parent"}) read_push_name(from.text(name), operation);
  if (operation.task_id.empty()) return params_wrong("taskId is required");
  // 0.3 may ask for "the" configuration.
  bool const needs_id =
      operation.kind == Kind::push_delete ||
      (operation.kind == Kind::push_get && operation.shape.dialect == Dialect::v1_0);
  if (needs_id && operation.push.id.empty()) return params_wrong("id is required");
  operation.push.task_id = operation.task_id;
  operation.push.dialect = operation.shape.dialect;
  return std::nullopt;
}

MaybeWrong read_tenant(JsonView params, Operation& operation) {
  if (!params.is(Type::object)) return std::nullopt;
  auto const tenant = params.get("tenant");
  if (!tenant.present()) return std::nullopt;
  auto const name = tenant.string();
  if (!name || !good_tenant(*name)) return params_wrong("tenant must be a short name");
  // A path has named it already: the two must agree.
  if (!operation.tenant.empty() && operation.tenant != *name && !name->empty())
    return params_wrong("tenant must be the path's");
  if (!name->empty()) operation.tenant = *name;
  return std::nullopt;
}

bool good_tenant(std::string_view name) {
  // RFC 3986 §5.2.4: whoever stands before us takes these for no segment at all.
  if (name == "." || name == "..") return false;
  return name.size() <= kMaxName && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.' || c == '~';
         });
}

MaybeWrong read_list(JsonView params, Operation& operation) {
  if (!params.present()) return std::nullopt;
  if (!params.is(Type::object)) return params_wrong("params must be an object");
  JsonObject const from(params);
  operation.list.context_id = from.text("contextId");
  operation.list.page_token = from.text("pageToken");
  auto const artifacts = from.get("includeArtifacts");
  if (artifacts.present() && !artifacts.is(Type::boolean))
    return params_wrong("includeArtifacts must be true or false");
  operation.list.include_artifacts = artifacts.boolean().value_or(false);
  if (auto const state = from.text("status"); !state.empty() && state != "TASK_STATE_UNSPECIFIED") {
    operation.list.state = parse_state(state);
    if (!operation.list.state) return params_wrong("status is no task state");
  }
  if (auto const after = from.get("statusTimestampAfter"); after.present()) {
    operation.list.changed_after = parse_rfc3339(after.string().value_or(std::string()));
    if (!operation.list.changed_after)
      return params_wrong("statusTimestampAfter must be an RFC 3339 time");
  }
  auto const size = from.get("pageSize");
  if (size.present())
    if (auto wrong = read_page_size(size.integer(), operation)) return wrong;
  auto const length = from.get("historyLength");
  return read_history_length(length.integer(), length.present(), operation);
}

// A member of another type was meant as something: it is not passed over in silence, and never
// replaced by one of ours (A2A §contextId).
MaybeWrong wrong_plain_type(JsonObject const& from) {
  struct Row {
    std::string_view member;
    Type type;
    std::string_view wanted;
  };
  for (Row const& row : {Row{"idempotency_key", Type::string, " must be a string"},
                         Row{"context_id", Type::string, " must be a string"},
                         Row{"async", Type::boolean, " must be true or false"},
                         Row{"metadata", Type::object, " must be an object"}}) {
    auto const given = from.get(row.member);
    if (given.present() && !given.is(row.type))
      return params_wrong(std::string(row.member) + std::string(row.wanted));
  }
  return std::nullopt;
}

MaybeWrong read_plain_send(JsonView body, Operation& operation) {
  if (!body.is(Type::object)) return params_wrong("the body must be a JSON object");
  // The earlier implementation documented {"task": {"type", "messages"}}.
  JsonObject from(body);
  bool const documented = from.get("task").is(Type::object);
  if (documented) from = JsonObject(from.get("task"));
  auto name = from.text("task_type");
  if (name.empty() && documented) name = from.text("type");
  if (name.empty()) return params_wrong("missing required parameter: task_type");
  if (!good_name(name)) return params_wrong("task_type is not usable", Code::unknown_capability);
  operation.skill = name;
  operation.capability = std::move(name);
  auto const payload = from.get("payload");
  operation.send.payload = payload.is(Type::none) ? "{}" : std::string(payload.raw());
  if (auto const said = from.get("messages"); payload.is(Type::none) && said.is(Type::array))
    operation.send.payload = R"({"messages":)" + std::string(said.raw()) + "}";
  if (auto wrong = wrong_plain_type(from)) return wrong;
  operation.send.idempotency_key = from.text("idempotency_key");
  operation.context_id = from.text("context_id");
  if (operation.send.idempotency_key.size() > kMaxKey || operation.context_id.size() > kMaxKey)
    return params_wrong("idempotency_key and context_id hold at most 256 bytes");
  if (auto const metadata = from.get("metadata"); metadata.is(Type::object))
    operation.send.metadata = std::string(metadata.raw());
  if (from.get("async").boolean().value_or(false)) operation.send.wait = Wait::no;
  auto message = std::make_shared<Message>();
  message->id = random_uuid();
  message->context_id = operation.context_id;
  message->parts.push_back(data_part(operation.send.payload));
  operation.part_types = {"data"};
  operation.part_sizes = {operation.send.payload.size()};
  operation.send.message = std::move(message);
  return std::nullopt;
}

AskedVersion asked_version(http::Request const& request) {
  std::string asked(header(request, "a2a-version"));
  if (asked.empty()) asked = query_value(request, "A2A-Version").value_or(std::string());
  auto const text = text::trim(asked);
  if (text.empty()) return AskedVersion::unsaid;
  // The patch number says nothing about the wire.
  auto const is = [text](std::string_view version) {
    if (!text.starts_with(version)) return false;
    auto const patch = text.substr(version.size());
    return patch.empty() || (patch.size() > 1 && patch.size() <= 4 && patch.front() == '.' &&
                             patch.find_first_not_of("0123456789", 1) == std::string_view::npos);
  };
  if (is("1.0")) return AskedVersion::v1_0;
  if (is("0.3")) return AskedVersion::v0_3;
  return AskedVersion::unknown;
}

bool speaks(RouterOptions const& options, Dialect dialect) {
  return dialect == Dialect::plain ||
         std::ranges::find(options.versions, dialect_name(dialect)) != options.versions.end();
}

std::string_view header(http::Request const& request, std::string_view name) {
  return request.headers.get(name).value_or(std::string_view());
}

bool encoded_content(http::Request const& request) {
  auto const named = request.headers.count("content-encoding");
  return named > 1 ||
         (named == 1 &&
          !text::equal_ignoring_case(text::trim(header(request, "content-encoding")), "identity"));
}

bool json_content(http::Request const& request) {
  if (request.headers.count("content-type") > 1) return false;
  auto const type = media_type_of(header(request, "content-type"));
  return type == "application/json" || type == "application/a2a+json";
}

bool wants_event_stream(http::Request const& request) {
  return text::lower(header(request, "accept")).contains("text/event-stream");
}

std::optional<std::string> query_value(http::Request const& request, std::string_view name) {
  std::string_view const query = request.query;
  for (auto const pair : text::split(query, '&')) {
    auto const equals = std::min(pair.find('='), pair.size());
    if (percent_decoded(pair.substr(0, equals)) == name)
      return percent_decoded(pair.substr(std::min(equals + 1, pair.size())));
  }
  return std::nullopt;
}

}  // namespace aw::a2a
