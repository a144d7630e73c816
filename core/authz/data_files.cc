// SPDX-License-Identifier: Apache-2.0
#include "core/authz/data_files.h"

#include <vector>

#include "core/rego/yaml.h"

namespace aw::authz {
namespace {

using rego::Kind;
using rego::Value;

Error bad(std::string const& name, std::string const& why) {
  return make_error(Code::policy_data, name + ": " + why);
}

Result<Value> join_at(Value const& base, Value const& added, std::string const& path,
                      std::string const& name) {
  if (!base.is(Kind::object) || !added.is(Kind::object)) {
    return make_error(Code::policy_data, name + ": " + path + " is already defined elsewhere",
                      "each value may come from one file only");
  }
  std::vector<rego::Entry> entries(base.entries().begin(), base.entries().end());
  for (auto const& entry : added.entries()) {
    auto const* const there = base.find(entry.key);
    if (there == nullptr) {
      entries.push_back(entry);
      continue;
    }
    AW_TRY(auto joined,
           join_at(*there, entry.value, path + "." + std::string(entry.key.as_string()), name));
    entries.push_back({entry.key, std::move(joined)});  // of equal keys the last wins
  }
  return Value::object(std::move(entries));
}

}  // namespace

Result<Value> parse_data_file(std::string const& name, std::string_view text) {
  Value value;
  if (name.ends_with(".json")) {
    AW_TRY(value, with_context(rego::parse_json(text), name));
  } else if (name.ends_with(".yaml") || name.ends_with(".yml")) {
    AW_TRY(value, with_context(rego::parse_yaml(text), name));
  } else {
    return bad(name, "data files end in .json, .yaml or .yml");
  }
  if (!value.is(Kind::object)) return bad(name, "the document's root is no mapping");
  return value;
}

Result<Value> join_data(Value const& base, Value const& added, std::string const& name) {
  return join_at(base, added, "data", name);
}

}  // namespace aw::authz
