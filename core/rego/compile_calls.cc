// SPDX-License-Identifier: Apache-2.0
// Calls: which function a name stands for, its arguments and its result; and comprehensions.
#include <algorithm>
#include <utility>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

// Functions that Rego v1 dropped.
bool is_deprecated(std::string_view name) {
  constexpr std::string_view kDropped[] = {
      "all",      "any",         "cast_array",       "cast_boolean", "cast_null", "cast_object",
      "cast_set", "cast_string", "net.cidr_overlap", "re_match",     "set_diff"};
  return std::ranges::find(kDropped, name) != std::end(kDropped);
}

}  // namespace

std::vector<std::string> RuleCompiler::function_path(Term const& op) {
  std::vector<std::string> path;
  if (op.kind == TermKind::var) {
    if (auto full = global(op.name)) return *full;
    return {op.name};
  }
  Term const& head = *op.items[0];
  if (head.kind != TermKind::var) return {};
  if (auto full = global(head.name)) {
    path = *full;
  } else {
    path = {head.name};
  }
  for (std::size_t i = 1; i < op.items.size(); ++i) {
    if (!is_string(op.items[i])) return {};
    path.emplace_back(op.items[i]->value.as_string());
  }
  return path;
}

// `f(x, y)` where f takes one argument: y is what it answers.
bool RuleCompiler::names_result(Term const& call) {
  if (call.kind != TermKind::call) return false;
  std::vector<std::string> path = function_path(*call.items[0]);
  if (path.empty()) return false;
  std::size_t given = call.items.size() - 1;
  if (path.front() != "data") {
    Builtin const* builtin = find_builtin(ref_text(path));
    return builtin != nullptr && given == static_cast<std::size_t>(builtin->arity) + 1;
  }
  RuleNode const* node = &program_.root;
  for (std::size_t i = 1; i < path.size() && node != nullptr; ++i) node = node->child(path[i]);
  return node != nullptr && node->group != nullptr && given == node->group->arity + 1;
}

// Refused functions are refused by name, but where `with` replaces them right here.
bool RuleCompiler::is_allowed(std::string_view name, Place place) {
  if (std::ranges::find(mocked_, name) != mocked_.end()) return true;
  std::string_view refused = refused_builtin(name);
  for (std::string const& denied : program_.options.deny_builtins) {
    if (denied == name) refused = "the configuration denies it";
  }
  if (refused.empty()) return true;
  faults_.add("rego_type_error", place,
              "builtin function " + std::string(name) + " is not supported", std::string(refused),
              Code::policy_unsupported);
  return false;
}

bool RuleCompiler::find_function(Term const& call, Statement& out) {
  std::vector<std::string> path = function_path(*call.items[0]);
  std::string name = path.empty() ? operator_name(call) : ref_text(path);
  if (!path.empty() && path.front() == "data") {
    RuleNode const* node = &program_.root;
    for (std::size_t i = 1; i < path.size() && node != nullptr; ++i) node = node->child(path[i]);
    if (node != nullptr && node->group != nullptr && node->group->kind == GroupKind::function) {
      out.group = node->group;
      return true;
    }
  } else if (!path.empty()) {
    name = operator_name(call);
    if (path.size() > 1 && path.front() != operator_name(call).substr(0, path.front().size())) {
      name = ref_text(path);
    }
    if (!is_allowed(name, call.place)) return false;
    out.builtin = find_builtin(name);
    if (out.builtin == nullptr) out.builtin = refused_stand_in(name);
    if (out.builtin != nullptr && is_deprecated(name)) {
      faults_.add("rego_type_error", call.place,
                  "deprecated built-in function calls in expression: " + name,
                  "Rego v1 has it no more");
      return false;
    }
    if (out.builtin != nullptr) return true;
  }
  faults_.add("rego_type_error", call.place, "undefined function " + name, "",
              Code::policy_unsupported);
  return false;
}

