// SPDX-License-Identifier: Apache-2.0
// `with`: what is replaced, and by what.
#include "core/rego/compile.h"

namespace aw::rego {

void RuleCompiler::with(Expr const& expr, Block& block) {
  replaced(expr, block, [&](Block& inside) { plain_expression(expr, inside); });
}

// What the expression of a query gives there.
Pattern RuleCompiler::with_value(Expr const& expr, Block& block) {
  Pattern held;
  replaced(expr, block, [&](Block& inside) { held = operand(*expr.term, inside); });
  return held;
}

void RuleCompiler::replaced(Expr const& expr, Block& block,
                            std::function<void(Block&)> const& inside) {
  Statement made = statement(Statement::Kind::with, expr.place);
  std::size_t const outer = mocked_.size();
  std::vector<std::string_view> mocked;
  for (With const& one : expr.with) {
    WithTarget target;
    with_target(one, target, block);
    if (target.builtin != nullptr) mocked.push_back(target.builtin->name);
    made.targets.push_back(std::move(target));
  }
  mocked_.insert(mocked_.end(), mocked.begin(), mocked.end());
  inside(made.body);
  mocked_.resize(outer);
  block.push_back(std::move(made));
}

// The function that a name stands for here; neither when it stands for something else.
RuleCompiler::NamedFunction RuleCompiler::function_named(Term const& term) {
  if (term.kind != TermKind::var && term.kind != TermKind::ref) return {};
  if (term.kind == TermKind::var && find_declared(term.name)) return {};
  auto const names = function_path(term);
  if (names.empty() || names.front() == "input") return {};
  if (names.front() != "data") {
    auto const name = ref_text(names);
    Builtin const* builtin = find_builtin(name);
    return {.builtin = builtin != nullptr ? builtin : refused_stand_in(name)};
  }
  RuleNode const* node = &program_.root;
  for (std::size_t i = 1; i < names.size() && node != nullptr; ++i) node = node->child(names[i]);
  bool const function =
      node != nullptr && node->group != nullptr && node->group->kind == GroupKind::function;
  return {.group = function ? node->group : nullptr};
}

bool RuleCompiler::with_target(With const& with, WithTarget& out, Block& block) {
  auto const replaced = function_named(*with.target);
  if (replaced) {
    out.kind = WithTarget::Kind::function;
    out.builtin = replaced.builtin;
    out.group = replaced.group;
    if (!may_replace(with, out)) return false;
    if (auto const by = function_named(*with.value)) return replace_by(with, by, out);
  } else if (!document_target(*with.target, out, block)) {
    faults_.add("rego_type_error", with.target->place,
                "with keyword target must reference existing input, data, or a function");
    return false;
  }
  out.value = operand(*with.value, block);
  return true;
}

// A path below input or data. One that is not all names is no document's: evaluation says so.
bool RuleCompiler::document_target(Term const& target, WithTarget& out, Block& block) {
  Term const& head = target.kind == TermKind::ref ? *target.items[0] : target;
  auto const path = function_path(head);
  bool const root = !path.empty() && (path.front() == "input" || path.front() == "data");
  if (!root) return false;
  out.kind = path.front() == "input" ? WithTarget::Kind::input : WithTarget::Kind::data;
  for (std::size_t i = 1; i < path.size(); ++i) out.path.push_back(Value::string(path[i]));
  for (std::size_t i = 1; target.kind == TermKind::ref && i < target.items.size(); ++i) {
    if (is_string(target.items[i])) {
      out.path.push_back(target.items[i]->value);
      continue;
    }
    out.kind = WithTarget::Kind::no_document;
    out.steps.push_back(operand(*target.items[i], block));
  }
  if (out.kind == WithTarget::Kind::data && is_below_rule(out.path)) {
    faults_.add("rego_compile_error", target.place,
                "with keyword cannot partially replace virtual document(s)");
  }
  return true;
}

bool RuleCompiler::is_below_rule(std::vector<Value> const& path) const {
  RuleNode const* node = &program_.root;
  for (Value const& step : path) {
    if (node->group != nullptr) return true;
    node = node->child(step.as_string());
    if (node == nullptr) return false;
  }
  return false;
}

bool RuleCompiler::may_replace(With const& with, WithTarget const& out) {
  if (out.builtin == nullptr) return true;
  std::string const name(out.builtin->name);
  auto refuse = [&](std::string const& why) {
    faults_.add("rego_compile_error", with.target->place,
                "with keyword replacing built-in function: " + why);
    return false;
  };
  if (out.builtin->kind == BuiltinKind::relation) return refuse("target must not be a relation");
  if (name.starts_with("internal.")) {
    return refuse("replacement of internal function \"" + name + "\" invalid");
  }
  bool const fixed = name == "eq" || name.starts_with("rego.metadata.");
  return !fixed || refuse("replacement of \"" + name + "\" invalid");
}

bool RuleCompiler::replace_by(With const& with, NamedFunction const& by, WithTarget& out) {
  auto arity = [](Builtin const* builtin, Group const* group) {
    return group != nullptr ? group->arity : static_cast<std::size_t>(builtin->arity);
  };
  out.by_builtin = by.builtin;
  out.by_group = by.group;
  if (by.builtin != nullptr && !is_allowed(by.builtin->name, with.value->place)) return false;
  if (arity(out.builtin, out.group) == arity(by.builtin, by.group)) return true;
  faults_.add("rego_type_error", with.place,
              (out.group != nullptr ? out.group->path : std::string(out.builtin->name)) +
                  ": arity mismatch");
  return false;
}

}  // namespace aw::rego
