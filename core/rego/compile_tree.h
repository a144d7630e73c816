// SPDX-License-Identifier: Apache-2.0
// Lays out the tree of rule paths and decides what kind of document each is. One compilation's own.
#pragma once

#include <map>
#include <vector>

#include "core/rego/compile.h"

namespace aw::rego {

// Fills the program's root and groups. Holds pointers into the program's modules, which must not
// move while it lives.
class RuleTree {
 public:
  RuleTree(Program& program, Faults& faults) : program_(program), faults_(faults) {}

  // Places all rules of all modules; false when they conflict.
  bool build();
  // Rules in the order of the sources, with where each belongs.
  [[nodiscard]] std::vector<PlacedRule> const& placed() const { return placed_; }
  [[nodiscard]] Group& group_of(PlacedRule const& rule) { return *groups_.at(rule.node); }

 private:
  RuleNode* descend(RuleNode* node, std::string const& name);
  void place(Rule const& rule, std::size_t module);
  void absorb(RuleNode* node, RuleNode* into, std::size_t depth);
  void flatten();
  void make_group(RuleNode* node, std::vector<PlacedRule const*> const& rules);
  void check_group(Group const& group, std::vector<PlacedRule const*> const& rules);
  void check_packages();

  Program& program_;
  Faults& faults_;
  std::vector<PlacedRule> placed_;
  std::map<RuleNode const*, Group*> groups_;
};

}  // namespace aw::rego
