// SPDX-License-Identifier: Apache-2.0
// A schema that would not be checked in full is refused; a value is held against all of it.
#include "core/rego/json_schema.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/fs.h"
#include "core/base/json.h"

using namespace aw;
using namespace aw::rego;

namespace {

JsonSchema schema_of(std::string_view text) {
  auto parsed = JsonSchema::parse(text);
  INFO((parsed.ok() ? std::string() : parsed.error().text()));
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

// Cases of the official suite whose schemas are refused here, by design (json_schema.h). What is
// refused can pass nothing, so these are counted and named, not skipped in silence.
struct SuiteCount {
  int agreed = 0;
  int refused = 0;
  std::vector<std::string> wrong;
};

void run_group(json::Json const& group, std::string const& file, SuiteCount& count) {
  auto const schema = JsonSchema::parse(group.at("schema").dump());
  for (auto const& one : group.at("tests")) {
    if (!schema.ok()) {
      ++count.refused;
      continue;
    }
    bool const valid = schema->objection(one.at("data").dump(), "value").empty();
    if (valid == one.at("valid").get<bool>()) {
      ++count.agreed;
    } else {
      count.wrong.push_back(file + ": " + group.at("description").get<std::string>() + ": " +
                            one.at("description").get<std::string>());
    }
  }
}

SuiteCount run_suite(std::filesystem::path const& folder) {
  SuiteCount count;
  for (auto const& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    auto const groups = json::Json::parse(fs::read_file(entry.path()).value());
    for (auto const& group : groups) run_group(group, entry.path().filename(), count);
  }
  return count;
}

}  // namespace

TEST_CASE("what is wrong with a value is said with the path of the field") {
  auto const schema = schema_of(R"({
    "type": "object",
    "required": ["name"],
    "additionalProperties": false,
    "properties": {
      "name": {"type": "string", "minLength": 1, "maxLength": 5, "pattern": "^[a-z]+$"},
      "age": {"type": "integer", "minimum": 0, "maximum": 150},
      "kind": {"enum": ["a", "b"]},
      "rows": {"type": "array", "maxItems": 2, "items": {"$ref": "#/definitions/row"}}
    },
    "definitions": {"row": {"type": "object", "required": ["id"]}}
  })");
  struct Case {
    char const* value;
    char const* says;
  };
  for (Case const& one : {
           Case{R"({"name":"ada"})", ""},
           Case{R"({"name":"ada","age":36,"kind":"a","rows":[{"id":1},{"id":2}]})", ""},
           Case{R"({})", "payload: name is required"},
           Case{R"({"name":7})", "payload.name: Invalid type. Expected: string, given: integer"},
           Case{R"({"name":"Ada"})", "payload.name: Does not match pattern '^[a-z]+$'"},
           Case{R"({"name":"adaada"})",
                "payload.name: String length must be less than or equal to 5"},
           Case{R"({"name":"ada","age":-1})", "payload.age: Must be greater than or equal to 0"},
           Case{R"({"name":"ada","age":1.5})",
                "payload.age: Invalid type. Expected: integer, given: number"},
           Case{R"({"name":"ada","rows":[{"id":1},{}]})", "payload.rows.1: id is required"},
           Case{R"({"name":"ada","more":1})", "payload: Additional property more is not allowed"},
           Case{R"("ada")", "payload: Invalid type. Expected: object, given: string"},
       }) {
    CAPTURE(one.value);
    CHECK(schema.objection(one.value, "payload") == one.says);
  }
}

TEST_CASE("a value that names a member twice is no value: two readers would see two values") {
  auto const schema = schema_of(R"({"properties": {"role": {"const": "user"}}})");
  CHECK(schema.objection(R"({"role":"user"})", "payload").empty());
  CHECK_FALSE(schema.objection(R"({"role":"admin","role":"user"})", "payload").empty());
  CHECK_FALSE(schema.objection(R"({"role":"user"} x)", "payload").empty());
  CHECK_FALSE(schema.objection("", "payload").empty());
}

