// SPDX-License-Identifier: Apache-2.0
// The keywords of JSON Schema that say something about a value, one function a kind of value.
#include <algorithm>
#include <cmath>

#include "core/rego/builtin_cache.h"
#include "core/rego/json_schema.h"
#include "core/rego/number.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMaxFindings = 100;
constexpr std::size_t kMaxChecks = 200'000;

std::string_view schema_type_of(Value const& value) {
  if (value.is(Kind::number)) return is_integer(value) ? "integer" : "number";
  return kind_name(value.kind());
}

bool has_type(Value const& value, std::string_view type) {
  std::string_view own = schema_type_of(value);
  return own == type || (own == "integer" && type == "number");
}

class SchemaChecker {
 public:
  // `budget`: checks that may still be made; references may make a small schema a large one.
  SchemaChecker(Value const& root, BuiltinCache& cache, std::size_t& budget)
      : root_(root), cache_(cache), budget_(budget) {}

  void check(Value const& schema, Value const& value, std::string const& field, int depth) {
    if (findings.size() >= kMaxFindings) return;
    if (budget_ == 0) return add("budget", field, "Validation takes too many steps");
    --budget_;
    if (depth > kMostSchemaDepth) return add("depth", field, "Schema is nested too deeply");
    if (schema.is_false()) return add("false", field, "False always fails validation");
    if (!schema.is(Kind::object)) return;
    Value reference = schema.get("$ref");
    if (reference.is(Kind::string)) {
      return check(resolve_reference(root_, reference.as_string()), value, field, depth + 1);
    }
    if (!check_type(schema, value, field)) return;
    check_values(schema, value, field);
    check_logic(schema, value, field, depth);
    if (value.is(Kind::number)) check_number(schema, value, field);
    if (value.is(Kind::string)) check_string(schema, value, field);
    if (value.is(Kind::array)) check_array(schema, value, field, depth);
    if (value.is(Kind::object)) check_object(schema, value, field, depth);
  }

  std::vector<SchemaFinding> findings;

 private:
  void add(std::string type, std::string const& field, std::string description) {
    findings.push_back({std::move(type), field.empty() ? "(root)" : field, std::move(description)});
  }

  static std::string below(std::string const& field, std::string_view name) {
    return field.empty() ? std::string(name) : field + "." + std::string(name);
  }

  bool passes(Value const& schema, Value const& value, int depth) {
    SchemaChecker other(root_, cache_, budget_);
    other.check(schema, value, "", depth + 1);
    return other.findings.empty();
  }

  bool check_type(Value const& schema, Value const& value, std::string const& field) {
    Value type = schema.get("type");
    if (!type.defined()) return true;
    std::string names;
    auto items = type.is(Kind::array) ? type.items() : std::span<const Value>(&type, 1);
    for (Value const& one : items) {
      if (has_type(value, one.as_string())) return true;
      names += (names.empty() ? "" : ",") + std::string(one.as_string());
    }
    if (type.is(Kind::array)) names = "[" + names + "]";
    add("invalid_type", field,
        "Invalid type. Expected: " + names + ", given: " + std::string(schema_type_of(value)));
    return false;
  }

  void check_values(Value const& schema, Value const& value, std::string const& field) {
    Value allowed = schema.get("enum");
    if (allowed.is(Kind::array) &&
        std::ranges::find(allowed.items(), value) == allowed.items().end()) {
      std::string list;
      for (Value const& one : allowed.items()) list += (list.empty() ? "" : ", ") + one.to_json();
      add("enum", field,
          (field.empty() ? "(root)" : field) + " must be one of the following: " + list);
    }
    Value constant = schema.get("const");
    if (constant.defined() && !(constant == value)) {
      add("const", field,
          (field.empty() ? "(root)" : field) + " does not match: " + constant.to_json());
    }
  }

  void check_logic(Value const& schema, Value const& value, std::string const& field, int depth) {
    Value all = schema.get("allOf");
    for (Value const& one : all.items()) {
      std::size_t before = findings.size();
      check(one, value, field, depth + 1);
      if (findings.size() == before) continue;
      add("number_all_of", field, "Must validate all the schemas (allOf)");
      break;
    }
    auto count = [&](Value const& list) {
      return std::ranges::count_if(list.items(),
                                   [&](Value const& s) { return passes(s, value, depth); });
    };
    Value any = schema.get("anyOf");
    if (any.size() > 0 && count(any) == 0) {
      add("number_any_of", field, "Must validate at least one schema (anyOf)");
    }
    Value one_of = schema.get("oneOf");
    if (one_of.size() > 0 && count(one_of) != 1) {
      add("number_one_of", field, "Must validate one and only one schema (oneOf)");
    }
    Value negated = schema.get("not");
    if (negated.defined() && passes(negated, value, depth)) {
      add("number_not", field, "Must not validate the schema (not)");
    }
    Value condition = schema.get("if");
    if (!condition.defined()) return;
    Value branch = schema.get(passes(condition, value, depth) ? "then" : "else");
    if (branch.defined()) check(branch, value, field, depth + 1);
  }

