// SPDX-License-Identifier: Apache-2.0
// Expressions into blocks of statements.
#include <algorithm>
#include <functional>
#include <set>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

bool same_place(Place const& a, Place const& b) { return a.offset == b.offset && a.end == b.end; }

// The names that a shape of `some … in` declares.
void collect_names(Term const& shape, std::vector<Term const*>& out) {
  if (shape.kind == TermKind::var) out.push_back(&shape);
  bool const object = shape.kind == TermKind::object;
  if (!object && shape.kind != TermKind::array) return;
  for (std::size_t i = object ? 1 : 0; i < shape.items.size(); i += object ? 2 : 1) {
    collect_names(*shape.items[i], out);
  }
}

// The names that a term reads, closures aside.
void collect_read(Term const& term, std::set<std::string>& out) {
  if (term.kind == TermKind::var) out.insert(term.name);
  bool const closure = term.kind == TermKind::array_comprehension ||
                       term.kind == TermKind::set_comprehension ||
                       term.kind == TermKind::object_comprehension;
  if (closure) return;
  for (TermPtr const& item : term.items) collect_read(*item, out);
}

}  // namespace

void RuleCompiler::body(Body const& body, Block& block) {
  for (Expr const& expr : body) expression(expr, block);
}

void RuleCompiler::closure(Body const& inner, Block& block) {
  std::uint32_t outer = expr_;
  expr_ = kNoExpr;
  scopes_.emplace_back();
  body(inner, block);
  scopes_.pop_back();
  expr_ = outer;
}

void RuleCompiler::expression(Expr const& expr, Block& block) {
  if (++depth_ > 200) {
    faults_.add("rego_compile_error", expr.place, "nested too deeply");
  } else if (expr.with.empty() || expr.kind == ExprKind::some_decl) {
    plain_expression(expr, block);
  } else {
    with(expr, block);
  }
  --depth_;
}

void RuleCompiler::plain_expression(Expr const& expr, Block& block) {
  switch (expr.kind) {
    case ExprKind::some_decl:
      for (TermPtr const& symbol : expr.symbols) {
        if (!may_declare(*symbol)) return;
        declare(symbol->name, symbol->place);
      }
      return;
    case ExprKind::some_in:
      return some_in(expr, block);
    case ExprKind::every:
      return every(expr, block);
    case ExprKind::not_body: {
      Statement made = statement(Statement::Kind::negation, expr.place);
      made.still = expr.bare;
      if (expr.bare && binds_names(expr.body)) {
        faults_.add("rego_compile_error", expr.place,
                    "cannot assign vars inside negated expression");
        return;
      }
      closure(expr.body, made.body);
      block.push_back(std::move(made));
      return;
    }
    case ExprKind::logical_and:
    case ExprKind::logical_or: {
      bool both = expr.kind == ExprKind::logical_and;
      Statement made =
          statement(both ? Statement::Kind::conjunction : Statement::Kind::disjunction, expr.place);
      if (binds_names(expr.body) || binds_names(expr.other)) {
        faults_.add("rego_compile_error", expr.place,
                    std::string("cannot assign vars inside implicit ") + (both ? "and" : "or") +
                        " operand");
        return;
      }
      closure(expr.body, made.body);
      closure(expr.other, made.other);
      block.push_back(std::move(made));
      return;
    }
    case ExprKind::term:
      break;
  }
  if (expr.negated) return negated(expr, block);
  term_expression(*expr.term, block);
}

// An operand without braces that is one `:=`.
bool RuleCompiler::binds_names(Body const& body) {
  if (body.size() != 1 || body.front().kind != ExprKind::term || body.front().braced) return false;
  Term const& term = *body.front().term;
  return term.kind == TermKind::call && operator_name(term) == "assign";
}

// `not x`: what `x` is made of is computed before and outside (so that its absence is no negation's
// success); only the last step is negated. With `future.keywords.not` all of it is inside.
void RuleCompiler::negated(Expr const& expr, Block& block) {
  Statement made = statement(Statement::Kind::negation, expr.place);
  made.implicit = true;
  Block inner;
  Term const& term = *expr.term;
  if (term.kind == TermKind::call && operator_name(term) == "assign") {
    faults_.add("rego_compile_error", expr.place, "cannot assign vars inside negated expression");
    return;
  }
  term_expression(term, inner);
  if (inner.empty()) return;
  // Nothing that the expression itself refers to may get its value there: what would be negated
  // then is not what it looks like. Arguments of calls inside it are computed before, and may.
  for (Statement& s : inner) s.still = s.kind == Statement::Kind::ref && refers_to(term, s.place);
  std::string name = term.kind == TermKind::call ? operator_name(term) : "";
  bool equality = (name == "eq" || name == "equal") && term.items.size() > 2;
  if (equality) {
    split_last_call(inner);
    move_out_of_equality(term, inner, block);
  } else {
    for (std::size_t i = 0; i + 1 < inner.size(); ++i) block.push_back(std::move(inner[i]));
    inner.erase(inner.begin(), inner.end() - 1);
  }
  for (Statement& s : inner) s.expr = kNoExpr;
  made.body = std::move(inner);
  block.push_back(std::move(made));
}

