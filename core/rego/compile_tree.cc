// SPDX-License-Identifier: Apache-2.0
#include "core/rego/compile_tree.h"

#include <algorithm>
#include <utility>

namespace aw::rego {
namespace {

bool is_dynamic(PlacedRule const& placed) {
  return placed.path_length < placed.rule->head.ref.size();
}

std::string path_text(RuleNode const& node) {
  std::string text = "data";
  for (Value const& step : node.path) text += "." + std::string(step.as_string());
  return text;
}

}  // namespace

RuleNode* RuleTree::descend(RuleNode* node, std::string const& name) {
  auto& child = node->children[name];
  if (!child) {
    child = std::make_unique<RuleNode>();
    child->name = name;
    child->parent = node;
    child->path = node->path;
    child->path.push_back(Value::string(name));
  }
  return child.get();
}

void RuleTree::place(Rule const& rule, std::size_t module) {
  std::string const& name = rule.head.ref[0]->name;
  if (name == "input" || name == "data") {
    faults_.add("rego_compile_error", rule.place,
                "rules must not shadow " + name + " (use a different rule name)");
  }
  RuleNode* node = &program_.root;
  for (std::string const& step : program_.modules[module].package) node = descend(node, step);
  PlacedRule placed;
  placed.rule = &rule;
  placed.module = module;
  node = descend(node, rule.head.ref[0]->name);
  std::size_t used = 1;
  while (used < rule.head.ref.size() && is_string(rule.head.ref[used])) {
    node = descend(node, std::string(rule.head.ref[used]->value.as_string()));
    ++used;
  }
  placed.node = node;
  placed.path_length = used;
  placed_.push_back(placed);
}

// Where a rule has variables in its head, the rules below it belong to the same document.
void RuleTree::absorb(RuleNode* node, RuleNode* into, std::size_t depth) {
  for (PlacedRule& placed : placed_) {
    if (placed.node != node || depth == 0) continue;
    placed.node = into;
    placed.path_length -= depth;
  }
  for (auto& [name, child] : node->children) absorb(child.get(), into, depth + 1);
}

void RuleTree::flatten() {
  std::vector<RuleNode*> dynamic;
  for (PlacedRule const& placed : placed_) {
    if (is_dynamic(placed)) dynamic.push_back(placed.node);
  }
  std::ranges::sort(dynamic, {}, [](RuleNode* n) { return n->path.size(); });
  std::set<RuleNode*> done;
  // Nodes further down the list may be among those taken out: they live until it is done.
  std::vector<decltype(RuleNode::children)> taken;
  for (RuleNode* node : dynamic) {
    bool covered = false;
    for (RuleNode* up = node->parent; up != nullptr; up = up->parent) {
      covered = covered || done.contains(up);
    }
    if (covered || !done.insert(node).second) continue;
    absorb(node, node, 0);
    taken.push_back(std::exchange(node->children, {}));
  }
}

void RuleTree::check_group(Group const& group, std::vector<PlacedRule const*> const& rules) {
  std::size_t defaults = 0;
  for (PlacedRule const* placed : rules) {
    Rule const& rule = *placed->rule;
    bool function = rule.head.function;
    bool set = rule.head.key != nullptr && !is_dynamic(*placed);
    bool valued = !function && rule.head.key == nullptr && !is_dynamic(*placed);
    bool fits = function ? group.kind == GroupKind::function && rule.head.args.size() == group.arity
                : set    ? group.kind == GroupKind::partial_set
                : valued ? group.kind == GroupKind::complete
                         : group.kind == GroupKind::partial_object;
    if (!fits) {
      faults_.add("rego_type_error", rule.place, "conflicting rules " + group.path + " found");
      return;
    }
    if (rule.is_default && ++defaults > 1) {
      faults_.add("rego_type_error", rule.place, "multiple default rules " + group.path + " found");
      return;
    }
  }
}

void RuleTree::make_group(RuleNode* node, std::vector<PlacedRule const*> const& rules) {
  auto group = std::make_unique<Group>();
  group->id = static_cast<std::uint32_t>(program_.groups.size());
  group->path = path_text(*node);
  group->node = node;
  Rule const& first = *rules.front()->rule;
  bool dynamic = std::ranges::any_of(rules, [](PlacedRule const* p) { return is_dynamic(*p); });
  group->kind = first.head.function         ? GroupKind::function
                : dynamic                   ? GroupKind::partial_object
                : first.head.key != nullptr ? GroupKind::partial_set
                                            : GroupKind::complete;
  group->arity = first.head.args.size();
  check_group(*group, rules);
  node->group = group.get();
  groups_[node] = group.get();
  program_.groups.push_back(std::move(group));
}

// A package may not lie below a rule, nor a rule below another.
void RuleTree::check_packages() {
  for (PlacedRule const& placed : placed_) {
    RuleNode const* node = placed.node;
    for (RuleNode const* up = node->parent; up != nullptr; up = up->parent) {
      if (up->group == nullptr) continue;
      faults_.add("rego_type_error", placed.rule->place,
                  "rule " + path_text(*node) + " conflicts with rule " + up->group->path);
      return;
    }
  }
  for (Module const& module : program_.modules) {
    RuleNode const* node = &program_.root;
    for (std::string const& step : module.package) {
      node = node == nullptr ? nullptr : node->child(step);
      if (node == nullptr || node->group == nullptr) continue;
      faults_.add(
          "rego_type_error", module.place,
          "package " + ref_text(module.package) + " conflicts with rule " + node->group->path);
      return;
    }
  }
}

bool RuleTree::build() {
  place_annotations(program_, faults_);
  for (std::size_t m = 0; m < program_.modules.size(); ++m) {
    RuleNode* node = &program_.root;
    for (std::string const& step : program_.modules[m].package) node = descend(node, step);
    node->package = true;
    for (Rule const& rule : program_.modules[m].rules) place(rule, m);
  }
  flatten();
  std::vector<RuleNode*> order;
  std::map<RuleNode*, std::vector<PlacedRule const*>> by_node;
  for (PlacedRule const& placed : placed_) {
    auto& rules = by_node[placed.node];
    if (rules.empty()) order.push_back(placed.node);
    rules.push_back(&placed);
  }
  for (RuleNode* node : order) make_group(node, by_node[node]);
  check_packages();
  return faults_.empty();
}

}  // namespace aw::rego
