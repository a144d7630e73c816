// SPDX-License-Identifier: Apache-2.0
// JSON Schema, drafts 4 to 7: is this a schema, and what is wrong with a value under it?
//
// Pure and bounded: 64 levels, 200 000 checks, 100 findings, regular expressions in linear time
// (RE2), references within the document only. The free functions judge as OPA does (the policy
// builtins json.verify_schema and json.match_schema); a JsonSchema is stricter about the schema:
// what would not be checked is refused, never passed over.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/rego/value.h"

namespace aw::rego {

class BuiltinCache;

inline constexpr int kMostSchemaDepth = 64;

struct SchemaFinding {
  std::string type;   // "required", "invalid_type", …
  std::string field;  // "items.0.name"; "(root)" for the value itself
  std::string description;
};

// What is wrong with the schema itself; empty when it is well formed.
[[nodiscard]] std::string schema_problem(Value const& schema);
// In the order of the schema's members; empty = valid. `schema` is well formed.
[[nodiscard]] std::vector<SchemaFinding> check_schema(Value const& schema, Value const& value,
                                                      BuiltinCache& cache);
// What "#/definitions/a" means in `root`; `false` (nothing fits) where it leads nowhere.
[[nodiscard]] Value resolve_reference(Value const& root, std::string_view reference);

// A schema to hold values against again and again. Immutable, cheap to copy; any thread.
class JsonSchema {
 public:
  // Code::config_unsupported names the keyword that is not known here and would restrict values
  // (of drafts after 7: unevaluatedProperties, …), a regular expression RE2 does not have, a
  // reference that leads out of the document or nowhere, members beside a $ref (draft 7 would
  // ignore them). Code::config_wrong_type for what is no schema, or no JSON.
  static Result<JsonSchema> parse(std::string_view json);

  // The findings as one line for the caller, under the name the value has there: "payload: name is
  // required; payload.items.0: …"; empty when `json` is valid. What is no JSON, or names a member
  // twice, is invalid. Never longer than kMostWords.
  [[nodiscard]] std::string objection(std::string_view json, std::string_view called) const;

  static constexpr std::size_t kMostWords = 512;

 private:
  struct State;
  explicit JsonSchema(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;  // shared by copies: the compiled expressions are kept in it
};

}  // namespace aw::rego
