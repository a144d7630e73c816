// SPDX-License-Identifier: Apache-2.0
// What functions take and answer.
#include <optional>
#include <string>

#include "core/rego/metadata.h"
#include "core/rego/type_checker.h"

namespace aw::rego {
namespace {

using Grow = TypeMatch::Grow;

std::string list_text(std::vector<TypeRef> const& types) {
  std::string text;
  for (TypeRef const& type : types) {
    if (!text.empty()) text += ", ";
    text += type_text(type);
  }
  return text;
}

}  // namespace

void TypeChecker::call(Statement const& s) {
  if (s.builtin != nullptr) return call_builtin(s);
  if (with_.relaxed(*s.group)) return out(s, Side::Form::call, any_type());
  GroupTypes const types = types_of(*s.group);
  if (arguments(s, s.group->path, types.arguments)) out(s, Side::Form::call, types.value);
}

void TypeChecker::call_builtin(Statement const& s) {
  bool member = s.builtin->name == "internal.member_2" || s.builtin->name == "internal.member_3";
  if (member && !membership(s)) return;
  auto signature = builtin_signature(s.builtin->name);
  if (!signature) {
    for (Pattern const& step : s.steps) match_.fit(step, any_type(), Grow::yes);
    return out(s, Side::Form::call, any_type());
  }
  if (arguments(s, s.builtin->name, signature->arguments))
    out(s, Side::Form::call, result_type(*s.builtin, signature->result));
}

// What a rule's annotations hold is known; of all else only what the signature says.
TypeRef TypeChecker::result_type(Builtin const& builtin, TypeRef const& said) const {
  if (rule_ == nullptr || !builtin.name.starts_with("rego.metadata.")) return said;
  Metadata const known = metadata_of(program_, *rule_);
  return type_of_value(builtin.name == "rego.metadata.rule" ? known.rule : known.chain);
}

bool TypeChecker::arguments(Statement const& s, std::string_view name,
                            std::vector<TypeRef> const& wanted) {
  for (std::size_t i = 0; i < s.steps.size() && i < wanted.size(); ++i) {
    if (match_.fit_argument(s.steps[i], wanted[i])) continue;
    std::vector<TypeRef> have;
    have.reserve(s.steps.size());
    for (Pattern const& step : s.steps) have.push_back(match_.type_of(step));
    faults_.add("rego_type_error", s.place, std::string(name) + ": invalid argument(s)",
                "have: (" + list_text(have) + "), want: (" + list_text(wanted) + ")");
    return false;
  }
  return true;
}

// What may be in a collection depends on the collection's own type.
bool TypeChecker::membership(Statement const& s) {
  TypeRef collection = match_.type_of(s.steps.back());
  TypeRef values = collection ? values_of(collection) : nullptr;
  if (!values) return true;
  Pattern const& member = s.steps[s.steps.size() - 2];
  bool ok = s.steps.size() < 3 || fits_member(s.steps[0], keys_of(collection));
  ok = ok && fits_member(member, values);
  if (!ok) match_error(s.place, match_.type_of(member), values);
  return ok;
}

bool TypeChecker::fits_member(Pattern const& pattern, TypeRef const& type) {
  return is_open(type) || match_.fit_argument(pattern, type);
}

}  // namespace aw::rego
