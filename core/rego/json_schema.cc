// SPDX-License-Identifier: Apache-2.0
#include "core/rego/json_schema.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/rego/builtin_cache.h"

namespace aw::rego {
namespace {

constexpr std::array<std::string_view, 7> kSchemaTypes = {"array", "boolean", "integer", "number",
                                                          "null",  "object",  "string"};

// Said of a schema, and no restriction of values. `format` is among them: drafts 4 to 7 leave it
// to the application.
constexpr std::array<std::string_view, 16> kWords = {
    "$schema",         "$id",        "id",       "$comment",    "title",
    "description",     "default",    "examples", "format",      "readOnly",
    "writeOnly",       "deprecated", "$defs",    "definitions", "contentEncoding",
    "contentMediaType"};
constexpr std::array<std::string_view, 36> kRestrictions = {
    "$ref", "type", "enum", "const", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "items", "additionalItems",
    "contains", "required", "minProperties", "maxProperties", "properties", "patternProperties",
    "additionalProperties", "propertyNames", "dependencies",
    // Harmless where nothing above them is used; OpenAPI's hints to readers.
    "discriminator", "example", "xml"};

// The schema itself: empty when it is well formed.
std::string problem_below(Value const& schema, int depth) {
  if (depth > kMostSchemaDepth) return "schema is nested too deeply";
  if (schema.is(Kind::boolean)) return {};
  if (!schema.is(Kind::object)) return "schema must be an object or a boolean";
  auto bad_type = [](Value const& type) {
    bool known = std::ranges::find(kSchemaTypes, type.as_string()) != kSchemaTypes.end();
    return known ? std::string()
                 : "has a primitive type that is NOT VALID -- given: /" +
                       std::string(type.as_string()) +
                       "/ Expected valid values are:[array boolean integer number null object "
                       "string]";
  };
  Value type = schema.get("type");
  if (type.is(Kind::string)) {
    if (std::string problem = bad_type(type); !problem.empty()) return problem;
  } else if (type.is(Kind::array)) {
    for (Value const& one : type.items()) {
      if (std::string problem = bad_type(one); !problem.empty()) return problem;
    }
  } else if (type.defined()) {
    return "type must be of type string/array of strings";
  }
  for (std::string_view name : {"properties", "patternProperties", "definitions", "$defs"}) {
    Value members = schema.get(name);
    if (members.defined() && !members.is(Kind::object)) {
      return std::string(name) + " must be of a type object";
    }
    for (Entry const& entry : members.entries()) {
      if (std::string problem = problem_below(entry.value, depth + 1); !problem.empty())
        return problem;
    }
  }
  for (std::string_view name :
       {"additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"}) {
    Value member = schema.get(name);
    if (!member.defined()) continue;
    if (std::string problem = problem_below(member, depth + 1); !problem.empty()) return problem;
  }
  for (std::string_view name : {"allOf", "anyOf", "oneOf"}) {
    Value list = schema.get(name);
    if (list.defined() && !list.is(Kind::array))
      return std::string(name) + " must be of a type array";
    for (Value const& one : list.items()) {
      if (std::string problem = problem_below(one, depth + 1); !problem.empty()) return problem;
    }
  }
  Value reference = schema.get("$ref");
  bool outside = reference.defined() &&
                 (!reference.is(Kind::string) || !reference.as_string().starts_with('#'));
  if (outside) return "remote reference loading disabled: " + reference.to_text();
  Value required = schema.get("required");
  if (required.defined() && !required.is(Kind::array)) return "required must be of an array";
  return {};
}

Error unsupported(std::string const& at, std::string what) {
  return make_error(Code::config_unsupported,
                    "JSON Schema" + (at.empty() ? "" : " at " + at) + ": " + std::move(what));
}

// Walks the schema once, before the first value, and refuses what would not be checked.
class SchemaReader {
 public:
  SchemaReader(Value const& root, BuiltinCache& cache) : root_(root), cache_(cache) {}

  Result<void> read(Value const& schema, std::string const& at) {
    if (!schema.is(Kind::object)) return {};
    for (Entry const& entry : schema.entries()) AW_TRY(known(entry.key.as_string(), at));
    for (std::string_view name : {"definitions", "$defs"})
      for (Entry const& entry : schema.get(name).entries())
        AW_TRY(read(entry.value, below(below(at, name), entry.key.as_string())));
    if (Value const* reference = schema.find("$ref")) return read_reference(schema, *reference, at);
    if (Value const* pattern = schema.find("pattern"))
      AW_TRY(read_pattern(pattern->as_string(), at + "/pattern"));
    for (Entry const& entry : schema.get("patternProperties").entries())
      AW_TRY(read_pattern(entry.key.as_string(), at + "/patternProperties"));
    for (std::string_view name : {"properties", "patternProperties"})
      for (Entry const& entry : schema.get(name).entries())
        AW_TRY(read(entry.value, below(below(at, name), entry.key.as_string())));
    for (std::string_view name : {"additionalProperties", "additionalItems", "not", "contains",
                                  "propertyNames", "if", "then", "else", "items"})
      AW_TRY(read_one_or_list(schema.get(name), below(at, name)));
    for (std::string_view name : {"allOf", "anyOf", "oneOf"})
      AW_TRY(read_one_or_list(schema.get(name), below(at, name)));
    for (Entry const& entry : schema.get("dependencies").entries())
      if (entry.value.is(Kind::object)) AW_TRY(read(entry.value, below(at, "dependencies")));
    return {};
  }

