// SPDX-License-Identifier: Apache-2.0
// Terms into operands; what has to be computed first becomes a statement of its own.
#include <algorithm>

#include "core/rego/compile.h"

namespace aw::rego {

namespace {
constexpr int kMaxTermDepth = 400;

bool all_constant(std::vector<Pattern> const& items) {
  for (Pattern const& item : items) {
    if (item.kind != Pattern::Kind::constant) return false;
  }
  return true;
}

// Functions that Rego v1 dropped.
bool is_deprecated(std::string_view name) {
  constexpr std::string_view kDropped[] = {
      "all",      "any",         "cast_array",       "cast_boolean", "cast_null", "cast_object",
      "cast_set", "cast_string", "net.cidr_overlap", "re_match",     "set_diff"};
  return std::ranges::find(kDropped, name) != std::end(kDropped);
}

Value constant_of(TermKind kind, std::vector<Pattern> const& items) {
  if (kind == TermKind::object) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      entries.push_back({items[i].value, items[i + 1].value});
    }
    return Value::object(std::move(entries));
  }
  std::vector<Value> values;
  for (Pattern const& item : items) values.push_back(item.value);
  return kind == TermKind::array ? Value::array(std::move(values)) : Value::set(std::move(values));
}

}  // namespace

Slot RuleCompiler::new_var(std::string name, Place place) {
  vars_.push_back({.name = std::move(name), .place = place});
  return static_cast<Slot>(vars_.size() - 1);
}

Pattern RuleCompiler::var_pattern(Slot slot) {
  Pattern pattern;
  pattern.kind = Pattern::Kind::var;
  pattern.slot = slot;
  return pattern;
}

Pattern RuleCompiler::constant_pattern(Value value) {
  Pattern pattern;
  pattern.kind = Pattern::Kind::constant;
  pattern.value = std::move(value);
  return pattern;
}

Pattern RuleCompiler::fresh(Place place) { return var_pattern(new_var("", place)); }

Slot RuleCompiler::declare(std::string const& name, Place place) {
  Slot slot = new_var(name, place);
  vars_[slot].declared = true;
  scopes_.back().declared[name] = slot;
  return slot;
}

std::optional<Slot> RuleCompiler::find_declared(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    auto found = scope->declared.find(name);
    if (found != scope->declared.end()) return found->second;
  }
  return std::nullopt;
}

// The path below data (or input) that a name stands for, unless it is a variable.
std::optional<std::vector<std::string>> RuleCompiler::global(std::string const& name) {
  if (find_declared(name)) return std::nullopt;
  auto import = names_.imports.find(name);
  if (import != names_.imports.end()) {
    names_.used_imports.insert(name);
    return import->second;
  }
  if (!names_.rules.contains(name)) return std::nullopt;
  std::vector<std::string> path = {"data"};
  path.insert(path.end(), names_.package.begin(), names_.package.end());
  path.push_back(name);
  return path;
}

Slot RuleCompiler::resolve(std::string const& name, Place place) {
  if (is_wildcard(name)) {
    auto [at, added] = implicit_.try_emplace(name, 0);
    if (added) at->second = new_var("_", place);
    return at->second;
  }
  if (auto declared = find_declared(name)) {
    ++vars_[*declared].reads;
    return *declared;
  }
  if (!scopes_.empty()) scopes_.back().referenced.try_emplace(name, place);
  auto [at, added] = implicit_.try_emplace(name, 0);
  if (added) at->second = new_var(name, place);
  if (added) vars_[at->second].printed_only = printing_ > 0;
  if (printing_ == 0) vars_[at->second].printed_only = false;
  ++vars_[at->second].reads;
  return at->second;
}

Statement RuleCompiler::statement(Statement::Kind kind, Place place) const {
  Statement made;
  made.kind = kind;
  made.place = place;
  made.expr = expr_;
  return made;
}

Pattern RuleCompiler::operand(Term const& term, Block& block) {
  if (++depth_ > kMaxTermDepth) {
    --depth_;
    faults_.add("rego_compile_error", term.place, "nested too deeply");
    return constant_pattern(Value::null());
  }
  Pattern made;
  switch (term.kind) {
    case TermKind::constant:
      made = constant_pattern(term.value);
      break;
    case TermKind::array:
    case TermKind::object:
    case TermKind::set:
      made = composite(term, block);
      break;
    case TermKind::var:
      if (term.name != "input" && term.name != "data" && !global(term.name)) {
        made = var_pattern(resolve(term.name, term.place));
        break;
      }
      [[fallthrough]];
    default:
      made = fresh(term.place);
      assign_into(term, made, block, false);
  }
  --depth_;
  return made;
}

