// SPDX-License-Identifier: Apache-2.0
// Arithmetic, comparison, aggregates and bits.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/rego/builtin.h"
#include "core/rego/number.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

template <Arithmetic kOp>
Value arithmetic_op(BuiltinCall& call) {
  if (!call.want(0, Kind::number) || !call.want(1, Kind::number)) return {};
  std::string_view problem;
  Value result = arithmetic(kOp, call[0], call[1], problem);
  return problem.empty() ? result : call.fail(std::string(problem));
}

Value minus(BuiltinCall& call) {
  if (call[0].is(Kind::set) && call[1].is(Kind::set)) {
    std::vector<Value> left;
    for (Value const& item : call[0].items()) {
      if (call[1].find(item) == nullptr) left.push_back(item);
    }
    return Value::set(std::move(left));
  }
  if (!call.want(0, {Kind::number, Kind::set})) return {};
  if (!call.want(1, call[0].kind())) return {};
  return arithmetic_op<Arithmetic::minus>(call);
}

template <Rounding kHow>
Value rounding(BuiltinCall& call) {
  return call.want(0, Kind::number) ? round_number(kHow, call[0]) : Value{};
}

enum class Order { less, less_equal, greater, greater_equal, equal, unequal };

template <Order kOrder>
Value ordered(BuiltinCall& call) {
  if (kOrder == Order::equal) return Value::boolean(call[0] == call[1]);
  if (kOrder == Order::unequal) return Value::boolean(!(call[0] == call[1]));
  int order = compare(call[0], call[1]);
  switch (kOrder) {
    case Order::less:
      return Value::boolean(order < 0);
    case Order::less_equal:
      return Value::boolean(order <= 0);
    case Order::greater:
      return Value::boolean(order > 0);
    default:
      return Value::boolean(order >= 0);
  }
}

Value count(BuiltinCall& call) {
  if (!call.want(0, {Kind::array, Kind::object, Kind::set, Kind::string})) return {};
  std::size_t size = call[0].is(Kind::string) ? rune_count(call.text(0)) : call[0].size();
  return Value::number(static_cast<std::int64_t>(size));
}

// A large whole number: the fewest digits that tell it from other doubles, then zeros.
Value whole_of(double number) {
  std::array<char, 32> buffer{};
  auto const [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                          std::chars_format::scientific);
  std::string_view const text(buffer.data(), end);  // "-1.25e+21"
  auto const mark = text.find('e');
  std::string digits(text.substr(0, mark));
  std::erase(digits, '.');
  std::size_t exponent = 0;
  std::from_chars(text.data() + mark + 2, end, exponent);
  digits.resize(exponent + (number < 0 ? 2 : 1), '0');
  return Value::number_text(digits);
}

// OPA keeps 53 bits from factor to factor, where one is no integer.
Value rounded_product(std::span<const Value> factors) {
  double product = 1;
  for (Value const& factor : factors) {
    product = static_cast<double>(static_cast<Float>(product) * to_float(factor));
  }
  constexpr double kLarge = 1e15;  // from here on a number may be told with an exponent
  bool const large =
      std::isfinite(product) && std::abs(product) >= kLarge && std::trunc(product) == product;
  return large ? whole_of(product) : Value::real(product);
}

template <Arithmetic kOp>
Value fold(BuiltinCall& call) {
  if (!call.want(0, {Kind::set, Kind::array})) return {};
  Value total = Value::number(kOp == Arithmetic::plus ? 0 : 1);
  for (Value const& item : call[0].items()) {
    if (!item.is(Kind::number)) {
      return call.wrong_member(0, "numbers", item);
    }
    std::string_view problem;
    total = arithmetic(kOp, total, item, problem);
  }
  bool rounds = kOp == Arithmetic::times &&
                !std::ranges::all_of(call[0].items(), [](Value const& n) { return is_integer(n); });
  return rounds ? rounded_product(call[0].items()) : total;
}

template <bool kLargest>
Value extreme(BuiltinCall& call) {
  if (!call.want(0, {Kind::set, Kind::array})) return {};
  Value const* best = nullptr;
  for (Value const& item : call[0].items()) {
    bool better =
        best == nullptr || (kLargest ? compare(*best, item) <= 0 : compare(item, *best) <= 0);
    if (better) best = &item;
  }
  return best == nullptr ? Value{} : *best;
}

