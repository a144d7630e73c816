// SPDX-License-Identifier: Apache-2.0
// `=` and `==`: what has to be held against what.
#include "core/rego/compile.h"

namespace aw::rego {

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
  // What a comprehension gives binds nothing in an object before it, as in OPA.
  made.closed = left.kind == Pattern::Kind::object && right.kind == Pattern::Kind::var &&
                vars_[right.slot].comprehension;
  made.left = std::move(left);
  made.out = std::move(right);
  block.push_back(std::move(made));
}

namespace {

// Of a comprehension an object before it, and a shape behind it that is of another kind, learns
// nothing, as in OPA.
bool learns_nothing(Term const& source, Term const& shape, Term const& first) {
  bool const shape_first = &shape == &first;
  bool const array = source.kind == TermKind::array_comprehension;
  bool const object = source.kind == TermKind::object_comprehension;
  if (!array && !object && source.kind != TermKind::set_comprehension) return false;
  if (shape.kind == TermKind::object) return shape_first || !object;
  return shape.kind == TermKind::array && !shape_first && !array;
}

// OPA's index looks at a reference that is held against a value or a variable, which is all that
// is left of calls; not at one against another, or against a comprehension.
bool stays(Term const& term) {
  return term.kind == TermKind::ref || term.kind == TermKind::array_comprehension ||
         term.kind == TermKind::set_comprehension || term.kind == TermKind::object_comprehension;
}

// Marks what `term` became, if that is a reference.
void mark_unlooked(Term const& term, Block& block, std::size_t from) {
  bool const reference = term.kind == TermKind::ref && block.size() > from &&
                         block.back().kind == Statement::Kind::ref;
  if (reference) block.back().unlooked = true;
}

}  // namespace

// `left = right`, or `left == right` when `closed`: then nothing may be bound.
void RuleCompiler::equality(Term const& left, Term const& right, Place place, Block& block,
                            bool closed) {
  // A rule's name, too, is a reference.
  auto const global_var = [&](Term const& term) {
    return term.kind == TermKind::var &&
           (term.name == "input" || term.name == "data" || global(term.name));
  };
  auto computed = [&](Term const& term) {
    return global_var(term) || (term.kind != TermKind::var && term.kind != TermKind::constant &&
                                term.kind != TermKind::array && term.kind != TermKind::object &&
                                term.kind != TermKind::set);
  };
  // The other side is computed first: calls, from left to right, before what is asked of rules.
  bool const left_last = computed(left) && !(holds_call(left) && computed(right));
  Term const& source = left_last ? left : right;
  Term const& other = left_last ? right : left;
  if (!computed(source)) {
    Pattern a = operand(left, block);
    Pattern b = operand(right, block);
    std::size_t from = block.size();
    unify(std::move(a), std::move(b), place, block);
    for (std::size_t i = from; i < block.size(); ++i) block[i].closed |= closed;
    return;
  }
  auto const reference = [&](Term const& term) { return stays(term) || global_var(term); };
  bool const beside = reference(left) && reference(right);
  auto from = block.size();
  Pattern out = operand(other, block);
  if (beside) mark_unlooked(other, block, from);
  from = block.size();
  assign_into(source, std::move(out), block, false);
  if (beside) mark_unlooked(source, block, from);
  if (!block.empty()) {
    block.back().closed = closed || learns_nothing(source, other, left);
    block.back().place = place;
  }
}

}  // namespace aw::rego
