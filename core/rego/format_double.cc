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

// `e+07`: two digits at least.
std::string exponent_text(char letter, int exponent) {
  int const magnitude = std::abs(exponent);
  return std::string(1, letter) + (exponent < 0 ? "-" : "+") + (magnitude < 10 ? "0" : "") +
         std::to_string(magnitude);
}

std::string shortest_double(double number, char letter) {
  auto const [digits, exponent] = short_digits(number);
  constexpr int kLimit = 6;
  if (exponent < -4 || exponent >= kLimit) {
    std::string out = digits.substr(0, 1);
    if (digits.size() > 1) out += "." + digits.substr(1);
    return out + exponent_text(letter, exponent);
  }
  if (exponent < 0) {
    return "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  auto const whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return digits + std::string(whole - digits.size(), '0');
  return digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string printed_double(char verb, int precision, double number) {
  std::string const format = std::string("%.*") + verb;
  std::string out(512 + static_cast<std::size_t>(precision), '\0');
  // The format is put together above from known parts.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
  int const length = std::snprintf(out.data(), out.size(), format.c_str(), precision, number);
#pragma clang diagnostic pop
  out.resize(static_cast<std::size_t>(std::max(length, 0)));
  return out;
}

// All 53 bits of the mantissa, times a power of two.
std::string binary_double(double number) {
  int exponent = 0;
  double const part = std::frexp(number, &exponent);
  auto mantissa = static_cast<std::int64_t>(std::ldexp(part, 53));
  exponent = number == 0 ? -1074 : exponent - 53;
  for (; exponent < -1074; ++exponent) mantissa /= 2;  // the smallest have fewer bits
  return std::to_string(mantissa) + (exponent < 0 ? "p-" : "p+") +
         std::to_string(std::abs(exponent));
}

// `0x1.8p+01`. Unlike C's it begins with 1 for the smallest numbers too.
std::string hex_double(char verb, int precision, double number) {
  constexpr int kDigits = 13;  // 52 bits behind the point
  int exponent = 0;
  auto bits = static_cast<std::uint64_t>(std::ldexp(std::frexp(number, &exponent), 53));
  exponent = number == 0 ? 0 : exponent - 1;
  int const kept = precision < 0 ? kDigits : std::min(precision, kDigits);
  int const dropped = 4 * (kDigits - kept);
  if (dropped > 0) {  // halves to even
    std::uint64_t const half = std::uint64_t{1} << (dropped - 1);
    std::uint64_t const odd = (bits >> dropped) & 1U;
    bits = (bits + half - 1 + odd) >> dropped;
    if (bits >> (4 * kept) == 2) bits >>= 1, ++exponent;
  }
  bool const upper = verb == 'X';
  std::string digits;
  for (int i = 0; i < kept; ++i) {
    digits.insert(0, 1, (upper ? "0123456789ABCDEF" : "0123456789abcdef")[(bits >> (4 * i)) & 15U]);
  }
  if (precision < 0) digits.resize(digits.find_last_not_of('0') + 1);
  if (precision > kDigits) digits.append(static_cast<std::size_t>(precision - kDigits), '0');
  return (upper ? "0X" : "0x") + std::to_string(bits >> (4 * kept)) +
         (digits.empty() ? "" : "." + digits) + exponent_text(upper ? 'P' : 'p', exponent);
}

// What '#' asks for: a point in any case, and the zeros that shortest forms leave out.
std::string with_point(VerbSpec const& spec, Rune verb, std::string const& text) {
  bool const counts = verb == 'v' || verb == 'g' || verb == 'G' || verb == 'x';
  int missing = counts ? (spec.precision < 0 ? 6 : spec.precision) : 0;
  bool const hex = verb == 'x' || verb == 'X';
  std::size_t const tail = std::min(text.find_first_of(hex ? "pP" : "eE"), text.size());
  std::string out = text.substr(0, tail);
  bool significant = false;
  for (char const c : out) {
    if (c == '.') continue;
    significant = significant || c != '0';
    if (significant) --missing;
  }
  if (out.find('.') == std::string::npos) {
    if (out == "0") --missing;
    out += '.';
  }
  if (missing > 0) out.append(static_cast<std::size_t>(missing), '0');
  return out + text.substr(tail);
}

}  // namespace

std::optional<std::string> double_text(VerbSpec const& spec, Rune verb, double number) {
  number = std::abs(number);
  auto const letter = static_cast<char>(verb);
  std::string text;
  switch (verb) {
    case 'v':
    case 'g':
    case 'G':
      text = spec.precision < 0
                 ? shortest_double(number, verb == 'G' ? 'E' : 'e')
                 : printed_double(verb == 'v' ? 'g' : letter, spec.precision, number);
      break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
      text = printed_double(letter, spec.precision < 0 ? 6 : spec.precision, number);
      break;
    case 'b':
      return binary_double(number);
    case 'x':
    case 'X':
      text = hex_double(letter, spec.precision, number);
      break;
    default:
      return std::nullopt;
  }
  return spec.sharp ? with_point(spec, verb, text) : text;
}

}  // namespace aw::rego