  void check_number(Value const& schema, Value const& value, std::string const& field) {
    auto bound = [&](std::string_view name) {
      Value limit = schema.get(name);
      return limit.is(Kind::number) ? limit : Value{};
    };
    Value least = bound("minimum");
    Value most = bound("maximum");
    bool open_least = schema.get("exclusiveMinimum").is_true();
    bool open_most = schema.get("exclusiveMaximum").is_true();
    if (least.defined() && compare(value, least) < (open_least ? 1 : 0)) {
      add("number_gte", field, "Must be greater than or equal to " + least.to_json());
    }
    if (most.defined() && compare(value, most) > (open_most ? -1 : 0)) {
      add("number_lte", field, "Must be less than or equal to " + most.to_json());
    }
    if (Value above = bound("exclusiveMinimum"); above.defined() && compare(value, above) <= 0) {
      add("number_gt", field, "Must be greater than " + above.to_json());
    }
    if (Value under = bound("exclusiveMaximum"); under.defined() && compare(value, under) >= 0) {
      add("number_lt", field, "Must be less than " + under.to_json());
    }
    Value factor = bound("multipleOf");
    if (factor.defined() && factor.as_double() != 0) {
      Float quotient = to_float(value) / to_float(factor);
      if (std::fabs(quotient - std::round(quotient)) > 1e-12L) {
        add("multiple_of", field, "Must be a multiple of " + factor.to_json());
      }
    }
  }

  bool limited(Value const& schema, std::string_view name, std::size_t size, bool at_most) const {
    auto limit = schema.get(name).as_int();
    if (!limit) return false;
    return at_most ? static_cast<std::int64_t>(size) > *limit
                   : static_cast<std::int64_t>(size) < *limit;
  }

  void check_string(Value const& schema, Value const& value, std::string const& field) {
    std::size_t size = rune_count(value.as_string());
    if (limited(schema, "minLength", size, false)) {
      add("string_gte", field,
          "String length must be greater than or equal to " + schema.get("minLength").to_json());
    }
    if (limited(schema, "maxLength", size, true)) {
      add("string_lte", field,
          "String length must be less than or equal to " + schema.get("maxLength").to_json());
    }
    Value pattern = schema.get("pattern");
    if (pattern.is(Kind::string) && !matches(pattern.as_string(), value.as_string())) {
      add("pattern", field, "Does not match pattern '" + std::string(pattern.as_string()) + "'");
    }
  }

  bool matches(std::string_view pattern, std::string_view text) {
    auto regex = cache_.regex(pattern);
    return regex->ok() &&
           re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex);
  }

  void check_array(Value const& schema, Value const& value, std::string const& field, int depth) {
    auto items = value.items();
    if (limited(schema, "minItems", items.size(), false)) {
      add("array_min_items", field,
          "Array must have at least " + schema.get("minItems").to_json() + " items");
    }
    if (limited(schema, "maxItems", items.size(), true)) {
      add("array_max_items", field,
          "Array must have at most " + schema.get("maxItems").to_json() + " items");
    }
    if (schema.get("uniqueItems").is_true()) {
      std::vector<Value> copy(items.begin(), items.end());
      if (Value::set(std::move(copy)).size() != items.size()) {
        add("unique", field, "array items must be unique");
      }
    }
    Value each = schema.get("items");
    Value more = schema.get("additionalItems");
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::string at = below(field, std::to_string(i));
      if (each.is(Kind::array)) {
        Value const* own = i < each.size() ? &each.items()[i] : more.defined() ? &more : nullptr;
        if (own != nullptr) check(*own, items[i], at, depth + 1);
      } else if (each.defined()) {
        check(each, items[i], at, depth + 1);
      }
    }
    Value wanted = schema.get("contains");
    bool found = !wanted.defined() || std::ranges::any_of(items, [&](Value const& v) {
      return passes(wanted, v, depth);
    });
    if (!found) add("contains", field, "At least one of the items must match");
  }

  void check_object(Value const& schema, Value const& value, std::string const& field, int depth) {
    for (Value const& name : schema.get("required").items()) {
      if (value.find(name) != nullptr) continue;
      add("required", field, std::string(name.as_string()) + " is required");
    }
    if (limited(schema, "minProperties", value.size(), false)) {
      add("array_min_properties", field,
          "Must have at least " + schema.get("minProperties").to_json() + " properties");
    }
    if (limited(schema, "maxProperties", value.size(), true)) {
      add("array_max_properties", field,
          "Must have at most " + schema.get("maxProperties").to_json() + " properties");
    }
    Value properties = schema.get("properties");
    Value patterns = schema.get("patternProperties");
    Value additional = schema.get("additionalProperties");
    Value names = schema.get("propertyNames");
    for (Entry const& entry : value.entries()) {
      std::string_view name = entry.key.as_string();
      std::string at = below(field, name);
      bool known = false;
      if (Value const* own = properties.find(entry.key)) {
        known = true;
        check(*own, entry.value, at, depth + 1);
      }
      for (Entry const& pattern : patterns.entries()) {
        if (!matches(pattern.key.as_string(), name)) continue;
        known = true;
        check(pattern.value, entry.value, at, depth + 1);
      }
      if (!known && additional.is_false()) {
        add("additional_property_not_allowed", field,
            "Additional property " + std::string(name) + " is not allowed");
      } else if (!known && additional.is(Kind::object)) {
        check(additional, entry.value, at, depth + 1);
      }
      if (names.defined() && !passes(names, entry.key, depth)) {
        add("invalid_property_name", field,
            "Property name of \"" + std::string(name) + "\" does not match");
      }
    }
    for (Entry const& need : schema.get("dependencies").entries()) {
      if (value.find(need.key) == nullptr) continue;
      if (!need.value.is(Kind::array)) check(need.value, value, field, depth + 1);
      for (Value const& other : need.value.items()) {
        if (value.find(other) == nullptr) {
          add("missing_dependency", field, "Has a dependency on " + std::string(other.as_string()));
        }
      }
    }
  }

  Value root_;
  BuiltinCache& cache_;
  std::size_t& budget_;
};

}  // namespace

std::vector<SchemaFinding> check_schema(Value const& schema, Value const& value,
                                        BuiltinCache& cache) {
  std::size_t budget = kMaxChecks;
  SchemaChecker checker(schema, cache, budget);
  checker.check(schema, value, "", 0);
  return std::move(checker.findings);
}

}  // namespace aw::rego
