// SPDX-License-Identifier: Apache-2.0
// Whole rules and queries into plans.
#include <algorithm>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

std::string root_name(TermPtr const& term) {
  if (term->kind == TermKind::ref && term->items.size() == 1) return root_name(term->items[0]);
  return term->kind == TermKind::var ? term->name : "";
}

bool is_reserved(TermPtr const& term) {
  std::string name = root_name(term);
  return name == "input" || name == "data";
}

// Looks for a reference with a variable step, or a relation, outside of comprehensions.
bool iterates(Term const& term) {
  bool const closure = term.kind == TermKind::array_comprehension ||
                       term.kind == TermKind::set_comprehension ||
                       term.kind == TermKind::object_comprehension;
  if (closure) return false;
  if (term.kind == TermKind::call) {
    Builtin const* builtin = find_builtin(operator_name(term));
    if (builtin != nullptr && builtin->kind == BuiltinKind::relation) return true;
  }
  bool const ref = term.kind == TermKind::ref;
  for (std::size_t i = 0; i < term.items.size(); ++i) {
    if ((ref && i > 0 && is_var(term.items[i])) || iterates(*term.items[i])) return true;
  }
  return false;
}

}  // namespace

// Arguments are shapes to hold a value against: names, constants and collections of them.
bool RuleCompiler::check_argument(TermPtr const& arg) {
  if (is_reserved(arg)) {
    faults_.add("rego_compile_error", arg->place,
                "args must not shadow " + root_name(arg) + " (use a different variable name)");
    return false;
  }
  if (arg->kind == TermKind::call) {
    faults_.add("rego_compile_error", arg->place, "rule arguments cannot contain calls");
    return false;
  }
  bool const shape =
      arg->kind == TermKind::array || arg->kind == TermKind::object || arg->kind == TermKind::set;
  return !shape || std::ranges::all_of(
                       arg->items, [this](TermPtr const& item) { return check_argument(item); });
}

void RuleCompiler::rule(Rule const& rule, std::size_t group_path, GroupKind kind, RulePlan& out) {
  out.place = rule.place;
  out.head_place = rule.head.place;
  out.multi_value = rule.head.key != nullptr;
  Block block;
  scopes_.emplace_back();
  for (TermPtr const& arg : rule.head.args) {
    if (!check_argument(arg)) return;
    if (arg->kind == TermKind::ref && is_reserved(arg->items[0])) {
      faults_.add("rego_unsafe_var_error", arg->place, "var " + arg->items[0]->name + " is unsafe");
    }
    out.args.push_back(declaration(*arg, block));
  }
  for (Variable& var : vars_) var.argument = true;
  if (!rule.head.args.empty()) scopes_.emplace_back();
  for (Expr const& expr : rule.body) {
    expr_ = static_cast<std::uint32_t>(out.exprs.size());
    out.exprs.push_back({expr.place, expr.generated});
    expression(expr, block);
  }
  expr_ = kNoExpr;
  head_terms(rule, group_path, block, out);
  out.constant_value = out.value.kind == Pattern::Kind::constant;
  out.slots = static_cast<Slot>(vars_.size());

  check_unused();
  if (!faults_.empty()) return;
  Pattern const* entry = !out.suffix.empty()              ? &out.suffix.front()
                         : kind == GroupKind::partial_set ? &out.key
                                                          : nullptr;
  if (entry != nullptr) {
    out.keyed = finish_keyed(out, block, *entry);
  }
  Vars bound(vars_.size(), false);
  finish_rule(out, std::move(block), bound);
}

// What the head computes is an expression of its own, which may fail like any other.
void RuleCompiler::head_terms(Rule const& rule, std::size_t group_path, Block& block,
                              RulePlan& out) {
  std::size_t const from = block.size();
  for (std::size_t i = group_path; i < rule.head.ref.size(); ++i) {
    out.suffix.push_back(operand(*rule.head.ref[i], block));
  }
  if (rule.head.key) out.key = operand(*rule.head.key, block);
  if (rule.head.value) out.value = operand(*rule.head.value, block);
  if (block.size() == from) return;
  auto const number = static_cast<std::uint32_t>(out.exprs.size());
  Place const place = rule.head.value ? rule.head.value->place
                      : rule.head.key ? rule.head.key->place
                                      : rule.head.place;
  out.exprs.push_back({place, true});
  for (std::size_t i = from; i < block.size(); ++i) block[i].expr = number;
}

void RuleCompiler::query(Body const& query_body, PreparedQuery& out) {
  is_query_ = true;
  scopes_.emplace_back();
  Block block;
  for (Expr const& expr : query_body) {
    if (expr.kind == ExprKind::some_decl) {
      expr_ = kNoExpr;
      expression(expr, block);
      continue;
    }
    expr_ = static_cast<std::uint32_t>(out.plan.exprs.size());
    out.plan.exprs.push_back({expr.place, expr.generated});
    bool value = expr.kind == ExprKind::term && !expr.negated;
    std::string name = value && expr.term->kind == TermKind::call ? operator_name(*expr.term) : "";
    bool statement_only = name == "eq" || name == "assign" || name == "print";
    if (!value || statement_only || names_result(*expr.term)) {
      expression(expr, block);
      out.expressions.push_back(constant_pattern(Value::boolean(true)));
      continue;
    }
    Pattern held = expr.with.empty() ? operand(*expr.term, block) : with_value(expr, block);
    Statement test = statement(Statement::Kind::unify, expr.place);
    test.left = held;
    // The only expression of a query is its answer, also when that is false; but what goes through
    // values tells of those that hold.
    test.test = query_body.size() > 1 || iterates(*expr.term);
    block.push_back(std::move(test));
    out.expressions.push_back(held);
  }
  expr_ = kNoExpr;
  for (auto const& [name, slot] : scopes_.front().declared) out.outputs.emplace_back(name, slot);
  for (auto const& [name, slot] : implicit_) {
    bool hidden = is_wildcard(name) || scopes_.front().declared.contains(name);
    if (!hidden) out.outputs.emplace_back(name, slot);
  }
  out.plan.slots = static_cast<Slot>(vars_.size());
  check_unused();
  Vars bound(vars_.size(), false);
  Vars enclosing(vars_.size(), false);
  order(block, bound, enclosing);
  std::erase_if(out.outputs, [&](auto const& o) { return !bound[o.second]; });
  out.plan.body = std::move(block);
}

// Declared names that nothing reads are faults; assigned ones only in strict mode.
void RuleCompiler::check_unused() {
  bool strict = program_.options.strictness == Strictness::strict;
  for (Variable const& var : vars_) {
    if (var.templated) undeclared(var.name, var.place);
    bool looked_at = var.declared && !var.argument && !var.in_some && !var.name.empty();
    if (!looked_at || var.reads > 0 || var.name == "_" || (var.assigned && !strict)) continue;
    faults_.add("rego_compile_error", var.place,
                (var.assigned ? "assigned var " : "declared var ") + var.name + " unused");
  }
}

std::set<std::string> RuleCompiler::unused_arguments() const {
  std::set<std::string> out;
  for (Variable const& var : vars_) {
    bool unused = var.argument && var.declared && var.reads == 0;
    if (unused && !var.name.empty() && var.name != "_") out.insert(var.name);
  }
  return out;
}

}  // namespace aw::rego
