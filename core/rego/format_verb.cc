// SPDX-License-Identifier: Apache-2.0
#include "core/rego/format_verb.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/base/text.h"
#include "core/rego/format_double.h"
#include "core/rego/go_quote.h"
#include "core/rego/number.h"

namespace aw::rego {
namespace {

void raise_letters(std::string& text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

std::string_view sign_of(VerbSpec const& spec, bool negative) {
  return negative ? "-" : spec.plus ? "+" : spec.space ? " " : "";
}

std::string fill(int missing, char with) {
  return std::string(static_cast<std::size_t>(std::max(missing, 0)), with);
}

std::string pad(VerbSpec const& spec, std::string text) {
  int const missing = spec.width - static_cast<int>(rune_count(text));
  if (missing <= 0) return text;
  if (spec.minus) return text + fill(missing, ' ');
  return fill(missing, spec.zero ? '0' : ' ') + text;
}

// For what has its zeros already.
std::string pad_with_spaces(VerbSpec spec, std::string text) {
  spec.zero = false;
  return pad(spec, std::move(text));
}

std::string cut(VerbSpec const& spec, std::string const& text) {
  if (spec.precision < 0) return text;
  std::size_t end = 0;
  for (int i = 0; i < spec.precision && end < text.size(); ++i) (void)next_rune(text, end);
  return text.substr(0, end);
}

// Digits of another base; the sign apart.
struct Digits {
  std::string text;
  bool negative = false;

  Digits(FormatArgument const& argument, int base)
      : text(base == 10 ? argument.text : integer_in_base(Value::number_text(argument.text), base)),
        negative(text.starts_with('-')) {
    if (negative) text.erase(0, 1);
  }
};

std::string format_integer_in(VerbSpec const& spec, FormatArgument const& argument, int base) {
  Digits digits(argument, base);
  if (spec.precision == 0 && digits.text == "0") return pad_with_spaces(spec, "");
  std::string const sign(sign_of(spec, digits.negative));
  // Two ways to ask for zeros: a precision wins over the flag.
  int const wanted = spec.precision >= 0 ? spec.precision
                     : spec.zero         ? spec.width - static_cast<int>(sign.size())
                                         : 0;
  digits.text.insert(0, fill(wanted - static_cast<int>(digits.text.size()), '0'));
  if (spec.sharp && base == 16) digits.text.insert(0, "0x");
  if (spec.sharp && base == 8 && !digits.text.starts_with('0')) digits.text.insert(0, "0");
  if (spec.sharp && base == 2) digits.text.insert(0, "0b");
  if (spec.verb == 'O') digits.text.insert(0, "0o");
  if (spec.verb == 'X') raise_letters(digits.text);
  return pad_with_spaces(spec, sign + digits.text);
}

// Go's big integers format themselves, and a little otherwise: zeros by the flag come behind the
// prefix and count it in.
std::string format_big_in(VerbSpec const& spec, FormatArgument const& argument, int base) {
  Digits digits(argument, base);
  std::string const sign(sign_of(spec, digits.negative));
  std::string prefix;
  if (spec.sharp) {
    prefix = spec.verb == 'b' ? "0b" : spec.verb == 'o' ? "0" : base == 16 ? "0x" : "";
  }
  if (spec.verb == 'O') prefix = "0o";
  digits.text.insert(0, fill(spec.precision - static_cast<int>(digits.text.size()), '0'));
  if (spec.zero && spec.precision < 0) {
    auto const length = sign.size() + prefix.size() + digits.text.size();
    digits.text.insert(0, fill(spec.width - static_cast<int>(length), '0'));
  }
  digits.text.insert(0, prefix);
  if (spec.verb == 'X') raise_letters(digits.text);
  return pad_with_spaces(spec, sign + digits.text);
}

std::string bad_verb(VerbSpec const& spec, FormatArgument const& argument);

std::string format_floating(VerbSpec const& spec, Rune verb, FormatArgument const& argument) {
  auto const text = double_text(spec, verb, argument.number);
  if (!text) return bad_verb(spec, argument);
  std::string const sign(sign_of(spec, std::signbit(argument.number)));
  if (!spec.zero) return pad(spec, sign + *text);
  return sign + fill(spec.width - static_cast<int>(sign.size() + text->size()), '0') + *text;
}

std::string bad_verb(VerbSpec const& spec, FormatArgument const& argument) {
  std::string out = "%!";
  append_utf8(out, spec.verb);
  if (argument.kind == FormatArgument::Kind::big) return out + "(big.Int=" + argument.text + ")";
  out += '(';
  out += argument.type_name();
  out += '=';
  switch (argument.kind) {
    case FormatArgument::Kind::integer:
      out += format_integer_in(spec, argument, 10);
      break;
    case FormatArgument::Kind::floating:
      out += format_floating(spec, 'v', argument);
      break;
    case FormatArgument::Kind::big:
    case FormatArgument::Kind::text:
      out += pad(spec, cut(spec, argument.text));
  }
  return out + ")";
}

// Of an integer: anything that is no rune is U+FFFD.
Rune rune_of(FormatArgument const& argument) {
  double const number = argument.number;
  return number >= 0 && number <= 0x10FFFF ? static_cast<Rune>(number) : Rune{0xFFFD};
}

// U+0041, with '#' U+0041 'A'.
std::string unicode_text(VerbSpec const& spec, FormatArgument const& argument) {
  std::array<char, 32> buffer{};
  auto const bits = static_cast<std::uint64_t>(std::strtoll(argument.text.c_str(), nullptr, 10));
  std::snprintf(buffer.data(), buffer.size(), "%04" PRIX64, bits);
  std::string out = buffer.data();
  out.insert(0, "U+" + fill(spec.precision - static_cast<int>(out.size()), '0'));
  if (spec.sharp && bits <= 0x10FFFF && go_prints(static_cast<Rune>(bits))) {
    out += " '";
    append_utf8(out, static_cast<Rune>(bits));
    out += '\'';
  }
  return pad_with_spaces(spec, std::move(out));
}

// Bytes as hexadecimal digits; ' ' sets them apart, '#' writes 0x before all or each.
std::string hex_text(VerbSpec const& spec, std::string_view text) {
  if (spec.precision >= 0) text = text.substr(0, static_cast<std::size_t>(spec.precision));
  std::string const hex = text::to_hex(std::string(text));
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (spec.space && i > 0) out += ' ';
    if (spec.sharp && (spec.space || i == 0)) out += "0x";
    out += hex.substr(i, 2);
  }
  if (spec.verb == 'X') raise_letters(out);
  return pad(spec, std::move(out));
}

std::string quoted_text(VerbSpec const& spec, std::string const& text) {
  if (spec.sharp && spec.verb == 'q' && go_can_backquote(text)) return "`" + text + "`";
  bool const ascii = spec.plus && spec.verb == 'q';
  return go_quote(text, '"', ascii ? GoQuote::ascii : GoQuote::printable);
}

std::string format_text(VerbSpec const& spec, FormatArgument const& argument) {
  switch (spec.verb) {
    case 'v':
      if (spec.sharp) return pad(spec, quoted_text(spec, cut(spec, argument.text)));
      return pad(spec, cut(spec, argument.text));
    case 's':
      return pad(spec, cut(spec, argument.text));
    case 'q':
      return pad(spec, quoted_text(spec, cut(spec, argument.text)));
    case 'x':
    case 'X':
      return hex_text(spec, argument.text);
    default:
      return bad_verb(spec, argument);
  }
}

// 0: the verb asks for no base.
int base_of(Rune verb) {
  switch (verb) {
    case 'd':
    case 'v':
      return 10;
    case 'b':
      return 2;
    case 'o':
    case 'O':
      return 8;
    case 'x':
    case 'X':
      return 16;
    default:
      return 0;
  }
}

std::string format_integer(VerbSpec const& spec, FormatArgument const& argument) {
  if (int const base = base_of(spec.verb); base != 0) {
    return format_integer_in(spec, argument, base);
  }
  std::string rune;
  append_utf8(rune, rune_of(argument));
  switch (spec.verb) {
    case 'c':
      return pad(spec, rune);
    case 'q':
      return pad(spec, go_quote(rune, '\'', spec.plus ? GoQuote::ascii : GoQuote::printable));
    case 'U':
      return unicode_text(spec, argument);
    default:
      return bad_verb(spec, argument);
  }
}

std::string format_big(VerbSpec const& spec, FormatArgument const& argument) {
  int const base = spec.verb == 's' ? 10 : base_of(spec.verb);
  return base == 0 ? bad_verb(spec, argument) : format_big_in(spec, argument, base);
}

}  // namespace

FormatArgument FormatArgument::of(Value const& value) {
  FormatArgument out;
  if (value.is(rego::Kind::string)) {
    out.text = value.as_string();
    return out;
  }
  out.text = value.to_text();
  if (!value.is(rego::Kind::number)) return out;
  if (out.text == "-0") out.text = "0";  // an integer has no sign of its own there
  bool const floating = out.text.find_first_of(".eE") != std::string::npos;
  if (floating && !std::isfinite(std::strtod(out.text.c_str(), nullptr))) return out;
  out.number = value.as_double();
  if (floating) {
    out.kind = Kind::floating;
  } else {
    out.kind = Value::number_text(out.text).is_inline_int() ? Kind::integer : Kind::big;
  }
  return out;
}

std::string_view FormatArgument::type_name() const {
  switch (kind) {
    case Kind::integer:
      return "int64";
    case Kind::big:
      return "*big.Int";
    case Kind::floating:
      return "float64";
    case Kind::text:
      break;
  }
  return "string";
}

std::string format_verb(VerbSpec const& spec, FormatArgument const& argument) {
  if (spec.verb == 'T') return pad(spec, cut(spec, std::string(argument.type_name())));
  VerbSpec with = spec;
  // Go reads these two flags otherwise before %v; on numbers they then do nothing.
  if (spec.verb == 'v' && argument.kind != FormatArgument::Kind::big) {
    with.plus = false;
    with.sharp = spec.sharp && argument.kind == FormatArgument::Kind::text;
  }
  switch (argument.kind) {
    case FormatArgument::Kind::integer:
      return format_integer(with, argument);
    case FormatArgument::Kind::big:
      return format_big(with, argument);
    case FormatArgument::Kind::floating:
      return format_floating(with, with.verb, argument);
    case FormatArgument::Kind::text:
      break;
  }
  return format_text(with, argument);
}

}  // namespace aw::rego