Pattern RuleCompiler::composite(Term const& term, Block& block) {
  Pattern made;
  for (TermPtr const& item : term.items) made.items.push_back(operand(*item, block));
  if (all_constant(made.items)) return constant_pattern(constant_of(term.kind, made.items));
  made.kind = term.kind == TermKind::array    ? Pattern::Kind::array
              : term.kind == TermKind::object ? Pattern::Kind::object
                                              : Pattern::Kind::set;
  return made;
}

// Like operand, but variables are declared here: the left of `:=`, `some … in`, arguments.
Pattern RuleCompiler::declaration(Term const& term, Block& block) {
  if (term.kind == TermKind::var && term.name != "input" && term.name != "data") {
    if (is_wildcard(term.name)) return var_pattern(resolve(term.name, term.place));
    auto again = scopes_.back().declared.find(term.name);
    if (again != scopes_.back().declared.end() && vars_[again->second].place.offset != 0 &&
        vars_[again->second].assigned == false) {
      return var_pattern(again->second);
    }
    return var_pattern(declare(term.name, term.place));
  }
  if (term.kind == TermKind::array || term.kind == TermKind::object) {
    Pattern made;
    bool object = term.kind == TermKind::object;
    made.kind = object ? Pattern::Kind::object : Pattern::Kind::array;
    for (std::size_t i = 0; i < term.items.size(); ++i) {
      bool key = object && i % 2 == 0;
      made.items.push_back(key ? operand(*term.items[i], block)
                               : declaration(*term.items[i], block));
    }
    if (all_constant(made.items)) return constant_pattern(constant_of(term.kind, made.items));
    return made;
  }
  return operand(term, block);
}

// Adds the statements that compute `term` and hold the result against `out`.
void RuleCompiler::assign_into(Term const& term, Pattern out, Block& block, bool test) {
  switch (term.kind) {
    case TermKind::call:
      return call_into(term, std::move(out), block, test);
    case TermKind::array_comprehension:
    case TermKind::set_comprehension:
    case TermKind::object_comprehension:
      return comprehension_into(term, std::move(out), block);
    case TermKind::text_template: {
      auto parts = make_term(TermKind::array, term.items, term.place);
      auto call = make_call("internal.template_string", {parts}, term.place);
      return call_into(*call, std::move(out), block, test);
    }
    case TermKind::var:
    case TermKind::ref: {
      bool local = term.kind == TermKind::var && term.name != "input" && term.name != "data" &&
                   !global(term.name);
      if (local) break;
      Statement made = statement(Statement::Kind::ref, term.place);
      ref_into(term, made, block);
      made.out = std::move(out);
      made.test = test;
      block.push_back(std::move(made));
      return;
    }
    default:
      break;
  }
  unify(std::move(out), operand(term, block), term.place, block);
}

bool RuleCompiler::ref_head(Term const& head, Statement& out, Block& block) {
  if (head.kind == TermKind::var) {
    if (head.name == "input" || head.name == "data") {
      out.root = head.name == "input" ? Statement::Root::input : Statement::Root::data;
      return true;
    }
    if (auto path = global(head.name)) {
      out.root = path->front() == "input" ? Statement::Root::input : Statement::Root::data;
      for (std::size_t i = 1; i < path->size(); ++i) {
        out.steps.push_back(constant_pattern(Value::string((*path)[i])));
      }
      return true;
    }
  }
  out.root = Statement::Root::slot;
  Pattern at = operand(head, block);
  if (at.kind != Pattern::Kind::var) {
    Pattern held = fresh(head.place);
    unify(held, std::move(at), head.place, block);
    at = held;
  }
  out.slot = at.slot;
  return true;
}

void RuleCompiler::ref_into(Term const& term, Statement& out, Block& block) {
  if (term.kind == TermKind::var) {
    ref_head(term, out, block);
  } else {
    ref_head(*term.items[0], out, block);
    for (std::size_t i = 1; i < term.items.size(); ++i) {
      out.steps.push_back(operand(*term.items[i], block));
    }
  }
  link(out);
}