TEST_CASE("a schema with anything that would not be checked is refused, and says what") {
  struct Case {
    char const* schema;
    char const* says;
    Code code;
  };
  for (Case const& one : {
           Case{"[]", "schema must be an object or a boolean", Code::config_wrong_type},
           Case{"{", "no JSON Schema", Code::config_wrong_type},
           Case{R"({"type": "text"})", "NOT VALID", Code::config_wrong_type},
           Case{R"({"propertys": {}})", "\"propertys\" is not checked here",
                Code::config_unsupported},
           Case{R"({"properties": {"a": {"unevaluatedItems": false}}})",
                "at /properties/a: \"unevaluatedItems\" is not checked here",
                Code::config_unsupported},
           Case{R"({"items": [{"prefixItems": []}]})", "\"prefixItems\"", Code::config_unsupported},
           Case{R"({"pattern": "(?=a)b"})", "\"(?=a)b\" is none of RE2's",
                Code::config_unsupported},
           Case{R"({"patternProperties": {"(": {}}})", "is none of RE2's",
                Code::config_unsupported},
           Case{R"({"$ref": "#/definitions/a"})", "leads nowhere", Code::config_unsupported},
           Case{R"({"$ref": "#anchor"})", "is no #/path", Code::config_unsupported},
           Case{R"({"$ref": "http://example.com/a"})", "remote reference", Code::config_wrong_type},
           Case{R"({"$ref": "#/definitions/a", "maxLength": 1, "definitions": {"a": {}}})",
                "\"maxLength\" beside a $ref", Code::config_unsupported},
           Case{R"({"definitions": {"a": {"nope": 1}}, "$ref": "#/definitions/a"})", "\"nope\"",
                Code::config_unsupported},
       }) {
    CAPTURE(one.schema);
    auto const parsed = JsonSchema::parse(one.schema);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == one.code);
    CHECK(parsed.error().message.contains(one.says));
  }
}

TEST_CASE("what only describes a schema restricts nothing and is accepted") {
  auto const schema = schema_of(
      R"({"$schema": "http://json-schema.org/draft-07/schema#", "title": "t", "description": "d",
          "default": 1, "examples": [2], "format": "email", "x-note": {}, "$defs": {"a": true}})");
  CHECK(schema.objection("\"anything\"", "payload").empty());
}

TEST_CASE("an objection is bounded, and cut between characters") {
  auto const schema = schema_of(R"({"maxProperties": 0, "additionalProperties": false})");
  std::string value = "{";
  for (int i = 0; i < 200; ++i)
    value += (i == 0 ? "" : ",") + ("\"ключ" + std::to_string(i) + "\":1");
  auto const said = schema.objection(value + "}", "payload");
  CHECK(said.size() <= JsonSchema::kMostWords);
  CHECK(said.ends_with("…"));
}

TEST_CASE("a small schema that multiplies itself ends, and denies") {
  auto const schema = schema_of(
      R"({"anyOf": [{"$ref": "#/definitions/a"}, {"$ref": "#/definitions/a"}], "definitions": {"a":
          {"anyOf": [{"items": {"$ref": "#"}}, {"items": {"$ref": "#"}}]}}})");
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = "[" + deep + "]";
  static_cast<void>(schema.objection(deep, "payload"));  // returns
  auto const self = schema_of(R"({"allOf": [{"$ref": "#"}]})");
  CHECK_FALSE(self.objection("1", "payload").empty());
}

TEST_CASE("the official suite's drafts 4, 6 and 7: nothing is judged otherwise") {
  std::filesystem::path const suite = "/usr/share/json-schema-test-suite/tests";
  if (!std::filesystem::is_directory(suite)) {
    MESSAGE("skipped: json-schema-test-suite is not installed");
    return;
  }
  for (char const* draft : {"draft4", "draft6", "draft7"}) {
    CAPTURE(std::string(draft));
    auto const count = run_suite(suite / draft);
    for (auto const& one : count.wrong) MESSAGE(one);
    CHECK(count.wrong.empty());
    MESSAGE(draft << ": " << count.agreed << " agreed, " << count.refused << " refused");
    CHECK(count.agreed > 9 * count.refused);
  }
}
