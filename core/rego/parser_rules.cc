// SPDX-License-Identifier: Apache-2.0
// Rules: head, body, else and default.
#include <algorithm>

#include "core/rego/builtin.h"
#include "core/rego/parser_impl.h"

namespace aw::rego {
namespace {

Body true_body(Place place) {
  Expr expr;
  expr.generated = true;
  expr.place = place;
  expr.term = make_constant(Value::boolean(true), place);
  Body body;
  body.push_back(std::move(expr));
  return body;
}

bool ground(TermPtr const& term) {
  if (term->kind == TermKind::constant) return true;
  bool collection = term->kind == TermKind::array || term->kind == TermKind::object ||
                    term->kind == TermKind::set;
  return collection && std::ranges::all_of(term->items, ground);
}

std::string_view term_name(TermKind kind) {
  switch (kind) {
    case TermKind::var:
      return "var";
    case TermKind::ref:
      return "ref";
    case TermKind::call:
      return "call";
    case TermKind::array:
      return "array";
    case TermKind::object:
      return "object";
    case TermKind::set:
      return "set";
    default:
      return "term";
  }
}

// What stands in a term, outside of comprehensions, that has to be looked up; or empty.
std::string_view looked_up(Term const& term) {
  bool found =
      term.kind == TermKind::var || term.kind == TermKind::ref || term.kind == TermKind::call;
  if (found) return term_name(term.kind);
  if (term.body) return {};
  for (TermPtr const& item : term.items) {
    if (std::string_view inner = looked_up(*item); !inner.empty()) return inner;
  }
  return {};
}

}  // namespace

bool Parser::rule(Module& out) {
  Rule rule;
  Place start = peek().place;
  rule.is_default = at_word("default");
  if (rule.is_default) take();
  bool contains = false;
  if (!rule_head(rule, contains)) return false;
  rule.head.place = span(start);
  if (rule.is_default) {
    if (contains) return fail(start, "default rules cannot be multi-value"), false;
    if (!rule.head.value) rule.head.value = make_constant(Value::boolean(true), start);
    if (!default_allowed(rule.head)) return false;
    rule.body = true_body(start);
    rule.place = span(start);
    out.rules.push_back(std::move(rule));
    return true;
  }
  if (!rule_body(rule, rule.head, contains)) return false;
  rule.place = span(start);
  Head const head = rule.head;
  bool chained = rule.otherwise == nullptr;
  out.rules.push_back(std::move(rule));
  while (chained && at_symbol("{")) {
    Rule next;
    next.head = head;
    for (TermPtr& term : next.head.ref) term = clone(term);
    for (TermPtr& term : next.head.args) term = clone(term);
    next.head.key = clone(head.key);
    next.head.value = clone(head.value);
    Place at = take().place;
    if (!body(next.body, "}")) return false;
    next.place = span(at);
    out.rules.push_back(std::move(next));
  }
  return true;
}

// A default's value holds nothing to look up, and its arguments are plain names.
bool Parser::default_allowed(Head const& head) {
  std::string_view found = looked_up(*head.value);
  if (!found.empty()) {
    fail(head.value->place,
         "illegal default rule (value cannot contain " + std::string(found) + ")");
    return false;
  }
  std::vector<std::string> seen;
  for (TermPtr const& arg : head.args) {
    if (!is_var(arg)) {
      std::string what = arg->kind == TermKind::constant ? std::string(kind_name(arg->value.kind()))
                                                         : std::string(term_name(arg->kind));
      fail(arg->place, "illegal default rule (arguments cannot contain " + what + ")");
      return false;
    }
    if (!is_wildcard(arg->name) && std::ranges::find(seen, arg->name) != seen.end()) {
      fail(arg->place, "illegal default rule (arguments cannot be repeated " + arg->name + ")");
      return false;
    }
    seen.push_back(arg->name);
  }
  return true;
}

bool Parser::rule_head(Rule& out, bool& contains) {
  Head& head = out.head;
  Token const& name = peek();
  bool keyword = name.kind == Tok::word && is_keyword(name.text) && !names_ref();
  if (name.kind != Tok::word || keyword) {
    if (keyword) {
      fail(name.place, std::string(name.text) + " keyword cannot be used for rule name");
    } else {
      unexpected("a rule");
    }
    return false;
  }
  Place start = name.place;
  take();
  TermPtr term = finish(make_var(name.text == "_" ? wildcard() : std::string(name.text), start));
  if (!term) return false;
  bool const called = term->kind == TermKind::call;
  if (called) {
    head.args.assign(term->items.begin() + 1, term->items.end());
    term = term->items[0];
  }
  // `f() := 1` is `f := 1`: there are no functions without arguments.
  head.function = !head.args.empty();
  if (is_var(term)) {
    head.ref = {term};
  } else {
    head.ref = term->items;
  }
  if (!is_var(head.ref[0])) {
    fail(start, "rule head ref must begin with a name");
    return false;
  }
  contains = at_word("contains");
  if (contains) {
    if (called) {
      fail(peek().place, "the contains keyword can only be used with multi-value rule definitions");
      return false;
    }
    take();
    head.key = infix(Commas::term);
    return head.key != nullptr;
  }
  head.assigned = at_symbol(":=");
  if (head.assigned || at_symbol("=")) {
    take();
    head.value = infix(Commas::term);
    return head.value != nullptr;
  }
  if (called && !head.function && !at_word("if")) {
    fail(start, "rule argument list must take at least one argument");
    return false;
  }
  return true;
}

// A `{` after `if` opens a body, unless what it opens reads as one literal that is no set.
bool Parser::if_body(Body& out) {
  bool brace = at_symbol("{");
  Mark before = mark();
  Expr expr;
  if (statement(expr)) {
    bool set_literal =
        brace && expr.kind == ExprKind::term && !expr.negated && expr.term->kind == TermKind::set;
    bool ends = peek().kind == Tok::end || on_new_line() || at_symbol("}") || at_word("else");
    if (!set_literal && (ends || !brace)) {
      out.push_back(std::move(expr));
      return true;
    }
  }
  if (!brace) return false;
  rewind(before);
  take();
  return body(out, "}");
}

bool Parser::rule_body(Rule& out, Head const& head, bool contains) {
  bool has_if = at_word("if");
  bool valued = out.head.value != nullptr;
  if (has_if) {
    take();
    if (!if_body(out.body)) return false;
  } else if (at_symbol("{")) {
    fail(peek().place, "`if` keyword is required before rule body");
    return false;
  } else {
    bool call_only = head.function && !contains && !valued;
    if (!contains && !valued && !call_only) {
      bool set_like = head.ref.size() > 1 && !head.function;
      fail(out.head.ref[0]->place,
           set_like ? "`contains` keyword is required for partial set rules"
                    : "var cannot be used for rule name",
           set_like ? "write `name contains value`" : "a rule needs a value or a body");
      return false;
    }
    // A call by itself is an expression that lost its rule.
    if (call_only && find_builtin(head.ref.size() == 1 ? head.ref[0]->name : "") != nullptr) {
      fail(out.head.ref[0]->place, "rule name conflicts with built-in function");
      return false;
    }
    out.body = true_body(out.head.ref[0]->place);
  }
  if (!contains && !valued) {
    out.head.value = make_constant(Value::boolean(true), out.head.ref[0]->place);
  }
  if (!at_word("else")) return true;
  if (!has_if) {
    fail(peek().place, "unexpected else keyword");
    return false;
  }
  if (contains) {
    fail(peek().place, "else keyword cannot be used on multi-value rules");
    return false;
  }
  bool fixed = std::all_of(head.ref.begin() + 1, head.ref.end(), ground);
  if (!fixed) {
    fail(peek().place, "else keyword cannot be used on rules with variables in head");
    return false;
  }
  out.otherwise = std::make_unique<Rule>();
  return else_rule(*out.otherwise, out.head);
}

bool Parser::else_rule(Rule& out, Head const& head) {
  Nesting nesting(*this);
  if (!nesting) return false;
  Place start = take().place;
  out.head = head;
  for (TermPtr& term : out.head.ref) term = clone(term);
  for (TermPtr& term : out.head.args) {
    term = clone(term);
    if (is_var(term) && is_wildcard(term->name)) term->name = wildcard();
  }
  out.head.place = start;
  if (at_symbol(":=") || at_symbol("=")) {
    take();
    out.head.value = infix(Commas::term);
    if (!out.head.value) return false;
  } else {
    out.head.value = make_constant(Value::boolean(true), start);
  }
  if (at_word("if")) {
    take();
    if (!if_body(out.body)) return false;
  } else if (at_symbol("{")) {
    fail(peek().place, "`if` keyword is required before rule body");
    return false;
  } else {
    out.body = true_body(start);
  }
  out.place = span(start);
  if (!at_word("else")) return true;
  out.otherwise = std::make_unique<Rule>();
  return else_rule(*out.otherwise, head);
}

}  // namespace aw::rego
