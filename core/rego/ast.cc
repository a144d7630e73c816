// SPDX-License-Identifier: Apache-2.0
#include "core/rego/ast.h"

namespace aw::rego {

TermPtr make_constant(Value value, Place place) {
  auto term = std::make_shared<Term>();
  term->place = place;
  term->value = std::move(value);
  return term;
}

TermPtr make_var(std::string name, Place place) {
  auto term = std::make_shared<Term>();
  term->kind = TermKind::var;
  term->place = place;
  term->name = std::move(name);
  return term;
}

TermPtr make_term(TermKind kind, std::vector<TermPtr> items, Place place) {
  auto term = std::make_shared<Term>();
  term->kind = kind;
  term->place = place;
  term->items = std::move(items);
  return term;
}

TermPtr make_ref(std::vector<TermPtr> items, Place place) {
  return make_term(TermKind::ref, std::move(items), place);
}

TermPtr make_call(std::string_view name, std::vector<TermPtr> arguments, Place place) {
  std::vector<TermPtr> items = {make_var(std::string(name), place)};
  for (TermPtr& argument : arguments) items.push_back(std::move(argument));
  return make_term(TermKind::call, std::move(items), place);
}

TermPtr clone(TermPtr const& term) {
  if (!term) return nullptr;
  auto copy = std::make_shared<Term>(*term);
  for (TermPtr& item : copy->items) item = clone(item);
  if (copy->body) copy->body = std::make_shared<Body>(clone(*copy->body));
  return copy;
}

Body clone(Body const& body) {
  Body copy = body;
  for (Expr& expr : copy) {
    expr.term = clone(expr.term);
    for (TermPtr& symbol : expr.symbols) symbol = clone(symbol);
    expr.body = clone(expr.body);
    expr.other = clone(expr.other);
    for (With& with : expr.with) with = {clone(with.target), clone(with.value), with.place};
  }
  return copy;
}

std::string operator_name(Term const& call) {
  Term const& op = *call.items[0];
  if (op.kind == TermKind::var) return op.name;
  std::string name;
  for (TermPtr const& step : op.items) {
    if (!name.empty()) name += '.';
    name += step->kind == TermKind::var ? step->name
            : is_string(step)           ? std::string(step->value.as_string())
                                        : step->value.to_text();
  }
  return name;
}

}  // namespace aw::rego
