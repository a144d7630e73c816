// SPDX-License-Identifier: Apache-2.0
// Terms into operands; what has to be computed first becomes a statement of its own.
#include <algorithm>
#include <utility>

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

Value constant_of(TermKind kind, std::vector<Pattern> const& items) {
  if (kind == TermKind::object) {
    std::vector<Entry> entries;
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
      entries.push_back({items[i].value, items[i + 1].value});
    }
    return Value::object(std::move(entries));
  }
  std::vector<Value> values;
  values.reserve(items.size());
  for (Pattern const& item : items) values.push_back(item.value);
  return kind == TermKind::array ? Value::array(std::move(values)) : Value::set(std::move(values));
}

}  // namespace

bool holds_call(Term const& term) {
  switch (term.kind) {
    case TermKind::call:
      return true;
    case TermKind::array:
    case TermKind::object:
    case TermKind::set:
      return std::ranges::any_of(term.items, [](TermPtr const& item) { return holds_call(*item); });
    default:
      return false;
  }
}

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
  bool const told = told_scope_ != 0 && scopes_.size() == told_scope_;
  if (is_wildcard(name)) {
    auto [at, added] = implicit_.try_emplace(name, 0);
    if (added) at->second = new_var("_", place);
    if (told && !name.starts_with(kTemplateSlot)) undeclared("_", place);
    return at->second;
  }
  if (auto declared = find_declared(name)) {
    Variable& var = vars_[*declared];
    bool const given = var.assigned || var.argument || var.in_some || var.every || var.reads > 0;
    if (told && !given) undeclared(name, place);
    ++var.reads;
    return *declared;
  }
  if (!scopes_.empty()) scopes_.back().referenced.try_emplace(name, place);
  auto [at, added] = implicit_.try_emplace(name, 0);
  if (added) at->second = new_var(name, place);
  Variable& seen = vars_[at->second];
  if (added && told && printing_ > 0) undeclared(name, place);
  seen.templated = told && printing_ == 0 && (added || seen.templated);
  if (added) vars_[at->second].printed_only = printing_ > 0;
  if (printing_ == 0) vars_[at->second].printed_only = false;
  ++vars_[at->second].reads;
  return at->second;
}

// What is printed, or put into a text, must have a value by what stands before.
void RuleCompiler::undeclared(std::string const& name, Place place) {
  faults_.add("rego_compile_error", place, "var " + name + " is undeclared");
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

// As OPA: what is called comes before the rules beside it, so that its error is told even where one
// of those is undefined.
std::vector<Pattern> RuleCompiler::operands(std::span<const TermPtr> terms, Block& block) {
  std::vector<Pattern> made(terms.size());
  for (bool const calls : {true, false})
    for (std::size_t i = 0; i < terms.size(); ++i)
      if (holds_call(*terms[i]) == calls) made[i] = operand(*terms[i], block);
  return made;
}

Pattern RuleCompiler::composite(Term const& term, Block& block) {
  Pattern made;
  made.items = operands(term.items, block);
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
      std::size_t const outer = std::exchange(told_scope_, scopes_.size() + 1);
      call_into(*call, std::move(out), block, test);
      told_scope_ = outer;
      return;
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

std::string ref_text(std::vector<std::string> const& path) {
  std::string text;
  for (std::string const& step : path) text += (text.empty() ? "" : ".") + step;
  return text;
}

}  // namespace aw::rego
