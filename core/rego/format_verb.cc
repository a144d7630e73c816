// SPDX-License-Identifier: Apache-2.0
#include "core/rego/format_verb.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/base/text.h"
#include "core/rego/builtin.h"
#include "core/rego/format_double.h"
#include "core/rego/number.h"

namespace aw::rego {
namespace {

bool is_big(FormatArgument const& argument) {
  return argument.kind == FormatArgument::Kind::integer && argument.text.size() > 18 &&
         !Value::number_text(argument.text).is_inline_int();
}

void raise_letters(std::string& text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

enum class Filling { text, number };  // only numbers take zeros between sign and digits

std::string pad(VerbSpec const& spec, std::string text, Filling filling) {
  auto const length = static_cast<int>(rune_count(text));
  if (spec.width <= length) return text;
  auto const missing = static_cast<std::size_t>(spec.width - length);
  if (spec.minus) return text + std::string(missing, ' ');
  if (spec.zero && filling == Filling::number) {
    std::size_t const sign =
        text.starts_with('-') || text.starts_with('+') || text.starts_with(' ') ? 1 : 0;
    return text.substr(0, sign) + std::string(missing, '0') + text.substr(sign);
  }
  return std::string(missing, spec.zero ? '0' : ' ') + text;
}

std::string cut(VerbSpec const& spec, std::string text) {
  if (spec.precision < 0) return text;
  std::size_t end = 0;
  for (int i = 0; i < spec.precision && end < text.size(); ++i) (void)next_rune(text, end);
  text.resize(std::min(end, text.size()));
  return text;
}

std::string integer_text_in(VerbSpec const& spec, FormatArgument const& argument, int base) {
  std::string digits =
      base == 10 ? argument.text : integer_in_base(Value::number_text(argument.text), base);
  bool const negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (spec.precision > static_cast<int>(digits.size())) {
    digits.insert(0, static_cast<std::size_t>(spec.precision) - digits.size(), '0');
  }
  if (spec.sharp && base == 16) digits.insert(0, "0x");
  if (spec.sharp && base == 8) digits.insert(0, "0");
  if (spec.sharp && base == 2) digits.insert(0, "0b");
  if (spec.verb == 'X') raise_letters(digits);
  return std::string(negative ? "-" : spec.sign_of_positive()) + digits;
}

// With every flag, as a verb that does not fit is answered.
std::string number_as_value(VerbSpec const& spec, FormatArgument const& argument) {
  bool const integer = argument.kind == FormatArgument::Kind::integer;
  return pad(spec,
             integer ? integer_text_in(spec, argument, 10) : *double_text(spec, argument.number),
             Filling::number);
}

std::string bad_verb(VerbSpec const& spec, FormatArgument const& argument) {
  std::string out = "%!";
  append_utf8(out, spec.verb);
  out += '(';
  out += argument.type_name();
  out += '=';
  VerbSpec shown = spec;
  shown.verb = 'v';
  out += argument.kind == FormatArgument::Kind::text
             ? pad(spec, cut(spec, argument.text), Filling::text)
             : number_as_value(shown, argument);
  return out + ")";
}

Rune rune_of(double number) {
  return number >= 0 && number <= 0x10FFFF ? static_cast<Rune>(number) : Rune{0xFFFD};
}

std::string quoted_rune(double number) {
  Rune const rune = rune_of(number);
  constexpr std::string_view kEscaped = "\a\b\f\n\r\t\v\\'";
  constexpr std::string_view kEscapes = "abfnrtv\\'";
  std::string out = "'";
  auto const at = rune < 0x80 ? kEscaped.find(static_cast<char>(rune)) : std::string_view::npos;
  if (at != std::string_view::npos) {
    out += '\\';
    out += kEscapes[at];
  } else if (rune < 0x20 || rune == 0x7F) {
    std::array<char, 8> buffer{};
    std::snprintf(buffer.data(), buffer.size(), "\\x%02x", static_cast<unsigned>(rune));
    out += buffer.data();
  } else {
    append_utf8(out, rune);
  }
  return out + "'";
}

// %q, %c and %U of an integer: the rune of that number.
std::string rune_text(Rune verb, FormatArgument const& argument) {
  if (verb == 'q') return quoted_rune(argument.number);
  if (verb == 'c') {
    std::string out;
    append_utf8(out, rune_of(argument.number));
    return out;
  }
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "U+%04" PRIX64,
                static_cast<std::uint64_t>(std::strtoll(argument.text.c_str(), nullptr, 10)));
  return buffer.data();
}

std::string hex_text(VerbSpec const& spec, std::string const& text) {
  std::string out = text::to_hex(text);
  if (spec.verb == 'X') raise_letters(out);
  return out;
}

std::string quoted(VerbSpec const& spec, std::string const& text) {
  if (spec.sharp && text.find('`') == std::string::npos) return "`" + text + "`";
  return Value::string(text).to_json();
}

std::string format_text(VerbSpec const& spec, FormatArgument const& argument) {
  switch (spec.verb) {
    case 'v': {
      std::string const text = cut(spec, argument.text);
      return pad(spec, spec.sharp ? quoted(VerbSpec{}, text) : text, Filling::text);
    }
    case 's':
      return pad(spec, cut(spec, argument.text), Filling::text);
    case 'q':
      return pad(spec, quoted(spec, cut(spec, argument.text)), Filling::text);
    case 'x':
    case 'X':
      return pad(spec, hex_text(spec, argument.text), Filling::text);
    default:
      return bad_verb(spec, argument);
  }
}

std::string plain_value(VerbSpec const& spec, FormatArgument const& argument) {
  VerbSpec plain = spec;
  plain.plus = plain.sharp = false;
  return number_as_value(plain, argument);
}

// 0: the verb asks for no base.
int base_of(Rune verb) {
  switch (verb) {
    case 'd':
      return 10;
    case 'b':
      return 2;
    case 'o':
      return 8;
    case 'x':
    case 'X':
      return 16;
    default:
      return 0;
  }
}

std::string format_integer(VerbSpec const& spec, FormatArgument const& argument) {
  if (spec.verb == 'v') return plain_value(spec, argument);
  if (int const base = base_of(spec.verb); base != 0) {
    return pad(spec, integer_text_in(spec, argument, base), Filling::number);
  }
  bool const big = is_big(argument);
  if (spec.verb == 's' && big) return pad(spec, argument.text, Filling::number);
  bool const as_rune = spec.verb == 'q' || spec.verb == 'c' || spec.verb == 'U';
  if (as_rune && !big) return pad(spec, rune_text(spec.verb, argument), Filling::text);
  return bad_verb(spec, argument);
}

std::string format_floating(VerbSpec const& spec, FormatArgument const& argument) {
  if (spec.verb == 'v') return plain_value(spec, argument);
  auto text = double_text(spec, argument.number);
  return text ? pad(spec, *std::move(text), Filling::number) : bad_verb(spec, argument);
}

}  // namespace

std::string_view VerbSpec::sign_of_positive() const { return plus ? "+" : space ? " " : ""; }

FormatArgument FormatArgument::of(Value const& value) {
  FormatArgument out;
  if (value.is(rego::Kind::string)) {
    out.text = value.as_string();
    return out;
  }
  out.text = value.to_text();
  if (!value.is(rego::Kind::number)) return out;
  bool const floating = out.text.find_first_of(".eE") != std::string::npos;
  if (floating && !std::isfinite(std::strtod(out.text.c_str(), nullptr))) return out;
  out.kind = floating ? Kind::floating : Kind::integer;
  out.number = value.as_double();
  return out;
}

std::string_view FormatArgument::type_name() const {
  switch (kind) {
    case Kind::integer:
      return is_big(*this) ? "big.Int" : "int64";
    case Kind::floating:
      return "float64";
    case Kind::text:
      break;
  }
  return "string";
}

std::string format_verb(VerbSpec const& spec, FormatArgument const& argument) {
  switch (argument.kind) {
    case FormatArgument::Kind::integer:
      return format_integer(spec, argument);
    case FormatArgument::Kind::floating:
      return format_floating(spec, argument);
    case FormatArgument::Kind::text:
      break;
  }
  return format_text(spec, argument);
}

}  // namespace aw::rego