// A rule without arguments may be called where nothing is known of its type: `f()` is what it says,
// `f(x)` says that x is that. False: the name is no such rule's.
bool RuleCompiler::rule_called(Term const& call, Pattern const& out, Block& block, bool test) {
  std::vector<std::string> const path = function_path(*call.items[0]);
  if (path.empty() || path.front() != "data") return false;
  RuleNode const* node = &program_.root;
  for (std::size_t i = 1; i < path.size() && node != nullptr; ++i) node = node->child(path[i]);
  bool const rule =
      node != nullptr && node->group != nullptr && node->group->kind != GroupKind::function;
  if (!rule) return false;
  std::size_t const given = call.items.size() - 1;
  if (given > 1 || (given == 1 && out.kind != Pattern::Kind::none)) {
    faults_.add("rego_type_error", call.place,
                "function " + node->group->path + " has arity 0, got " + std::to_string(given) +
                    (given == 1 ? " argument" : " arguments"));
    return true;
  }
  Statement made = statement(Statement::Kind::ref, call.place);
  made.root = Statement::Root::data;
  for (std::size_t i = 1; i < path.size(); ++i) {
    made.steps.push_back(constant_pattern(Value::string(path[i])));
  }
  link(made);
  made.called = true;
  made.test = test && given == 0;
  made.out = given == 1 ? operand(*call.items[1], block) : out;
  block.push_back(std::move(made));
  return true;
}

void RuleCompiler::call_into(Term const& term, Pattern out, Block& block, bool test) {
  std::string name = operator_name(term);
  if (name == "eq" || name == "assign") {
    faults_.add("rego_compile_error", term.place, "unification is not a value");
    return;
  }
  bool value_wanted = out.kind != Pattern::Kind::none;
  if (name == "print" && !find_declared(name)) {
    if (!value_wanted) return print(term, block);
    std::string text(program_.text(term.place));
    faults_.add("rego_type_error", term.place, text + " used as value");
    return;
  }
  if (rule_called(term, out, block, test)) return;
  Statement made = statement(Statement::Kind::call, term.place);
  if (!find_function(term, made)) return;
  std::size_t given = term.items.size() - 1;
  std::size_t arity =
      made.group != nullptr ? made.group->arity : static_cast<std::size_t>(made.builtin->arity);
  // One more argument is the result; there is no such argument where the result is wanted.
  if (given != arity && (given != arity + 1 || value_wanted)) {
    std::string told = made.group != nullptr ? "function " + made.group->path + " has arity " +
                                                   std::to_string(arity) + ", got " +
                                                   std::to_string(given) + " arguments"
                                             : name + ": arity mismatch";
    faults_.add("rego_type_error", term.place, told,
                "have: " + std::to_string(given) + " arguments, want: " + std::to_string(arity));
    return;
  }
  made.steps = operands(std::span(term.items).subspan(1, arity), block);
  made.out = std::move(out);
  made.test = test;
  if (given == arity + 1) {
    made.out = operand(*term.items.back(), block);
    made.test = false;
    block.push_back(std::move(made));
    return;
  }
  block.push_back(std::move(made));
}

// print(a, b): each argument is the set of its values, so that an undefined one prints too.
void RuleCompiler::print(Term const& call, Block& block) {
  Statement made = statement(Statement::Kind::call, call.place);
  made.builtin = find_builtin("internal.print");
  Pattern list;
  list.kind = Pattern::Kind::array;
  for (std::size_t i = 1; i < call.items.size(); ++i) {
    Statement all = statement(Statement::Kind::comprehension, call.place);
    all.collection = Statement::Collection::set;
    scopes_.emplace_back();
    Pattern one = fresh(call.place);
    std::uint32_t outer = expr_;
    expr_ = kNoExpr;
    ++printing_;
    std::size_t const told = std::exchange(told_scope_, scopes_.size());
    assign_into(*call.items[i], one, all.body, false);
    told_scope_ = told;
    --printing_;
    expr_ = outer;
    scopes_.pop_back();
    all.left = one;
    all.out = fresh(call.place);
    list.items.push_back(all.out);
    block.push_back(std::move(all));
  }
  if (list.items.empty()) list = constant_pattern(Value::array({}));
  made.steps.push_back(std::move(list));
  block.push_back(std::move(made));
}

void RuleCompiler::comprehension_into(Term const& term, Pattern out, Block& block) {
  Statement made = statement(Statement::Kind::comprehension, term.place);
  made.collection = term.kind == TermKind::array_comprehension ? Statement::Collection::array
                    : term.kind == TermKind::set_comprehension ? Statement::Collection::set
                                                               : Statement::Collection::object;
  std::uint32_t outer = expr_;
  expr_ = kNoExpr;
  scopes_.emplace_back();
  body(*term.body, made.body);
  made.left = operand(*term.items[0], made.body);
  if (term.items.size() > 1) made.steps.push_back(operand(*term.items[1], made.body));
  scopes_.pop_back();
  expr_ = outer;
  bool const held = out.kind == Pattern::Kind::var && vars_[out.slot].name.empty();
  if (held) vars_[out.slot].comprehension = true;
  made.out = std::move(out);
  block.push_back(std::move(made));
}

}  // namespace aw::rego