// Is the place a reference's of the expression, outside the calls and closures in it?
bool RuleCompiler::refers_to(Term const& term, Place place) {
  auto const below = [&](TermPtr const& item) {
    return item->kind != TermKind::call && refers_to(*item, place);
  };
  switch (term.kind) {
    case TermKind::ref:
      if (term.place.offset == place.offset && term.place.end == place.end) return true;
      [[fallthrough]];
    case TermKind::call:
    case TermKind::array:
    case TermKind::object:
    case TermKind::set:
      return std::ranges::any_of(term.items, below);
    default:
      return false;
  }
}

// `f(x) == y` may have become a call that holds its result against y: the comparison apart again.
void RuleCompiler::split_last_call(Block& inner) {
  Statement& last = inner.back();
  if (last.kind != Statement::Kind::call) return;
  Pattern held = fresh(last.place);
  Statement check = statement(Statement::Kind::unify, last.place);
  check.left = held;
  check.out = std::move(last.out);
  check.closed = last.closed;
  last.out = std::move(held);
  last.closed = false;
  inner.push_back(std::move(check));
}

// Of a negated comparison only the two sides' own references and the comparison stay inside.
void RuleCompiler::move_out_of_equality(Term const& term, Block& inner, Block& block) {
  Block kept;
  for (Statement& s : inner) {
    bool side = same_place(s.place, term.items[1]->place) ||
                same_place(s.place, term.items[2]->place) || same_place(s.place, term.place);
    bool reads = s.kind == Statement::Kind::ref || s.kind == Statement::Kind::unify ||
                 s.kind == Statement::Kind::fail;
    bool stays = &s == &inner.back() || (side && reads);
    (stays ? kept : block).push_back(std::move(s));
  }
  inner = std::move(kept);
}

void RuleCompiler::term_expression(Term const& term, Block& block) {
  if (term.kind == TermKind::call) {
    std::string name = operator_name(term);
    bool pair = term.items.size() == 3;
    if (name == "assign" && pair) return assignment(term, block);
    if ((name == "eq" || name == "equal") && pair) {
      return equality(*term.items[1], *term.items[2], term.place, block, name == "equal");
    }
    return call_into(term, Pattern{}, block, true);
  }
  bool computed = term.kind == TermKind::ref || term.kind == TermKind::text_template ||
                  term.kind == TermKind::var;
  if (computed && (term.kind != TermKind::var || term.name == "input" || term.name == "data" ||
                   global(term.name))) {
    return assign_into(term, Pattern{}, block, true);
  }
  // A value: true unless it is false.
  Statement made = statement(Statement::Kind::unify, term.place);
  made.left = operand(term, block);
  made.test = true;
  block.push_back(std::move(made));
}

// Only names, and arrays and objects of names, may stand left of `:=`.
bool RuleCompiler::assignable_shape(Term const& left) {
  if (left.kind == TermKind::var) return true;
  bool object = left.kind == TermKind::object;
  if (object || left.kind == TermKind::array) {
    for (std::size_t i = object ? 1 : 0; i < left.items.size(); i += object ? 2 : 1) {
      if (!assignable_shape(*left.items[i])) return false;
    }
    return true;
  }
  std::string_view what = left.kind == TermKind::ref        ? "ref"
                          : left.kind == TermKind::call     ? "call"
                          : left.kind == TermKind::constant ? kind_name(left.value.kind())
                                                            : "this term";
  faults_.add("rego_compile_error", left.place, "cannot assign to " + std::string(what));
  return false;
}

bool RuleCompiler::assignable(Term const& left) {
  bool const reserved = left.kind == TermKind::ref && left.items.size() == 1 &&
                        (left.items[0]->name == "input" || left.items[0]->name == "data");
  if (reserved) {
    faults_.add(
        "rego_compile_error", left.place,
        "variables must not shadow " + left.items[0]->name + " (use a different variable name)");
    return false;
  }
  std::set<std::string> here;
  return assignable_shape(left) && each_assigned(left, [&](Term const& var) {
           if (!here.insert(var.name).second) {
             faults_.add("rego_compile_error", var.place, "var " + var.name + " assigned above");
             return false;
           }
           return !is_declared_here(var);
         });
}

// A body gives each name a meaning once: told as a fault when it has one already.
bool RuleCompiler::is_declared_here(Term const& var) {
  auto found = scopes_.back().declared.find(var.name);
  bool here = found != scopes_.back().declared.end();
  if (!here && scopes_.size() == 2) {  // a rule's own body, below its arguments
    found = scopes_.front().declared.find(var.name);
    here = found != scopes_.front().declared.end() && vars_[found->second].argument;
  }
  if (!here) return false;
  Variable const& before = vars_[found->second];
  faults_.add("rego_compile_error", var.place,
              before.argument   ? "arg " + var.name + " redeclared"
              : before.assigned ? "var " + var.name + " assigned above"
                                : "var " + var.name + " declared above");
  return true;
}

