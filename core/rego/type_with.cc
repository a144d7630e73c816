// SPDX-License-Identifier: Apache-2.0
#include "core/rego/type_with.h"

#include <utility>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

// The node at a path below data, as long as no rule is above it; null: there is none.
RuleNode const* node_at(Program const& program, std::vector<Value> const& path) {
  RuleNode const* node = &program.root;
  for (Value const& step : path) {
    if (node->group != nullptr || !step.is(Kind::string)) return nullptr;
    node = node->child(step.as_string());
    if (node == nullptr) return nullptr;
  }
  return node;
}

}  // namespace

void TypesWith::replace(WithTarget const& target, TypeRef type) {
  if (!dependents_) {
    Edges reversed(program_->groups.size());
    Edges const needs = dependencies(*program_);
    for (std::uint32_t id = 0; id < needs.size(); ++id) {
      for (std::uint32_t needed : needs[id]) reversed[needed].insert(id);
    }
    dependents_ = std::make_shared<const Edges>(std::move(reversed));
  }
  std::set<std::uint32_t> const replaced = groups_replaced(*program_, target);
  std::vector<std::uint32_t> open(replaced.begin(), replaced.end());
  std::set<std::uint32_t> seen = replaced;
  while (!open.empty()) {
    std::uint32_t const id = open.back();
    open.pop_back();
    for (std::uint32_t dependent : (*dependents_)[id]) {
      if (seen.insert(dependent).second) open.push_back(dependent);
    }
  }
  // A function that another stands in for keeps what it is declared as.
  if (target.kind == WithTarget::Kind::function) {
    for (std::uint32_t id : replaced) seen.erase(id);
  }
  relaxed_.insert(seen.begin(), seen.end());
  if (RuleNode const* node = node_at(*program_, target.path); node != nullptr && type) {
    types_[node] = std::move(type);
  }
}

TypeRef TypesWith::type_at(RuleNode const& node) const {
  auto found = types_.find(&node);
  return found == types_.end() ? nullptr : found->second;
}

}  // namespace aw::rego