Value sorted(BuiltinCall& call) {
  if (!call.want(0, {Kind::set, Kind::array})) return {};
  std::vector<Value> items(call[0].items().begin(), call[0].items().end());
  std::ranges::sort(items, [](Value const& a, Value const& b) { return compare(a, b) < 0; });
  return Value::array(std::move(items));
}

Value all_of(BuiltinCall& call) {
  if (!call.want(0, {Kind::set, Kind::array})) return {};
  auto items = call[0].items();
  return Value::boolean(std::ranges::all_of(items, [](Value const& v) { return v.is_true(); }));
}

Value any_of(BuiltinCall& call) {
  if (!call.want(0, {Kind::set, Kind::array})) return {};
  auto items = call[0].items();
  return Value::boolean(std::ranges::any_of(items, [](Value const& v) { return v.is_true(); }));
}

template <Bits kOp>
Value bitwise(BuiltinCall& call) {
  if (!call.want(0, Kind::number) || !call.want(1, Kind::number)) return {};
  std::string_view problem;
  Value result = bits(kOp, call[0], call[1], problem);
  return problem.empty() ? result : call.type_error(std::string(problem));
}

Value negate(BuiltinCall& call) {
  if (!call.want(0, Kind::number)) return {};
  std::string_view problem;
  Value result = bits_negate(call[0], problem);
  return problem.empty() ? result : call.type_error(std::string(problem));
}

Value range_of(BuiltinCall& call, std::int64_t step) {
  std::int64_t from = 0;
  std::int64_t to = 0;
  if (!call.want_int(0, from) || !call.want_int(1, to)) return {};
  if (step <= 0) return call.fail("step must be a positive integer");
  auto distance = from <= to ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from)
                             : static_cast<std::uint64_t>(from) - static_cast<std::uint64_t>(to);
  std::uint64_t many = distance / static_cast<std::uint64_t>(step) + 1;
  std::size_t most = call.context.options->limits.memory / sizeof(Value) / 2;
  if (many > most) return call.fatal("the range is too large");
  std::vector<Value> items;
  items.reserve(many);
  std::int64_t at = from;
  for (std::uint64_t i = 0; i < many; ++i) {
    items.push_back(Value::number(at));
    if (i + 1 < many) at = from <= to ? at + step : at - step;
  }
  return Value::array(std::move(items));
}

// The same where a bound or the step does not fit 64 bits.
Value big_range_of(BuiltinCall& call, Value const& step) {
  std::string_view problem;
  bool up = compare_numbers(call[0], call[1]) <= 0;
  std::size_t most = call.context.options->limits.memory / sizeof(Value) / 4;
  std::vector<Value> items;
  Value at = call[0];
  while (up ? compare_numbers(at, call[1]) <= 0 : compare_numbers(at, call[1]) >= 0) {
    bool stop = items.size() >= most || (items.size() % 4096 == 4095 && call.context.interrupted());
    if (stop) return call.fatal("the range is too large");
    items.push_back(at);
    at = arithmetic(up ? Arithmetic::plus : Arithmetic::minus, at, step, problem);
  }
  return Value::array(std::move(items));
}

bool want_integers(BuiltinCall& call) {
  for (std::size_t i = 0; i < call.count(); ++i) {
    if (!call.want(i, Kind::number)) return false;
    if (is_integer(call[i])) continue;
    call.type_error("operand " + std::to_string(i + 1) +
                    " must be integer number but got floating-point number");
    return false;
  }
  return true;
}

Value numbers_range(BuiltinCall& call) {
  if (!want_integers(call)) return {};
  bool fits = call[0].as_int() && call[1].as_int();
  return fits ? range_of(call, 1) : big_range_of(call, Value::number(1));
}

Value numbers_range_step(BuiltinCall& call) {
  if (!want_integers(call)) return {};
  if (compare_numbers(call[2], Value::number(0)) <= 0) {
    return call.fail("step must be a positive integer");
  }
  bool fits = call[0].as_int() && call[1].as_int() && call[2].as_int();
  return fits ? range_of(call, *call[2].as_int()) : big_range_of(call, call[2]);
}

Value format_int(BuiltinCall& call) {
  if (!call.want(0, Kind::number)) return {};
  if (!call.want(1, Kind::number)) return {};
  auto base = call[1].as_int();
  if (!base || (*base != 2 && *base != 8 && *base != 10 && *base != 16)) {
    return call.type_error("operand 2 must be one of {2, 8, 10, 16}");
  }
  return Value::string(integer_in_base(call[0], static_cast<int>(*base)));
}

