// SPDX-License-Identifier: Apache-2.0
// The table as JSON Schema, for editors and other people's pipelines.
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/config/reference.h"
#include "core/config/schema.h"

namespace aw::config {
namespace {

using Json = nlohmann::ordered_json;

Json whole(double value) { return static_cast<std::int64_t>(value); }

// A value may always be a variable instead.
Json or_variable(Json plain) {
  return {
      {"anyOf", Json::array({std::move(plain), Json{{"type", "string"}, {"pattern", "\\$\\{"}}})}};
}

Json number(Field const& field, char const* type) {
  Json out = {{"type", type}};
  const bool is_whole = field.type == Type::integer;
  if (field.least) out["minimum"] = is_whole ? whole(*field.least) : Json(*field.least);
  if (field.most) out["maximum"] = is_whole ? whole(*field.most) : Json(*field.most);
  return out;
}

Json choices(Field const& field) {
  Json names = Json::array();
  for (ChoiceName const& one : field.choices) {
    if (!one.old) names.push_back(one.name);
  }
  return {{"enum", std::move(names)}};
}

Json text_items(Field const& field) {
  Json item = {{"type", "string"}};
  if (!field.pattern.empty()) item["pattern"] = field.pattern;
  Json list = {{"type", "array"}, {"items", std::move(item)}};
  if (!field.is_named) return list;
  Json mapping = {
      {"type", "object"},
      {"additionalProperties", {{"type", Json::array({"string", "number", "boolean", "null"})}}}};
  return {{"anyOf", Json::array({std::move(list), std::move(mapping)})}};
}

Json duration(Field const& field) {
  Json text = {{"type", "string"}, {"pattern", R"(^([0-9.]+(us|ms|s|m|h|d))+$)"}};
  return {{"anyOf", Json::array({number(field, "number"), std::move(text)})}};
}

Json value_schema(Field const& field) {
  switch (field.type) {
    case Type::text: {
      Json out = {{"type", "string"}};
      if (field.pattern.empty()) return out;
      out["pattern"] = field.pattern;
      return or_variable(std::move(out));
    }
    case Type::boolean:
      return or_variable({{"type", "boolean"}});
    case Type::integer:
      return or_variable(number(field, "integer"));
    case Type::real:
      return or_variable(number(field, "number"));
    case Type::duration:
      return or_variable(duration(field));
    case Type::choice:
      return or_variable(choices(field));
    case Type::text_list:
      return or_variable(text_items(field));
    case Type::integer_list:
      return or_variable({{"type", "array"}, {"items", {{"type", "integer"}}}});
    case Type::json:
      return Json::object();
    case Type::levels:
      return {{"type", "object"}, {"additionalProperties", choices(field)}};
    case Type::maps:
      return {{"type", "array"}, {"items", {{"type", "object"}}}};
  }
  return Json::object();
}

// The object schema that holds `key`, made on the way; `name` becomes the last part.
Json& parent_of(Json& root, std::string_view key, std::string& name) {
  Json* at = &root;
  const auto parts = text::split(key, '.');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    std::string part(parts[i]);
    const bool list = part.ends_with("[]");
    if (list) part.resize(part.size() - 2);
    at = &(*at)["properties"][part];
    if (list) at = &(*at)["items"];
    (*at)["type"] = "object";
    (*at)["additionalProperties"] = false;
  }
  name = std::string(parts.back());
  return *at;
}

void add_field(Json& root, Field const& field) {
  std::string name;
  Json& parent = parent_of(root, field.key, name);
  Json schema = value_schema(field);
  schema["description"] = field.help;
  if (const std::string text = default_text(field); !text.empty() && field.type != Type::maps) {
    Json value = Json::parse(text, nullptr, false);
    schema["default"] = value.is_discarded() || field.type == Type::text ? Json(text) : value;
  }
  parent["properties"][name] = std::move(schema);
  if (field.is_required) parent["required"].push_back(name);
}

// Older spellings stay valid, and editors strike them through.
void add_older(Json& root) {
  for (Alias const& alias : all_aliases()) {
    std::string name;
    Json& parent = parent_of(root, alias.old, name);
    parent["properties"][name] = {{"deprecated", true},
                                  {"description", "write " + std::string(alias.now)}};
  }
  for (Retired const& retired : all_retired()) {
    if (retired.accepts.empty()) continue;
    std::string name;
    Json& parent = parent_of(root, retired.key, name);
    parent["properties"][name] = {{"deprecated", true}, {"description", "has no effect"}};
  }
}

}  // namespace

Json json_schema() {
  Json root = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
               {"title", "agentweave configuration"},
               {"type", "object"},
               {"additionalProperties", false},
               {"properties", Json::object()}};
  root["properties"]["include"] = {
      {"description", "files read before this one, relative to it"},
      {"anyOf", Json::array({Json{{"type", "string"}},
                             Json{{"type", "array"}, {"items", {{"type", "string"}}}}})}};
  for (Field const& field : all_fields()) add_field(root, field);
  add_older(root);
  return root;
}

}  // namespace aw::config
