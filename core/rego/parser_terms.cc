// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "core/rego/builtin.h"
#include "core/rego/parser_impl.h"

namespace aw::rego {
namespace {

struct Operator {
  std::string_view symbol;
  std::string_view name;
  int level;
};
constexpr int kTightest = 4;
constexpr std::array<Operator, 13> kOperators = {{{"==", "equal", 0},
                                                  {"!=", "neq", 0},
                                                  {"<", "lt", 0},
                                                  {"<=", "lte", 0},
                                                  {">", "gt", 0},
                                                  {">=", "gte", 0},
                                                  {"|", "or", 1},
                                                  {"&", "and", 2},
                                                  {"+", "plus", 3},
                                                  {"-", "minus", 3},
                                                  {"*", "mul", 4},
                                                  {"/", "div", 4},
                                                  {"%", "rem", 4}}};

Operator const* operator_at(Token const& token, int level) {
  if (token.kind != Tok::symbol) return nullptr;
  for (Operator const& op : kOperators) {
    if (op.level == level && op.symbol == token.text) return &op;
  }
  return nullptr;
}

}  // namespace

// `commas` tells whether `k, v in xs` is one term.
TermPtr Parser::infix(Commas commas) {
  Nesting nesting(*this);
  if (!nesting) return nullptr;
  TermPtr first = binary(0, nullptr);
  return first ? membership(std::move(first), commas) : nullptr;
}

TermPtr Parser::membership(TermPtr first, Commas commas) {
  Place start = first->place;
  if (commas == Commas::term && at_symbol(",")) {
    Mark before = mark();
    take();
    TermPtr second = binary(0, nullptr);
    if (second && at_word("in")) {
      take();
      TermPtr collection = binary(0, nullptr);
      if (!collection) return nullptr;
      first = make_call("internal.member_3", {first, second, collection}, span(start));
    } else {
      rewind(before);
      return first;
    }
  }
  while (at_word("in")) {
    take();
    TermPtr collection = binary(0, nullptr);
    if (!collection) return nullptr;
    first = make_call("internal.member_2", {first, collection}, span(start));
  }
  return first;
}

TermPtr Parser::binary(int level, TermPtr first) {
  if (level > kTightest) return first ? first : primary();
  TermPtr left = binary(level + 1, std::move(first));
  if (!left) return nullptr;
  while (Operator const* op = operator_at(peek(), level)) {
    take();
    TermPtr right = binary(level + 1, nullptr);
    if (!right) return nullptr;
    Place start = left->place;
    left = make_call(op->name, {left, right}, span(start));
  }
  return left;
}

TermPtr Parser::primary() {
  Nesting nesting(*this);
  if (!nesting) return nullptr;
  return plain();
}

TermPtr Parser::plain() {
  Token const& token = peek();
  switch (token.kind) {
    case Tok::word:
      return word_term();
    case Tok::number:
      return number_term();
    case Tok::string:
      return finish(make_constant(Value::string(take().value), span(token.place)));
    case Tok::text_template:
      return template_term();
    case Tok::symbol:
      break;
    default:
      return unexpected();
  }
  if (token.text == "[") return array_term();
  if (token.text == "{") return brace_term();
  if (token.text == "-") return negative_term();
  if (token.text != "(") return unexpected();
  Place start = take().place;
  TermPtr inner = infix(Commas::term);
  if (!inner || !expect_symbol(")")) return nullptr;
  auto held = clone(inner);
  held->place = span(start);
  return finish(held);
}

TermPtr Parser::word_term() {
  Token const& token = peek();
  Place place = token.place;
  if (!names_ref()) {
    if (token.text == "null") return take(), make_constant(Value::null(), span(place));
    if (token.text == "true") return take(), make_constant(Value::boolean(true), span(place));
    if (token.text == "false") return take(), make_constant(Value::boolean(false), span(place));
    bool calls = peek(1).kind == Tok::symbol && peek(1).text == "(" && !peek(1).spaced;
    bool operator_call = calls && (token.text == "and" || token.text == "or");
    if (is_keyword(token.text) && token.text != "contains" && !operator_call) {
      return fail(place, "unexpected " + std::string(token.text) + " keyword");
    }
    if (token.text == "set" && calls && peek(2).kind == Tok::symbol && peek(2).text == ")") {
      take();
      take();
      take();
      return finish(make_constant(Value::set({}), span(place)));
    }
  }
  std::string name(take().text);
  if (name == "_") name = wildcard();
  TermPtr head = make_var(std::move(name), span(place));
  if (head->name == "input" || head->name == "data") {
    TermPtr finished = finish(head);
    return finished && finished->kind == TermKind::var ? make_ref({finished}, finished->place)
                                                       : finished;
  }
  return finish(std::move(head));
}

// `-1`, or `-ref`: what is subtracted from nothing.
TermPtr Parser::negative_term() {
  bool const names =
      peek(1).kind == Tok::word && (!is_keyword(peek(1).text) || peek(1).text == "contains");
  if (!names) return number_term();
  Place const start = take().place;
  TermPtr zero = make_constant(Value::number_text("0"), span(start));
  TermPtr name = word_term();
  return name ? make_call("minus", {std::move(zero), std::move(name)}, span(start)) : nullptr;
}

TermPtr Parser::number_term() {
  Place start = peek().place;
  std::string text = skip_symbol("-") ? "-" : "";
  if (peek().kind != Tok::number) return unexpected();
  text += take().text;
  if (text.starts_with('.')) text.insert(0, "0");
  if (text.starts_with("-.")) text.insert(1, "0");
  Value value = Value::number_text(text);
  if (!value.defined()) return fail(start, "invalid number");
  return make_constant(std::move(value), span(start));
}

// `.name`, `[term]` and `(arguments)` behind a term, without white space before them.
TermPtr Parser::finish(TermPtr head) {
  while (head && peek().kind == Tok::symbol && !peek().spaced) {
    if (at_symbol("(")) {
      if (head->kind != TermKind::var && head->kind != TermKind::ref) break;
      head = call_arguments(head);
      continue;
    }
    if (!at_symbol(".") && !at_symbol("[")) break;
    if (head->kind == TermKind::constant && head->value.size() == 0 && !head->value.is(Kind::set)) {
      return fail(head->place, "illegal ref (head cannot be " +
                                   std::string(kind_name(head->value.kind())) + ")");
    }
    bool dot = take().text == ".";
    TermPtr step;
    if (dot) {
      if (peek().kind != Tok::word) return unexpected("an identifier after '.'");
      Token const& name = take();
      step = make_constant(Value::string(name.text), name.place);
      step->place.end = name.place.end;
    } else {
      step = infix(Commas::term);
      if (!step || !expect_symbol("]")) return nullptr;
    }
    Place start = head->place;
    if (head->kind == TermKind::ref) {
      head->items.push_back(step);
      head->place = span(start);
    } else {
      head = make_ref({head, step}, span(start));
    }
  }
  return head;
}

TermPtr Parser::call_arguments(TermPtr op) {
  Place start = op->place;
  take();
  std::vector<TermPtr> items = {std::move(op)};
  if (!list(items, ")")) return nullptr;
  return make_term(TermKind::call, std::move(items), span(start));
}

// Items up to and with `closing`; a trailing comma is allowed.
bool Parser::list(std::vector<TermPtr>& items, std::string_view closing) {
  while (!skip_symbol(closing)) {
    TermPtr item = infix(Commas::separator);
    if (!item) return false;
    items.push_back(std::move(item));
    if (!skip_symbol(",") && !at_symbol(closing)) {
      unexpected("\",\" or \"" + std::string(closing) + "\"");
      return false;
    }
  }
  return true;
}

TermPtr Parser::comprehension(TermKind kind, std::vector<TermPtr> heads, Place place,
                              std::string_view closing) {
  take();  // |
  auto body_held = std::make_shared<Body>();
  if (!body(*body_held, closing)) return nullptr;
  TermPtr term = make_term(kind, std::move(heads), span(place));
  term->body = std::move(body_held);
  return term;
}

TermPtr Parser::array_term() {
  Place start = take().place;
  std::vector<TermPtr> items;
  if (skip_symbol("]")) return finish(make_term(TermKind::array, {}, span(start)));
  skip_symbol(",");  // OPA reads over one here
  TermPtr first = primary();
  if (!first) return nullptr;
  if (at_symbol("|")) {
    Mark before = mark();
    TermPtr made = comprehension(TermKind::array_comprehension, {first}, start, "]");
    if (made) return finish(made);
    rewind(before);
  }
  first = binary(0, first);
  if (first) first = membership(first, Commas::separator);
  if (!first) return nullptr;
  items.push_back(std::move(first));
  if (!skip_symbol(",") && !at_symbol("]")) return unexpected("\",\" or \"]\"");
  if (!list(items, "]")) return nullptr;
  return finish(make_term(TermKind::array, std::move(items), span(start)));
}

TermPtr Parser::brace_term() {
  Place start = take().place;
  if (skip_symbol("}")) return finish(make_term(TermKind::object, {}, span(start)));
  skip_symbol(",");  // OPA reads over one here
  TermPtr first = primary();
  if (!first) return nullptr;
  if (at_symbol("|")) {
    Mark before = mark();
    TermPtr made = comprehension(TermKind::set_comprehension, {first}, start, "}");
    if (made) return finish(made);
    rewind(before);
  }
  return finish(braces_of(std::move(first), start));
}

TermPtr Parser::braces_of(TermPtr first, Place start) {
  first = binary(0, first);
  if (first) first = membership(first, Commas::separator);
  if (!first) return nullptr;
  if (skip_symbol(":")) {
    TermPtr value = primary();
    if (!value) return nullptr;
    if (at_symbol("|")) {
      Mark before = mark();
      TermPtr made = comprehension(TermKind::object_comprehension, {first, value}, start, "}");
      if (made) return made;
      rewind(before);
    }
    value = binary(0, value);
    if (value) value = membership(value, Commas::separator);
    return value ? object_of(std::move(first), std::move(value), start) : nullptr;
  }
  std::vector<TermPtr> items = {std::move(first)};
  if (!skip_symbol(",") && !at_symbol("}")) return unexpected("\",\" or \"}\"");
  if (!list(items, "}")) return nullptr;
  return make_term(TermKind::set, std::move(items), span(start));
}

TermPtr Parser::object_of(TermPtr key, TermPtr value, Place start) {
  std::vector<TermPtr> items = {std::move(key), std::move(value)};
  while (!skip_symbol("}")) {
    if (!expect_symbol(",")) return nullptr;
    if (skip_symbol("}")) break;
    TermPtr next = infix(Commas::separator);
    if (!next || !expect_symbol(":")) return nullptr;
    TermPtr held = infix(Commas::separator);
    if (!held) return nullptr;
    items.push_back(std::move(next));
    items.push_back(std::move(held));
  }
  return make_term(TermKind::object, std::move(items), span(start));
}

// Each expression becomes the set of its values, so that an undefined one still prints.
TermPtr Parser::template_term() {
  Token const& token = peek();
  std::vector<TermPtr> items;
  for (TemplatePart const& part : token.parts) {
    if (part.is_text) {
      items.push_back(make_constant(Value::string(part.text), token.place));
      continue;
    }
    TermPtr made = template_part(part);
    if (!made) return nullptr;
    items.push_back(std::move(made));
  }
  Place start = take().place;
  return make_term(TermKind::text_template, std::move(items), span(start));
}

TermPtr Parser::template_part(TemplatePart const& part) {
  auto const* outer = stream_;
  Mark before = mark();
  stream_ = &part.tokens;
  at_ = 0;
  last_ = 0;
  Expr expr;
  bool ok = statement(expr);
  if (ok && peek().kind != Tok::end) {
    unexpected();
    ok = false;
  }
  stream_ = outer;
  at_ = before.at;
  last_ = before.last;
  if (!ok) return nullptr;
  bool plain_expr = expr.kind == ExprKind::term && !expr.negated;
  bool binds = plain_expr && expr.term->kind == TermKind::call &&
               (operator_name(*expr.term) == "assign" || operator_name(*expr.term) == "eq");
  if (!plain_expr || binds) return fail(expr.place, "invalid template-string expression");
  bool scalar = expr.term->kind == TermKind::constant && !expr.term->value.is(Kind::set);
  if (scalar && expr.with.empty()) return expr.term;
  Place place = expr.place;
  TermPtr slot = make_var(std::string(kTemplateSlot) + wildcard(), place);
  expr.term = make_call("eq", {slot, expr.term}, place);
  expr.generated = true;
  TermPtr made = make_term(TermKind::set_comprehension, {clone(slot)}, place);
  made->body = std::make_shared<Body>(single(std::move(expr)));
  return made;
}

std::string Parser::wildcard() { return "$" + std::to_string(wildcards_++); }

}  // namespace aw::rego