 private:
  static std::string below(std::string const& at, std::string_view name) {
    return at + "/" + std::string(name);
  }

  static Result<void> known(std::string_view name, std::string const& at) {
    bool const has = std::ranges::find(kWords, name) != kWords.end() ||
                     std::ranges::find(kRestrictions, name) != kRestrictions.end() ||
                     name.starts_with("x-");
    if (has) return {};
    return unsupported(at, "\"" + std::string(name) + "\" is not checked here");
  }

  Result<void> read_one_or_list(Value const& value, std::string const& at) {
    if (!value.is(Kind::array)) return read(value, at);
    for (std::size_t i = 0; i < value.size(); ++i)
      AW_TRY(read(value.items()[i], below(at, std::to_string(i))));
    return {};
  }

  Result<void> read_pattern(std::string_view pattern, std::string const& at) {
    if (cache_.regex(pattern)->ok()) return {};
    return unsupported(at, "the expression \"" + std::string(pattern) + "\" is none of RE2's");
  }

  Result<void> read_reference(Value const& schema, Value const& reference, std::string const& at) {
    for (Entry const& entry : schema.entries()) {
      auto const name = entry.key.as_string();
      if (name == "$ref" || std::ranges::find(kWords, name) != kWords.end()) continue;
      return unsupported(at, "\"" + std::string(name) + "\" beside a $ref; put both into allOf");
    }
    auto const text = reference.as_string();
    bool const within = text == "#" || text.starts_with("#/");
    if (!within || text.find('%') != std::string_view::npos)
      return unsupported(at, "the $ref \"" + std::string(text) + "\" is no #/path");
    if (resolve_reference(root_, text).is_false())
      return unsupported(at, "the $ref \"" + std::string(text) + "\" leads nowhere");
    return {};
  }

  Value const& root_;
  BuiltinCache& cache_;
};

}  // namespace

struct JsonSchema::State {
  Value schema;
  BuiltinCache cache;  // has its own lock
};

std::string schema_problem(Value const& schema) { return problem_below(schema, 0); }

Value resolve_reference(Value const& root, std::string_view reference) {
  Value at = root;
  std::string_view rest = reference.substr(1);
  while (!rest.empty()) {
    rest.remove_prefix(1);
    std::string_view raw = rest.substr(0, rest.find('/'));
    rest.remove_prefix(raw.size());
    std::string step;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      bool escape = raw[i] == '~' && i + 1 < raw.size();
      step += escape ? (raw[++i] == '1' ? '/' : '~') : raw[i];
    }
    Value const* next =
        at.is(Kind::array) ? at.find(Value::number_text(step)) : at.find(std::string_view(step));
    Value held = next == nullptr ? Value::boolean(false) : *next;
    at = held;
  }
  return at;
}

Result<JsonSchema> JsonSchema::parse(std::string_view json) {
  auto state = std::make_shared<State>();
  auto parsed = parse_json(json, {.bytes = 1U << 20, .depth = std::size_t{2} * kMostSchemaDepth});
  if (!parsed.ok())
    return make_error(Code::config_wrong_type, "no JSON Schema: " + parsed.error().message);
  state->schema = std::move(parsed).value();
  if (auto problem = schema_problem(state->schema); !problem.empty())
    return make_error(Code::config_wrong_type, "no JSON Schema: " + problem);
  AW_TRY(SchemaReader(state->schema, state->cache).read(state->schema, {}));
  return JsonSchema(std::move(state));
}

std::string JsonSchema::objection(std::string_view json, std::string_view called) const {
  std::string const root(called);
  // Strict first: of members named twice, we would look at one and the backend at the other.
  if (auto const strict = json::parse(json); !strict.ok())
    return root + ": " + strict.error().message;
  auto const value = parse_json(json);
  if (!value.ok()) return root + " is no JSON";
  std::string out;
  for (auto const& one : check_schema(state_->schema, *value, state_->cache)) {
    out += (out.empty() ? "" : "; ") + root + (one.field == "(root)" ? "" : "." + one.field) +
           ": " + one.description;
    if (out.size() > kMostWords) break;
  }
  if (out.size() <= kMostWords) return out;
  constexpr std::string_view kMore = "…";
  out.resize(text::utf8_prefix(std::string_view(out).substr(0, kMostWords - kMore.size())));
  return out + std::string(kMore);
}

}  // namespace aw::rego