Value to_number(BuiltinCall& call) {
  Value const& value = call[0];
  switch (value.kind()) {
    case Kind::null:
      return Value::number(0);
    case Kind::boolean:
      return Value::number(value.is_true() ? 1 : 0);
    case Kind::number:
      return value;
    case Kind::string: {
      std::string text(value.as_string());
      std::string bare = text::lower(text);
      if (bare.starts_with('-') || bare.starts_with('+')) bare.erase(0, 1);
      if (bare == "inf" || bare == "infinity" || bare == "nan") {
        return call.type_error("operand 1 must be valid number string");
      }
      std::string digits = text;
      if (digits.starts_with('+')) digits.erase(0, 1);
      Value number = Value::number_text(digits);
      if (number.defined() && !text.starts_with('+')) return number;
      return call.fail("invalid syntax");
    }
    default:
      break;
  }
  call.want(0, {Kind::null, Kind::boolean, Kind::number, Kind::string});
  return {};
}

std::uint64_t next_random(BuiltinCall& call) {
  std::uint64_t& state = *call.context.random_state;
  if (state == 0) state = random_u64() | 1U;
  state += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

// The same for the same name and bound all through one evaluation.
Value rand_intn(BuiltinCall& call) {
  std::int64_t bound = 0;
  if (!call.want(0, Kind::string) || !call.want_int(1, bound)) return {};
  if (bound == 0) return Value::number(0);
  if (bound == INT64_MIN) return call.fail("bound is too small");
  std::string key = "rand.intn/" + std::string(call.text(0)) + "/" + std::to_string(bound);
  for (auto const& [name, value] : *call.context.remembered) {
    if (name == key) return value;
  }
  auto positive = static_cast<std::uint64_t>(bound < 0 ? -bound : bound);
  Value value = Value::number(static_cast<std::int64_t>(next_random(call) % positive));
  call.context.remembered->emplace_back(key, value);
  return value;
}

constexpr Builtin kArithmetic[] = {
    {"plus", 2, arithmetic_op<Arithmetic::plus>},
    {"minus", 2, minus},
    {"mul", 2, arithmetic_op<Arithmetic::times>},
    {"div", 2, arithmetic_op<Arithmetic::divide>},
    {"rem", 2, arithmetic_op<Arithmetic::modulo>},
    {"round", 1, rounding<Rounding::round>},
    {"ceil", 1, rounding<Rounding::ceil>},
    {"floor", 1, rounding<Rounding::floor>},
    {"abs", 1, rounding<Rounding::abs>},
    {"bits.and", 2, bitwise<Bits::conjunction>},
    {"bits.or", 2, bitwise<Bits::disjunction>},
    {"bits.xor", 2, bitwise<Bits::exclusive>},
    {"bits.lsh", 2, bitwise<Bits::shift_left>},
    {"bits.rsh", 2, bitwise<Bits::shift_right>},
    {"bits.negate", 1, negate},
    {"numbers.range", 2, numbers_range},
    {"numbers.range_step", 3, numbers_range_step},
    {"format_int", 2, format_int},
    {"to_number", 1, to_number},
    {"rand.intn", 2, rand_intn},
};

constexpr Builtin kCompare[] = {
    {"lt", 2, ordered<Order::less>},     {"lte", 2, ordered<Order::less_equal>},
    {"gt", 2, ordered<Order::greater>},  {"gte", 2, ordered<Order::greater_equal>},
    {"eq", 2, ordered<Order::equal>},    {"equal", 2, ordered<Order::equal>},
    {"neq", 2, ordered<Order::unequal>},
};

constexpr Builtin kAggregates[] = {
    {"count", 1, count},
    {"sum", 1, fold<Arithmetic::plus>},
    {"product", 1, fold<Arithmetic::times>},
    {"max", 1, extreme<true>},
    {"min", 1, extreme<false>},
    {"sort", 1, sorted},
    {"all", 1, all_of},
    {"any", 1, any_of},
};

}  // namespace

std::span<const Builtin> arithmetic_builtins() { return kArithmetic; }
std::span<const Builtin> compare_builtins() { return kCompare; }
std::span<const Builtin> aggregate_builtins() { return kAggregates; }

}  // namespace aw::rego
