// SPDX-License-Identifier: Apache-2.0
#include "core/rego/number.h"

#include <gmp.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/rego/value_node.h"

namespace aw::rego {
namespace {

constexpr long kMaxExponent = 100'000;
constexpr long kMaxWrittenExponent = 30'103;  // 100'000 binary digits, OPA's bound

// value = ± 0.DIGITS × 10^exponent, without leading and trailing zeros; empty digits are zero.
struct Decimal {
  bool negative = false;
  std::string digits;
  long exponent = 0;
};

Decimal decimal_of(std::string_view text) {
  Decimal out;
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') {
    out.negative = true;
    ++at;
  }
  long point = -1;
  std::string digits;
  for (; at < text.size(); ++at) {
    char c = text[at];
    if (c == '.') {
      point = static_cast<long>(digits.size());
    } else if (c >= '0' && c <= '9') {
      digits += c;
    } else {
      break;
    }
  }
  long exponent = 0;
  if (at < text.size()) {  // e or E
    std::string_view rest = text.substr(at + 1);
    if (!rest.empty() && rest[0] == '+') rest.remove_prefix(1);
    auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), exponent);
    if (parsed.ec != std::errc{}) exponent = rest.starts_with('-') ? -(1L << 40) : 1L << 40;
  }
  out.exponent = (point < 0 ? static_cast<long>(digits.size()) : point) + exponent;
  std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return Decimal{};
  std::size_t last = digits.find_last_not_of('0');
  out.digits = digits.substr(first, last - first + 1);
  out.exponent -= static_cast<long>(first);
  return out;
}

Decimal decimal_of(Value const& number) { return decimal_of(number.number_text()); }

int compare_magnitudes(Decimal const& a, Decimal const& b) {
  if (a.exponent != b.exponent) return a.exponent < b.exponent ? -1 : 1;
  int order = a.digits.compare(b.digits);
  return order < 0 ? -1 : static_cast<int>(order > 0);
}

int compare_decimals(Decimal const& a, Decimal const& b) {
  if (a.digits.empty() || b.digits.empty()) {
    int sign_a = a.digits.empty() ? 0 : (a.negative ? -1 : 1);
    int sign_b = b.digits.empty() ? 0 : (b.negative ? -1 : 1);
    return sign_a < sign_b ? -1 : static_cast<int>(sign_a > sign_b);
  }
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  int order = compare_magnitudes(a, b);
  return a.negative ? -order : order;
}

