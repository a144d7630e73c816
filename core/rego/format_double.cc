// SPDX-License-Identifier: Apache-2.0
#include "core/rego/format_double.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace aw::rego {
namespace {

std::string sign_of(VerbSpec const& spec, double number) {
  return std::string(std::signbit(number) ? "-" : spec.sign_of_positive());
}

// The fewest digits that read back as the number; the first of them stands before the point of
// `d.ddd * 10^exponent`.
struct ShortDigits {
  std::string digits;
  int exponent = 0;
};

ShortDigits short_digits(double number) {
  std::array<char, 64> buffer{};
  for (int precision = 1; precision <= 17; ++precision) {
    std::snprintf(buffer.data(), buffer.size(), "%.*e", precision - 1, number);
    if (std::strtod(buffer.data(), nullptr) == number) break;
  }
  std::string_view const text = buffer.data();
  std::size_t const e = text.find('e');
  ShortDigits out;
  out.exponent = std::atoi(text.data() + e + 1);
  for (char const c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') out.digits += c;
  }
  while (out.digits.size() > 1 && out.digits.back() == '0') out.digits.pop_back();
  return out;
}

std::string shortest_double(VerbSpec const& spec, double number) {
  auto const [digits, exponent] = short_digits(number);
  std::string const sign = sign_of(spec, number);
  constexpr int kLimit = 21;
  if (exponent < -4 || exponent >= kLimit) {
    std::string out = sign + digits.substr(0, 1);
    if (digits.size() > 1) out += "." + digits.substr(1);
    int const magnitude = std::abs(exponent);
    return out + (exponent < 0 ? "e-" : "e+") + (magnitude < 10 ? "0" : "") +
           std::to_string(magnitude);
  }
  if (exponent < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  auto const whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string floating_text(VerbSpec const& spec, double number) {
  auto const verb = static_cast<char>(spec.verb);
  bool const general = verb == 'v' || verb == 'g' || verb == 'G';
  if (general && spec.precision < 0) return shortest_double(spec, number);
  std::string format = "%";
  if (spec.plus) format += '+';
  if (spec.space) format += ' ';
  if (spec.sharp) format += '#';
  format += ".*";
  format += verb == 'F' ? 'f' : verb == 'v' ? 'g' : verb;
  int const precision = spec.precision < 0 ? 6 : spec.precision;
  std::string out(512 + static_cast<std::size_t>(precision), '\0');
  // The format is put together above from known parts.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
  int const length = std::snprintf(out.data(), out.size(), format.c_str(), precision, number);
#pragma clang diagnostic pop
  out.resize(static_cast<std::size_t>(std::max(length, 0)));
  return out;
}

// Of a double: all 53 bits of its mantissa, times a power of two.
std::string binary_double(VerbSpec const& spec, double number) {
  int exponent = 0;
  double const part = std::frexp(std::abs(number), &exponent);
  auto mantissa = static_cast<std::int64_t>(std::ldexp(part, 53));
  exponent = number == 0 ? -1074 : exponent - 53;
  for (; exponent < -1074; ++exponent) mantissa /= 2;  // the smallest have fewer bits
  return sign_of(spec, number) + std::to_string(mantissa) + (exponent < 0 ? "p-" : "p+") +
         std::to_string(std::abs(exponent));
}

// As C writes it, but with two digits of exponent at least.
std::string hex_double(VerbSpec const& spec, double number) {
  std::array<char, 512> buffer{};
  bool const upper = spec.verb == 'X';
  int const precision = std::min(spec.precision, 300);
  int const length =
      precision < 0
          ? std::snprintf(buffer.data(), buffer.size(), upper ? "%A" : "%a", number)
          : std::snprintf(buffer.data(), buffer.size(), upper ? "%.*A" : "%.*a", precision, number);
  std::string out(buffer.data(), static_cast<std::size_t>(std::max(length, 0)));
  std::size_t const p = out.find(upper ? 'P' : 'p');
  if (p != std::string::npos && out.size() == p + 3) out.insert(p + 2, "0");
  if (std::signbit(number)) return out;
  return std::string(spec.sign_of_positive()) + out;
}

}  // namespace

std::optional<std::string> double_text(VerbSpec const& spec, double number) {
  switch (spec.verb) {
    case 'v':
    case 'g':
    case 'G':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
      return floating_text(spec, number);
    case 'b':
      return binary_double(spec, number);
    case 'x':
    case 'X':
      return hex_double(spec, number);
    default:
      return std::nullopt;
  }
}

}  // namespace aw::rego