// Follows the constant steps of a reference into the rule tree.
void RuleCompiler::link(Statement& ref) {
  if (ref.root != Statement::Root::data) return;
  RuleNode const* node = &program_.root;
  std::uint32_t used = 0;
  for (Pattern const& step : ref.steps) {
    if (node->group != nullptr || step.kind != Pattern::Kind::constant) break;
    RuleNode const* next =
        step.value.is(Kind::string) ? node->child(step.value.as_string()) : nullptr;
    if (next == nullptr) break;
    node = next;
    ++used;
  }
  ref.node = node;
  ref.node_steps = used;
}

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
    std::string_view refused = refused_builtin(name);
    for (std::string const& denied : program_.options.deny_builtins) {
      if (denied == name) refused = "the configuration denies it";
    }
    if (!refused.empty()) {
      faults_.add("rego_type_error", call.place, "builtin function " + name + " is not supported",
                  std::string(refused), Code::policy_unsupported);
      return false;
    }
    out.builtin = find_builtin(name);
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
  for (std::size_t i = 1; i <= arity; ++i) made.steps.push_back(operand(*term.items[i], block));
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
    assign_into(*call.items[i], one, all.body, false);
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
  made.out = std::move(out);
  block.push_back(std::move(made));
}

// Takes literal shapes apart, so that what is left is a variable or a constant against a shape.
bool RuleCompiler::split_unify(Pattern& left, Pattern& right, Place place, Block& block) {
  if (left.kind != right.kind) {
    bool shapes = left.kind != Pattern::Kind::var && right.kind != Pattern::Kind::var;
    bool constant = left.kind == Pattern::Kind::constant || right.kind == Pattern::Kind::constant;
    if (!shapes || constant) return false;
    block.push_back(statement(Statement::Kind::fail, place));
    return true;
  }
  if (left.kind == Pattern::Kind::array) {
    if (left.items.size() != right.items.size()) {
      block.push_back(statement(Statement::Kind::fail, place));
      return true;
    }
    for (std::size_t i = 0; i < left.items.size(); ++i) {
      unify(std::move(left.items[i]), std::move(right.items[i]), place, block);
    }
    return true;
  }
  if (left.kind != Pattern::Kind::object || left.items.size() != right.items.size()) return false;
  for (std::size_t i = 0; i < left.items.size(); i += 2) {
    if (left.items[i].kind != Pattern::Kind::constant) return false;
    bool found = false;
    for (std::size_t j = 0; j < right.items.size(); j += 2) {
      if (right.items[j].kind != Pattern::Kind::constant) return false;
      found = found || right.items[j].value == left.items[i].value;
    }
    if (!found) {
      block.push_back(statement(Statement::Kind::fail, place));
      return true;
    }
  }
  for (std::size_t i = 0; i < left.items.size(); i += 2) {
    for (std::size_t j = 0; j < right.items.size(); j += 2) {
      if (right.items[j].value == left.items[i].value) {
        unify(std::move(left.items[i + 1]), std::move(right.items[j + 1]), place, block);
      }
    }
  }
  return true;
}

void RuleCompiler::unify(Pattern left, Pattern right, Place place, Block& block) {
  if (left.kind == Pattern::Kind::none || right.kind == Pattern::Kind::none) return;
  if (split_unify(left, right, place, block)) return;
  Statement made = statement(Statement::Kind::unify, place);
  made.left = std::move(left);
  made.out = std::move(right);
  block.push_back(std::move(made));
}

// `left = right`, or `left == right` when `closed`: then nothing may be bound.
void RuleCompiler::equality(Term const& left, Term const& right, Place place, Block& block,
                            bool closed) {
  auto computed = [&](Term const& term) {
    bool global_var = term.kind == TermKind::var &&
                      (term.name == "input" || term.name == "data" || global(term.name));
    return global_var || (term.kind != TermKind::var && term.kind != TermKind::constant &&
                          term.kind != TermKind::array && term.kind != TermKind::object &&
                          term.kind != TermKind::set);
  };
  bool left_computed = computed(left);
  Term const& source = left_computed ? left : right;
  Term const& other = left_computed ? right : left;
  if (!computed(source)) {
    Pattern a = operand(left, block);
    Pattern b = operand(right, block);
    std::size_t from = block.size();
    unify(std::move(a), std::move(b), place, block);
    for (std::size_t i = from; i < block.size(); ++i) block[i].closed = closed;
    return;
  }
  Pattern out = operand(other, block);
  assign_into(source, std::move(out), block, false);
  if (!block.empty()) {
    block.back().closed = closed;
    block.back().place = place;
  }
}

std::string ref_text(std::vector<std::string> const& path) {
  std::string text;
  for (std::string const& step : path) text += (text.empty() ? "" : ".") + step;
  return text;
}

}  // namespace aw::rego
