// SPDX-License-Identifier: Apache-2.0
#include "core/rego/suggest.h"

#include <algorithm>
#include <string_view>

namespace aw::rego {
namespace {

constexpr std::size_t kMostItems = 3;

using Ways = std::vector<NearMiss>;

bool is_collection(Value const& value) { return value.is(Kind::array) || value.is(Kind::set); }

bool given(Operand const& operand) {
  return operand.origin.root != Origin::Root::none && !operand.origin.element;
}

NearMiss change_at(Origin const& at) {
  bool const data = at.root == Origin::Root::data;
  NearMiss out;
  out.kind = data ? NearMiss::Kind::data : NearMiss::Kind::input;
  out.path = path_text(data ? "data" : "input", at.steps);
  out.steps = at.steps;
  return out;
}

// left in right
void member_ways(Operand const& left, Operand const& right, Ways& out) {
  bool const open = !right.value.defined() || is_collection(right.value);
  if (given(right) && left.value.defined() && open) {
    out.push_back(add_member(right.origin, left.value));
  }
  if (given(left) && is_collection(right.value)) {
    for (auto const& item :
         right.value.items().subspan(0, std::min(kMostItems, right.value.size()))) {
      out.push_back(set_value(left.origin, left.value, item));
    }
  }
  for (auto const& item : right.items) {
    if (left.origin.element && item.value.defined()) {
      out.push_back(add_member(left.origin, item.value));
    }
    if (given(item) && left.value.defined()) {
      out.push_back(set_value(item.origin, item.value, left.value));
    }
  }
}

// Each side takes the other's value.
void equal_ways(Operand const& left, Operand const& right, Ways& out) {
  auto one = [&out](Operand const& changes, Operand const& stays) {
    if (!stays.value.defined()) return;
    if (given(changes)) out.push_back(set_value(changes.origin, changes.value, stays.value));
    if (changes.origin.element) out.push_back(add_member(changes.origin, stays.value));
  };
  one(left, right);
  one(right, left);
}

Value next_to(Value const& value, int distance) {
  auto const whole = value.as_int();
  return whole ? Value::number(*whole + distance) : Value::real(value.as_double() + distance);
}

// What the left side must be, seen from the right, for `name` to hold; undefined: nothing known.
Value fitting(std::string_view name, Value const& other, bool left) {
  bool const number = other.is(Kind::number);
  if (name == "lte" || name == "gte") return other;
  if (name == "lt" && number) return next_to(other, left ? -1 : 1);
  if (name == "gt" && number) return next_to(other, left ? 1 : -1);
  if (name == "neq" && other.is(Kind::boolean)) return Value::boolean(!other.is_true());
  if (name == "neq" && number) return next_to(other, 1);
  if (name == "neq" && other.is(Kind::string)) {
    return Value::string("not-" + std::string(other.as_string()));
  }
  bool const text = name == "startswith" || name == "endswith" || name == "contains";
  if (text && other.is(Kind::string)) return other;
  return {};
}

void order_ways(std::string_view name, Operand const& left, Operand const& right, Ways& out) {
  if (given(left)) {
    if (auto value = fitting(name, right.value, true); value.defined()) {
      out.push_back(set_value(left.origin, left.value, value));
    }
  }
  if (given(right)) {
    if (auto value = fitting(name, left.value, false); value.defined()) {
      out.push_back(set_value(right.origin, right.value, value));
    }
  }
}

// A reference that found nothing, or what does not count as yes.
void missing_ways(Operand const& operand, Ways& out) {
  if (operand.origin.root == Origin::Root::none) return;
  if (operand.origin.element) {
    for (auto const& value : operand.wanted) out.push_back(add_member(operand.origin, value));
    return;
  }
  for (auto const& value : operand.wanted) {
    out.push_back(set_value(operand.origin, operand.value, value));
  }
  if (operand.wanted.empty()) {
    out.push_back(set_value(operand.origin, operand.value, Value::boolean(true)));
  }
}

// A given value must no longer be what it is.
void unlike_ways(Operand const& operand, Ways& out) {
  if (!given(operand) || !operand.value.defined()) return;
  if (operand.value.is(Kind::boolean)) {
    out.push_back(
        set_value(operand.origin, operand.value, Value::boolean(!operand.value.is_true())));
    return;
  }
  NearMiss gone = change_at(operand.origin);
  gone.removes = true;
  gone.text = "without " + gone.path;
  out.push_back(std::move(gone));
}

}  // namespace

NearMiss set_value(Origin const& at, Value const& before, Value const& after) {
  NearMiss out = change_at(at);
  out.value = after;
  if (out.kind == NearMiss::Kind::data) {
    out.text = out.path + " = " + after.to_text();
    return out;
  }
  auto const name = at.steps.empty() ? out.path : std::string(at.steps.back().as_string());
  out.text = (name.empty() ? out.path : name) + " " + after.to_text() + " instead of " +
             (before.defined() ? before.to_text() : "nothing");
  return out;
}

NearMiss add_member(Origin const& at, Value const& member) {
  NearMiss out = change_at(at);
  out.value = member;
  out.adds = true;
  out.text = out.path + " += " + member.to_text();
  return out;
}

NearMiss remove_member(Origin const& at, Value const& member) {
  NearMiss out = change_at(at);
  out.value = member;
  out.removes = true;
  out.text = out.path + " -= " + member.to_text();
  return out;
}

std::vector<NearMiss> ways_to_hold(SeenExpr const& seen) {
  Ways out;
  auto const& s = *seen.statement;
  auto const& operands = seen.operands;
  if (s.kind == Statement::Kind::negation) {
    for (auto const& inner : seen.inner) {
      auto ways = ways_to_break(inner);
      out.insert(out.end(), ways.begin(), ways.end());
    }
    return out;
  }
  bool const pair = operands.size() == 2;
  if (s.kind == Statement::Kind::call) {
    auto const name = s.builtin != nullptr ? s.builtin->name : std::string_view();
    if (pair && name == "internal.member_2") {
      member_ways(operands[0], operands[1], out);
    } else if (pair && (name == "equal" || name == "eq")) {
      equal_ways(operands[0], operands[1], out);
    } else if (pair) {
      order_ways(name, operands[0], operands[1], out);
    }
    return out;
  }
  if (pair && !operands[0].inside) {
    equal_ways(operands[0], operands[1], out);
  } else if (!operands.empty()) {
    missing_ways(operands[0], out);
  }
  return out;
}

std::vector<NearMiss> ways_to_break(SeenExpr const& seen) {
  Ways out;
  auto const& operands = seen.operands;
  // What only fetches a value for a later step does not decide.
  bool const fetches = seen.statement->kind == Statement::Kind::ref &&
                       seen.statement->out.kind == Pattern::Kind::var && seen.statement->out.binds;
  if (fetches) return out;
  bool const member = seen.statement->kind == Statement::Kind::call &&
                      seen.statement->builtin != nullptr &&
                      seen.statement->builtin->name == "internal.member_2" && operands.size() == 2;
  if (member && given(operands[1])) {
    out.push_back(remove_member(operands[1].origin, operands[0].value));
    return out;
  }
  for (auto const& operand : operands) {
    if (operand.origin.element) {
      out.push_back(remove_member(operand.origin, operand.value));
    } else {
      unlike_ways(operand, out);
    }
  }
  return out;
}

}  // namespace aw::rego
