// SPDX-License-Identifier: Apache-2.0
#include "core/rego/parser_impl.h"

namespace aw::rego {

Body Parser::single(Expr expr) {
  Body body;
  body.push_back(std::move(expr));
  return body;
}

bool Parser::body(Body& out, std::string_view closing) {
  Nesting nesting(*this);
  if (!nesting) return false;
  if (at_symbol(closing)) {
    fail(peek().place, "found empty body");
    return false;
  }
  return statements(out, closing) && expect_symbol(closing);
}

// Statements up to `closing` (which stays), each on its own line or behind a semicolon.
bool Parser::statements(Body& out, std::string_view closing) {
  while (true) {
    Expr expr;
    if (!statement(expr)) return false;
    out.push_back(std::move(expr));
    bool separated = skip_symbol(";");
    if (peek().kind == Tok::end || (!closing.empty() && at_symbol(closing))) return true;
    if (!separated && !on_new_line()) {
      unexpected(closing.empty() ? "end of query or \\n or ;"
                                 : "\\n or ; or \"" + std::string(closing) + "\"");
      return false;
    }
  }
}

bool Parser::at_logical() const {
  return (keywords_.logical_and && at_word("and")) || (keywords_.logical_or && at_word("or"));
}

bool Parser::statement(Expr& out) {
  Nesting nesting(*this);
  if (!nesting) return false;
  Place start = peek().place;
  out.place = start;
  bool logical = keywords_.logical_and || keywords_.logical_or;
  if (logical && at_symbol("{")) {
    Mark before = mark();
    take();
    Body lhs;
    if (body(lhs, "}") && at_logical()) {
      for (Expr& inner : lhs) inner.braced = true;
      return logical_tail(out, true, std::move(lhs)) && withs(out);
    }
    rewind(before);
  }
  if (logical && at_symbol("(")) {
    int committed = logical_group(out, false);
    if (committed != 0) return committed > 0 && withs(out);
  }
  if (at_word("some")) return some_statement(out);
  if (at_word("every")) return every_statement(out);
  bool negated = at_word("not");
  if (negated) take();
  return plain_statement(out, negated, start);
}

bool Parser::plain_statement(Expr& out, bool negated, Place start) {
  if (negated && keywords_.not_body && at_symbol("{")) {
    take();
    out.kind = ExprKind::not_body;
    if (!body(out.body, "}")) return false;
    out.place = span(start);
    if (at_logical()) return logical_tail(out, false, {}) && withs(out);
    return withs(out);
  }
  if (negated && keywords_.not_body && at_symbol("(")) {
    Expr inner;
    int committed = logical_group(inner, true);
    if (committed < 0) return false;
    if (committed > 0) {
      out.kind = ExprKind::not_body;
      out.bare = true;
      out.body = single(std::move(inner));
      out.place = span(start);
      return !at_logical() || (logical_tail(out, false, {}) && withs(out));
    }
  }
  if (negated && (at_word("some") || at_word("every"))) {
    fail(peek().place, "illegal negation of '" + std::string(peek().text) + "'");
    return false;
  }
  if (!expression(out)) return false;
  out.negated = negated;
  out.place = span(start);
  bool has_with = at_word("with");
  if (!withs(out)) return false;
  out.place = span(start);
  if (negated && keywords_.not_body) {
    // `with` belongs to the negation, everything else is inside of it.
    Expr outer;
    outer.kind = ExprKind::not_body;
    outer.bare = true;
    outer.place = out.place;
    outer.with = std::move(out.with);
    out.with.clear();
    out.negated = false;
    outer.body = single(std::move(out));
    out = std::move(outer);
  }
  if (!at_logical()) return true;
  if (has_with) {
    fail(peek().place, "with modifier not allowed on logical operand, use parentheses or a body");
    return false;
  }
  return logical_tail(out, false, {}) && withs(out);
}

bool Parser::expression(Expr& out) {
  Place start = peek().place;
  TermPtr lhs = infix(Commas::term);
  if (!lhs) return false;
  out.term = lhs;
  bool assigns = at_symbol(":=");
  if (!assigns && !at_symbol("=")) return true;
  take();
  TermPtr rhs = infix(Commas::term);
  if (!rhs) return false;
  out.term = make_call(assigns ? "assign" : "eq", {lhs, rhs}, span(start));
  return true;
}

bool Parser::some_statement(Expr& out) {
  Place start = take().place;
  while (true) {
    TermPtr symbol = binary(0, nullptr);
    if (!symbol) return false;
    out.symbols.push_back(std::move(symbol));
    if (!skip_symbol(",")) break;
  }
  if (at_word("in")) {
    take();
    TermPtr collection = infix(Commas::separator);
    if (!collection) return false;
    if (out.symbols.size() > 2) {
      fail(start, "illegal symbols in some: expected `some x in xs` or `some k, v in xs`");
      return false;
    }
    out.kind = ExprKind::some_in;
    out.symbols.push_back(std::move(collection));
  } else {
    out.kind = ExprKind::some_decl;
    for (TermPtr const& symbol : out.symbols) {
      if (!is_var(symbol)) {
        fail(symbol->place, "expected var in some declaration");
        return false;
      }
    }
  }
  out.place = span(start);
  bool ok = withs(out);
  out.place = span(start);
  return ok;
}

bool Parser::every_statement(Expr& out) {
  Place start = take().place;
  out.kind = ExprKind::every;
  while (true) {
    TermPtr symbol = binary(0, nullptr);
    if (!symbol) return false;
    if (!is_var(symbol)) {
      fail(symbol->place, "expected every variable to be an identifier");
      return false;
    }
    out.symbols.push_back(std::move(symbol));
    if (!skip_symbol(",")) break;
  }
  if (out.symbols.size() > 2 || !at_word("in")) {
    unexpected("`in` in `every x in xs { ... }`");
    return false;
  }
  take();
  TermPtr domain = infix(Commas::separator);
  if (!domain) return false;
  out.symbols.push_back(std::move(domain));
  if (!expect_symbol("{") || !body(out.body, "}")) return false;
  bool ok = withs(out);
  out.place = span(start);
  return ok;
}

bool Parser::withs(Expr& out) {
  while (at_word("with")) {
    With with;
    with.place = take().place;
    with.target = primary();
    if (!with.target) return false;
    bool names = with.target->kind == TermKind::ref || with.target->kind == TermKind::var;
    if (!names) {
      fail(with.target->place, "with keyword target must be a reference");
      return false;
    }
    if (!at_word("as")) {
      unexpected("as keyword");
      return false;
    }
    take();
    with.value = infix(Commas::separator);
    if (!with.value) return false;
    out.with.push_back(std::move(with));
  }
  return true;
}

// Turns `first` (or the body given for it) and what follows `and`, `or` into one expression;
// `and` binds tighter.
bool Parser::logical_tail(Expr& first, bool explicit_body, Body&& first_body) {
  Place start = first.place;
  Body lhs = explicit_body ? std::move(first_body) : single(std::move(first));
  if (at_word("and") && !logical_and_chain(lhs, start)) return false;
  while (keywords_.logical_or && at_word("or")) {
    take();
    Expr made;
    made.kind = ExprKind::logical_or;
    bool braces = false;
    Place rhs_start = peek().place;
    if (!logical_operand(made.other, braces)) return false;
    if (keywords_.logical_and && at_word("and") && !logical_and_chain(made.other, rhs_start)) {
      return false;
    }
    made.body = std::move(lhs);
    made.place = span(start);
    lhs = single(std::move(made));
  }
  first = std::move(lhs.front());
  return true;
}

bool Parser::logical_and_chain(Body& lhs, Place start) {
  while (keywords_.logical_and && at_word("and")) {
    take();
    Expr made;
    made.kind = ExprKind::logical_and;
    bool braces = false;
    if (!logical_operand(made.other, braces)) return false;
    made.body = std::move(lhs);
    made.place = span(start);
    lhs = single(std::move(made));
  }
  return true;
}

// One side of `and`, `or`: a body in braces, a group in parentheses, or one expression.
bool Parser::logical_operand(Body& out, bool& explicit_body) {
  Nesting nesting(*this);
  if (!nesting) return false;
  explicit_body = false;
  Place start = peek().place;
  if (at_symbol("{")) {
    take();
    explicit_body = true;
    bool ok = body(out, "}");
    for (Expr& inner : out) inner.braced = true;
    return ok;
  }
  Expr expr;
  expr.place = start;
  if (at_symbol("(")) {
    int committed = logical_group(expr, true);
    if (committed < 0) return false;
    if (committed > 0) {
      out = single(std::move(expr));
      return true;
    }
  }
  bool negated = at_word("not");
  if (negated) take();
  if (negated && keywords_.not_body && at_symbol("{")) {
    take();
    expr.kind = ExprKind::not_body;
    if (!body(expr.body, "}")) return false;
  } else {
    Expr inner;
    int committed =
        negated && keywords_.not_body && at_symbol("(") ? logical_group(inner, true) : 0;
    if (committed < 0) return false;
    if (committed > 0) {
      expr.kind = ExprKind::not_body;
      expr.bare = true;
      expr.body = single(std::move(inner));
    } else {
      if (at_word("every")) {
        if (!every_statement(expr)) return false;
      } else if (!expression(expr)) {
        return false;
      }
      if (negated && keywords_.not_body) {
        Expr outer;
        outer.kind = ExprKind::not_body;
        outer.bare = true;
        expr.place = span(start);
        outer.body = single(std::move(expr));
        expr = std::move(outer);
      } else {
        expr.negated = negated;
      }
    }
  }
  expr.place = span(start);
  out = single(std::move(expr));
  return true;
}

// `(a or b)`: 1 when these parentheses hold a logical expression, 0 when they hold a term (nothing
// was read), -1 on a fault.
int Parser::logical_group(Expr& out, bool operand) {
  Mark before = mark();
  Place start = take().place;
  Body lhs;
  bool braces = false;
  if (!logical_operand(lhs, braces)) {
    rewind(before);
    return 0;
  }
  bool nested = lhs.front().kind != ExprKind::term || lhs.front().negated;
  if (at_word("with") && !braces) {
    // `(a with x)` is an operand where one is wanted; elsewhere the parentheses hold a term.
    if (!withs(lhs.front())) return -1;
    if (at_logical()) {
      fail(peek().place, "with modifier not allowed on logical operand, use parentheses or a body");
      return -1;
    }
    if (!expect_symbol(")")) return -1;
    if (!operand && !at_logical()) {
      rewind(before);
      return 0;
    }
    out = std::move(lhs.front());
  } else if (at_logical()) {
    Expr first;
    first.place = start;
    if (!logical_tail(first, true, std::move(lhs)) || !withs(first) || !expect_symbol(")")) {
      return -1;
    }
    out = std::move(first);
  } else if (nested && !braces) {
    out = std::move(lhs.front());
    if (!withs(out) || !expect_symbol(")")) return -1;
  } else {
    rewind(before);
    return 0;
  }
  out.place = span(start);
  if (operand || !at_logical()) return 1;
  return logical_tail(out, false, {}) && withs(out) ? 1 : -1;
}

}  // namespace aw::rego
