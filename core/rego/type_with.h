// SPDX-License-Identifier: Apache-2.0
// What is known of documents where `with` replaces some: the replaced ones may be as they are or as
// the replacement is, and of what depends on them nothing is known. A value: nested `with` adds.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "core/rego/plan.h"
#include "core/rego/types.h"

namespace aw::rego {

class TypesWith {
 public:
  // The program outlives it.
  explicit TypesWith(Program const& program) : program_(&program) {}

  // `type`: of what stands at the target then; null for a function.
  void replace(WithTarget const& target, TypeRef type);
  [[nodiscard]] bool relaxed(Group const& group) const { return relaxed_.contains(group.id); }
  // Of the document replaced at this node; null: none is.
  [[nodiscard]] TypeRef type_at(RuleNode const& node) const;

 private:
  using Edges = std::vector<std::set<std::uint32_t>>;

  Program const* program_;
  std::shared_ptr<const Edges> dependents_;  // shared by the copies, made when first needed
  std::set<std::uint32_t> relaxed_;
  std::map<RuleNode const*, TypeRef> types_;
};

}  // namespace aw::rego
