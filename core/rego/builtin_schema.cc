// SPDX-License-Identifier: Apache-2.0
// json.verify_schema and json.match_schema: JSON Schema drafts 4 to 7, references within the
// document.
#include "core/rego/builtin.h"
#include "core/rego/builtin_cache.h"
#include "core/rego/json_schema.h"

namespace aw::rego {
namespace {

// A document, or JSON text of one.
bool document_of(BuiltinCall& call, std::size_t i, Value& out) {
  if (!call.want(i, {Kind::string, Kind::object})) return false;
  if (call[i].is(Kind::object)) {
    out = call[i];
    return true;
  }
  auto parsed = parse_json(call.text(i));
  if (!parsed.ok()) {
    call.fail(parsed.error().message);
    return false;
  }
  out = *parsed;
  return true;
}

Value verify_schema(BuiltinCall& call) {
  Value schema;
  std::string problem;
  if (call[0].is(Kind::string)) {
    auto parsed = parse_json(call.text(0));
    if (parsed.ok()) {
      schema = *parsed;
    } else {
      problem = parsed.error().message;
    }
  } else {
    schema = call[0];
  }
  if (problem.empty()) problem = schema_problem(schema);
  if (problem.empty()) return Value::array({Value::boolean(true), Value::null()});
  return Value::array({Value::boolean(false), Value::string("jsonschema: " + problem)});
}

Value match_schema(BuiltinCall& call) {
  Value document;
  Value schema;
  if (!document_of(call, 0, document) || !document_of(call, 1, schema)) return {};
  std::string problem = schema_problem(schema);
  if (!problem.empty()) return call.fail(problem);
  std::vector<Value> findings;
  for (SchemaFinding const& one : check_schema(schema, document, *call.context.cache)) {
    findings.push_back(Value::object({{"desc", Value::string(one.description)},
                                      {"error", Value::string(one.field + ": " + one.description)},
                                      {"field", Value::string(one.field)},
                                      {"type", Value::string(one.type)}}));
  }
  bool valid = findings.empty();
  return Value::array({Value::boolean(valid), Value::array(std::move(findings))});
}

constexpr Builtin kSchema[] = {
    {"json.verify_schema", 1, verify_schema},
    {"json.match_schema", 2, match_schema},
};

}  // namespace

std::span<const Builtin> schema_builtins() { return kSchema; }

}  // namespace aw::rego