// Does the number grammar of JSON match all of `text`?
bool is_number(std::string_view text) {
  std::size_t at = 0;
  auto digits = [&] {
    std::size_t from = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return at > from;
  };
  if (at < text.size() && text[at] == '-') ++at;
  std::size_t first = at;
  if (!digits()) return false;
  if (text[first] == '0' && at - first > 1) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

// A GMP integer with an owner.
class Integer {
 public:
  Integer() { mpz_init(z_); }
  explicit Integer(std::string const& text) { mpz_init_set_str(z_, text.c_str(), 10); }
  ~Integer() { mpz_clear(z_); }
  Integer(Integer const&) = delete;
  Integer& operator=(Integer const&) = delete;
  operator mpz_ptr() { return z_; }           // NOLINT: stands for its integer
  operator mpz_srcptr() const { return z_; }  // NOLINT
  [[nodiscard]] std::string text(int base = 10) const {
    std::string out(mpz_sizeinbase(z_, base) + 2, '\0');
    mpz_get_str(out.data(), base, z_);
    out.resize(std::strlen(out.c_str()));
    return out;
  }

 private:
  mpz_t z_;
};

// Shortest digits that read back as `number` with 64 bits of mantissa, and their exponent.
std::pair<std::string, int> shortest(Float number) {
  std::array<char, 64> buffer{};
  for (int precision = 0; precision <= 21; ++precision) {
    std::snprintf(buffer.data(), buffer.size(), "%.*Le", precision, number);
    if (std::strtold(buffer.data(), nullptr) == number) break;
  }
  std::string_view text = buffer.data();
  std::size_t e = text.find('e');
  std::string digits;
  for (char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  int exponent = std::atoi(text.data() + e + 1);
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  return {digits, exponent};
}

std::string plain_digits(std::string const& digits, int exponent) {
  if (exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return digits + std::string(whole - digits.size(), '0');
  return digits.substr(0, whole) + "." + digits.substr(whole);
}

Value float_arithmetic(Arithmetic op, Value const& a, Value const& b, std::string_view& problem) {
  Float x = to_float(a);
  Float y = to_float(b);
  switch (op) {
    case Arithmetic::plus:
      return from_float(x + y);
    case Arithmetic::minus:
      return from_float(x - y);
    case Arithmetic::times:
      return from_float(x * y);
    case Arithmetic::divide:
      if (y == 0) {
        problem = "divide by zero";
        return {};
      }
      return from_float(x / y);
    case Arithmetic::modulo:
      break;
  }
  problem = "modulo on floating-point number";
  return {};
}

Value exact_arithmetic(Arithmetic op, std::string const& a, std::string const& b,
                       std::string_view& problem) {
  Integer x(a);
  Integer y(b);
  Integer z;
  switch (op) {
    case Arithmetic::plus:
      mpz_add(z, x, y);
      break;
    case Arithmetic::minus:
      mpz_sub(z, x, y);
      break;
    case Arithmetic::times:
      mpz_mul(z, x, y);
      break;
    default:
      if (mpz_sgn(static_cast<mpz_srcptr>(y)) == 0) {
        problem = "modulo by zero";
        return {};
      }
      mpz_tdiv_r(z, x, y);
  }
  return integer_from_text(z.text());
}

}  // namespace

Value Value::number_text(std::string_view text) {
  if (!is_number(text)) return {};
  std::int64_t integer = 0;
  auto parsed = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() && text != "-0") {
    return number(integer);
  }
  Decimal decimal = decimal_of(text);
  bool small = decimal.digits.empty() || std::labs(decimal.exponent) <= kMaxWrittenExponent ||
               text.find_first_of("eE") == std::string_view::npos;
  return small ? adopt(new_text_node(text), Kind::number) : Value{};
}

Value Value::real(double value) {
  if (!std::isfinite(value)) return null();
  std::array<char, 40> buffer{};
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return number_text({buffer.data(), end});
}

std::string Value::number_text() const {
  if (kind_ != Kind::number) return {};
  if (!heap_) return std::to_string(word_.integer);
  return std::string(text_of(static_cast<ValueNode const*>(word_.node)));
}

std::optional<std::int64_t> Value::as_int() const {
  if (kind_ != Kind::number) return std::nullopt;
  if (!heap_) return word_.integer;
  auto text = integer_text(*this);
  if (!text) return std::nullopt;
  std::int64_t integer = 0;
  auto parsed = std::from_chars(text->data(), text->data() + text->size(), integer);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return integer;
}

double Value::as_double() const {
  if (kind_ != Kind::number) return 0;
  if (!heap_) return static_cast<double>(word_.integer);
  return std::strtod(number_text().c_str(), nullptr);
}

std::uint64_t hash_number(Value const& number) {
  double nearest = number.as_double();
  if (nearest == 0) nearest = 0;  // -0 equals 0
  std::uint64_t bits = std::bit_cast<std::uint64_t>(nearest);
  bits ^= bits >> 29U;
  bits *= 0xbf58476d1ce4e5b9ULL;
  return (bits ^ (bits >> 32U)) | 1U;
}

int compare_numbers(Value const& a, Value const& b) {
  if (a.is_inline_int() && b.is_inline_int()) {
    return a.inline_int() < b.inline_int() ? -1 : static_cast<int>(a.inline_int() > b.inline_int());
  }
  return compare_decimals(decimal_of(a), decimal_of(b));
}

bool is_integer(Value const& number) {
  if (number.is_inline_int()) return true;
  Decimal d = decimal_of(number);
  return d.digits.empty() || d.exponent >= static_cast<long>(d.digits.size());
}

std::optional<std::string> integer_text(Value const& number) {
  if (number.is_inline_int()) return std::to_string(number.inline_int());
  Decimal d = decimal_of(number);
  if (d.digits.empty()) return "0";
  if (d.exponent < static_cast<long>(d.digits.size()) || d.exponent > kMaxExponent) {
    return std::nullopt;
  }
  d.digits.append(static_cast<std::size_t>(d.exponent) - d.digits.size(), '0');
  return d.negative ? "-" + d.digits : d.digits;
}

Value integer_from_text(std::string_view digits) { return Value::number_text(digits); }

Value arithmetic(Arithmetic op, Value const& a, Value const& b, std::string_view& problem) {
  if (a.is_inline_int() && b.is_inline_int()) {
    std::int64_t x = a.inline_int();
    std::int64_t y = b.inline_int();
    std::int64_t z = 0;
    switch (op) {
      case Arithmetic::plus:
        if (!__builtin_add_overflow(x, y, &z)) return Value::number(z);
        break;
      case Arithmetic::minus:
        if (!__builtin_sub_overflow(x, y, &z)) return Value::number(z);
        break;
      case Arithmetic::times:
        if (!__builtin_mul_overflow(x, y, &z)) return Value::number(z);
        break;
      case Arithmetic::divide:
        if (y == 0) {
          problem = "divide by zero";
          return {};
        }
        if (y != -1 && x != 0 && x % y == 0) return Value::number(x / y);
        break;
      case Arithmetic::modulo:
        if (y == 0) {
          problem = "modulo by zero";
          return {};
        }
        return Value::number(y == -1 ? 0 : x % y);
    }
  }
  if (op != Arithmetic::divide) {
    auto x = integer_text(a);
    auto y = integer_text(b);
    if (x && y) return exact_arithmetic(op, *x, *y, problem);
  }
  return float_arithmetic(op, a, b, problem);
}

namespace {

// OPA rounds to whole numbers of as many digits as they have, not to the fewest that name them.
Value from_whole(Float number) {
  if (!std::isfinite(number)) return {};
  if (number == 0) return from_float(number);
  std::array<char, 5000> text{};  // the largest has 4,933 digits
  auto const [end, failed] =
      std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed, 0);
  return failed == std::errc{} ? Value::number_text({text.data(), end}) : Value{};
}

}  // namespace

