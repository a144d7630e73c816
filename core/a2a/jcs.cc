// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/jcs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

namespace aw::a2a {
namespace {

using json::Json;

// The shortest decimal digits that read back as `value`, and where their point stands: 0.digits ×
// 10^point.
struct Digits {
  std::string digits;
  int point = 0;
};

Digits shortest_digits(double value) {
  std::array<char, 32> buffer{};
  auto const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 std::chars_format::scientific)
                       .ptr;
  std::string_view const text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  auto const mark = text.find('e');
  Digits out;
  for (char const c : text.substr(0, mark))
    if (c != '.') out.digits += c;
  auto const exponent = text.substr(mark + (text[mark + 1] == '+' ? 2 : 1));
  std::from_chars(exponent.data(), exponent.data() + exponent.size(), out.point);
  ++out.point;
  return out;
}

std::string with_exponent(Digits const& d) {
  std::string out = d.digits.substr(0, 1);
  if (d.digits.size() > 1) out += '.' + d.digits.substr(1);
  int const exponent = d.point - 1;
  return out + (exponent < 0 ? "e-" : "e+") + std::to_string(std::abs(exponent));
}

std::string spelled(Digits const& d) {
  constexpr int kLargest = 21;
  constexpr int kSmallest = -6;
  int const count = static_cast<int>(d.digits.size());
  if (d.point > kLargest || d.point <= kSmallest) return with_exponent(d);
  if (d.point >= count)
    return d.digits + std::string(static_cast<std::size_t>(d.point - count), '0');
  if (d.point > 0) {
    auto const whole = static_cast<std::size_t>(d.point);
    return d.digits.substr(0, whole) + '.' + d.digits.substr(whole);
  }
  return "0." + std::string(static_cast<std::size_t>(-d.point), '0') + d.digits;
}

// RFC 8785 §3.2.3. Our strings are valid UTF-8; its bytes sort as code points, which differs from
// UTF-16 only above the surrogates.
bool before_in_utf16(std::string const& a, std::string const& b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (a[i] == b[i]) continue;
    auto const x = static_cast<unsigned char>(a[i]);
    auto const y = static_cast<unsigned char>(b[i]);
    // First bytes 0xEE and 0xEF (U+E000 to U+FFFF) come after 0xF0 and up, which are surrogates.
    bool const x_high = x == 0xEE || x == 0xEF;
    bool const y_high = y == 0xEE || y == 0xEF;
    if (x >= 0xF0 && y_high) return true;
    if (y >= 0xF0 && x_high) return false;
    return x < y;
  }
  return a.size() < b.size();
}

void write_canonical(std::string& out, Json const& value);

void write_canonical_object(std::string& out, Json const& object) {
  std::vector<std::string> names;
  for (auto const& member : object.items()) names.push_back(member.key());
  std::ranges::sort(names, before_in_utf16);
  out += '{';
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ',';
    json::append_string(out, names[i]);
    out += ':';
    write_canonical(out, object[names[i]]);
  }
  out += '}';
}

void write_canonical(std::string& out, Json const& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return write_canonical_object(out, value);
    case Json::value_t::array:
      out += '[';
      for (std::size_t i = 0; i < value.size(); ++i) {
        if (i > 0) out += ',';
        write_canonical(out, value[i]);
      }
      out += ']';
      return;
    case Json::value_t::string:
      return json::append_string(out, value.get_ref<std::string const&>());
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      // JSON's numbers are doubles here, also those that look whole (RFC 8785 §3.2.2.3).
      out += ecmascript_number(value.get<double>());
      return;
    default:
      out += "null";
  }
}

}  // namespace

std::string ecmascript_number(double value) {
  if (!std::isfinite(value)) return "null";
  if (value == 0) return "0";  // also minus zero
  auto const sign = std::signbit(value) ? "-" : "";
  auto d = shortest_digits(std::fabs(value));
  while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
  return sign + spelled(d);
}

std::string canonical_json(json::Json const& value) {
  std::string out;
  write_canonical(out, value);
  return out;
}

}  // namespace aw::a2a