bool RuleCompiler::is_referenced_here(Term const& var) {
  if (!scopes_.back().referenced.contains(var.name) || global(var.name)) return false;
  faults_.add("rego_compile_error", var.place, "var " + var.name + " referenced above");
  return true;
}

bool RuleCompiler::may_declare(Term const& var) {
  return is_wildcard(var.name) || (!is_declared_here(var) && !is_referenced_here(var));
}

// Asks `allowed` of each name that an assignment would give a value.
bool RuleCompiler::each_assigned(Term const& left,
                                 std::function<bool(Term const&)> const& allowed) {
  if (left.kind == TermKind::var) return is_wildcard(left.name) || allowed(left);
  bool const object = left.kind == TermKind::object;
  if (!object && left.kind != TermKind::array) return true;
  for (std::size_t i = object ? 1 : 0; i < left.items.size(); i += object ? 2 : 1) {
    if (!each_assigned(*left.items[i], allowed)) return false;
  }
  return true;
}

void RuleCompiler::assignment(Term const& term, Block& block) {
  Term const& left = *term.items[1];
  if (!assignable(left)) return;
  // The right side sees the names as they were before: what is declared here comes after it.
  Term const& right = *term.items[2];
  bool const taken_apart = left.kind != TermKind::var && right.kind == TermKind::var;
  Pattern out = taken_apart ? operand(right, block) : fresh(left.place);
  std::size_t const from = block.size();
  if (!taken_apart) assign_into(right, out, block, false);
  bool const free =
      each_assigned(left, [this](Term const& var) { return !is_referenced_here(var); });
  if (!free) return;
  if (left.kind != TermKind::var) {
    Pattern shape = declaration(left, block);
    each_assigned(left, [this](Term const& var) {
      vars_[scopes_.back().declared.at(var.name)].assigned = true;
      return true;
    });
    unify(std::move(shape), out, term.place, block);
  }
  // What stands on the right has its value from elsewhere.
  for (std::size_t i = from; i < block.size(); ++i) block[i].one_way = true;
  if (left.kind != TermKind::var || is_wildcard(left.name)) return;
  vars_[out.slot].name = left.name;
  vars_[out.slot].comprehension = false;
  vars_[out.slot].declared = true;
  vars_[out.slot].assigned = true;
  scopes_.back().declared[left.name] = out.slot;
}

// `some x in xs`: x must not be in xs, nor mean anything yet.
bool RuleCompiler::check_some_in(Expr const& expr) {
  std::set<std::string> bound;
  std::set<std::string> read;
  std::vector<Term const*> names;
  for (std::size_t i = 0; i + 1 < expr.symbols.size(); ++i) {
    collect_read(*expr.symbols[i], bound);
    collect_names(*expr.symbols[i], names);
  }
  collect_read(*expr.symbols.back(), read);
  for (std::string const& name : bound) {
    if (!read.contains(name) || is_wildcard(name) || name == "input" || name == "data") continue;
    faults_.add("rego_compile_error", expr.place, "var " + name + " assigned before");
    return false;
  }
  return std::ranges::all_of(names, [this](Term const* name) { return may_declare(*name); });
}

void RuleCompiler::some_in(Expr const& expr, Block& block) {
  if (!check_some_in(expr)) return;
  Term const& collection = *expr.symbols.back();
  Pattern held = fresh(collection.place);
  assign_into(collection, held, block, false);
  if (!block.empty()) block.back().gone_through = true;
  Statement made = statement(Statement::Kind::ref, expr.place);
  made.slot = held.slot;
  bool pair = expr.symbols.size() == 3;
  Block before;
  std::size_t mark = vars_.size();
  Pattern key = pair ? declaration(*expr.symbols[0], before) : fresh(expr.place);
  Pattern value = declaration(*expr.symbols[pair ? 1 : 0], before);
  for (std::size_t i = mark; i < vars_.size(); ++i) vars_[i].in_some = true;
  for (Statement& s : before) block.push_back(std::move(s));
  made.steps.push_back(std::move(key));
  made.out = std::move(value);
  block.push_back(std::move(made));
}

void RuleCompiler::every(Expr const& expr, Block& block) {
  Term const& domain = *expr.symbols.back();
  Pattern held = fresh(domain.place);
  assign_into(domain, held, block, false);
  Statement made = statement(Statement::Kind::every, expr.place);
  bool pair = expr.symbols.size() == 3;
  std::uint32_t outer = expr_;
  expr_ = kNoExpr;
  scopes_.emplace_back();
  made.left = held;
  Block none;
  std::size_t mark = vars_.size();
  made.steps.push_back(pair ? declaration(*expr.symbols[0], none) : Pattern{});
  made.out = declaration(*expr.symbols[pair ? 1 : 0], none);
  for (std::size_t i = mark; i < vars_.size(); ++i) vars_[i].every = true;
  scopes_.emplace_back();
  body(expr.body, made.body);
  scopes_.pop_back();
  scopes_.pop_back();
  expr_ = outer;
  block.push_back(std::move(made));
}

}  // namespace aw::rego