Value round_number(Rounding how, Value const& number) {
  if (number.is_inline_int() && how != Rounding::abs) return number;
  if (number.is_inline_int() && number.inline_int() > INT64_MIN) {
    return Value::number(std::abs(number.inline_int()));
  }
  Float x = to_float(number);
  switch (how) {
    case Rounding::round:
      return from_whole(std::trunc(x < 0 ? x - 0.5L : x + 0.5L));
    case Rounding::ceil:
      if (x > -1 && x < 0) return Value::number(1);  // OPA: it looks at the sign of zero
      return from_whole(std::ceil(x));
    case Rounding::floor:
      if (x > -1 && x < 0) return Value::number(0);  // the same
      return from_whole(std::floor(x));
    case Rounding::abs:
      break;
  }
  return from_float(std::fabs(x));
}

Float to_float(Value const& number) {
  if (number.is_inline_int()) return static_cast<Float>(number.inline_int());
  return std::strtold(number.number_text().c_str(), nullptr);
}

Value from_float(Float number) {
  if (!std::isfinite(number)) return {};
  if (number == 0) return std::signbit(number) ? Value::number_text("-0") : Value::number(0);
  auto [digits, exponent] = shortest(std::fabs(number));
  std::string text = std::signbit(number) ? "-" : "";
  bool whole = std::trunc(number) == number;
  if (whole || (exponent >= -4 && exponent < 6)) {
    text += plain_digits(digits, exponent);
  } else {
    text += digits.substr(0, 1);
    if (digits.size() > 1) text += "." + digits.substr(1);
    text += exponent < 0 ? "e-" : "e+";
    int magnitude = std::abs(exponent);
    text += (magnitude < 10 ? "0" : "") + std::to_string(magnitude);
  }
  return Value::number_text(text);
}

Value bits(Bits op, Value const& a, Value const& b, std::string_view& problem) {
  auto x_text = integer_text(a);
  auto y_text = integer_text(b);
  if (!x_text || !y_text) {
    problem = x_text ? "operand 2 must be integer number but got floating-point number"
                     : "operand 1 must be integer number but got floating-point number";
    return {};
  }
  Integer x(*x_text);
  Integer y(*y_text);
  Integer z;
  bool shifts = op == Bits::shift_left || op == Bits::shift_right;
  if (shifts && mpz_sgn(static_cast<mpz_srcptr>(y)) < 0) {
    problem = "operand 2 must be an unsigned integer number but got a negative integer";
    return {};
  }
  if (shifts && mpz_cmp_ui(static_cast<mpz_srcptr>(y), 1U << 20U) > 0) {
    problem = "shift is too large";
    return {};
  }
  switch (op) {
    case Bits::conjunction:
      mpz_and(z, x, y);
      break;
    case Bits::disjunction:
      mpz_ior(z, x, y);
      break;
    case Bits::exclusive:
      mpz_xor(z, x, y);
      break;
    case Bits::shift_left:
      mpz_mul_2exp(z, x, mpz_get_ui(y));
      break;
    case Bits::shift_right:
      mpz_fdiv_q_2exp(z, x, mpz_get_ui(y));
      break;
  }
  return integer_from_text(z.text());
}

Value bits_negate(Value const& a, std::string_view& problem) {
  auto text = integer_text(a);
  if (!text) {
    problem = "operand 1 must be integer number but got floating-point number";
    return {};
  }
  Integer x(*text);
  Integer z;
  mpz_com(z, x);
  return integer_from_text(z.text());
}

std::string integer_in_base(Value const& number, int base) {
  Decimal d = decimal_of(number);
  if (d.exponent > kMaxExponent) return {};
  std::string whole = "0";
  if (d.exponent > 0) {
    auto length = static_cast<std::size_t>(d.exponent);
    whole = d.digits.substr(0, length);
    whole.append(length - whole.size(), '0');
    if (d.negative) whole.insert(0, 1, '-');
  }
  return Integer(whole).text(base);
}

}  // namespace aw::rego
