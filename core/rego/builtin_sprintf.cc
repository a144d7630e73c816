// SPDX-License-Identifier: Apache-2.0
// sprintf as Go formats: verbs, flags, width, precision, and its notes on wrong arguments.
#include <algorithm>
#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/base/text.h"
#include "core/rego/builtin.h"
#include "core/rego/number.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

constexpr int kMaxWidth = 100'000;

struct Spec {
  bool minus = false;
  bool plus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;
  int width = -1;
  int precision = -1;
  Rune verb = 0;
};

// What Go would have been given: OPA hands over numbers and strings, all else as its text.
struct Argument {
  enum class Kind { integer, floating, text };
  Kind kind = Kind::text;
  std::string text;
  double number = 0;
};

Argument argument_of(Value const& value) {
  Argument out;
  if (value.is(Kind::string)) {
    out.text = value.as_string();
    return out;
  }
  out.text = value.to_text();
  if (!value.is(Kind::number)) return out;
  bool floating = out.text.find_first_of(".eE") != std::string::npos;
  if (floating && !std::isfinite(std::strtod(out.text.c_str(), nullptr))) return out;
  out.kind = floating ? Argument::Kind::floating : Argument::Kind::integer;
  out.number = value.as_double();
  return out;
}

std::string pad(Spec const& spec, std::string text, bool numeric) {
  auto length = static_cast<int>(rune_count(text));
  if (spec.width <= length) return text;
  auto missing = static_cast<std::size_t>(spec.width - length);
  if (spec.minus) return text + std::string(missing, ' ');
  if (spec.zero && numeric) {
    std::size_t sign =
        text.starts_with('-') || text.starts_with('+') || text.starts_with(' ') ? 1 : 0;
    return text.substr(0, sign) + std::string(missing, '0') + text.substr(sign);
  }
  return std::string(missing, spec.zero ? '0' : ' ') + text;
}

std::string shortest_double(double number, Spec const& spec) {
  std::array<char, 64> buffer{};
  for (int precision = 1; precision <= 17; ++precision) {
    std::snprintf(buffer.data(), buffer.size(), "%.*e", precision - 1, number);
    if (std::strtod(buffer.data(), nullptr) == number) break;
  }
  std::string_view text = buffer.data();
  std::size_t e = text.find('e');
  int exponent = std::atoi(text.data() + e + 1);
  std::string digits;
  for (char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  std::string sign = std::signbit(number) ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  constexpr int kLimit = 21;
  if (exponent < -4 || exponent >= kLimit) {
    std::string out = sign + digits.substr(0, 1);
    if (digits.size() > 1) out += "." + digits.substr(1);
    int magnitude = std::abs(exponent);
    return out + (exponent < 0 ? "e-" : "e+") + (magnitude < 10 ? "0" : "") +
           std::to_string(magnitude);
  }
  if (exponent < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string floating_text(Spec const& spec, double number) {
  auto verb = static_cast<char>(spec.verb);
  bool general = verb == 'v' || verb == 'g' || verb == 'G';
  if (general && spec.precision < 0) return shortest_double(number, spec);
  char native = verb == 'F' ? 'f' : verb == 'v' ? 'g' : verb;
  std::string format = "%";
  if (spec.plus) format += '+';
  if (spec.space) format += ' ';
  if (spec.sharp) format += '#';
  format += ".*";
  format += native;
  int precision = spec.precision < 0 ? 6 : spec.precision;
  std::string out(512 + static_cast<std::size_t>(precision), '\0');
  // The format is put together above from known parts.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
  int length = std::snprintf(out.data(), out.size(), format.c_str(), precision, number);
#pragma clang diagnostic pop
  out.resize(static_cast<std::size_t>(std::max(length, 0)));
  return out;
}

std::string integer_text_in(Spec const& spec, Argument const& argument, int base, bool upper) {
  std::string digits =
      base == 10 ? argument.text : integer_in_base(Value::number_text(argument.text), base);
  bool negative = digits.starts_with('-');
  if (negative) digits.erase(0, 1);
  if (spec.precision > static_cast<int>(digits.size())) {
    digits.insert(0, static_cast<std::size_t>(spec.precision) - digits.size(), '0');
  }
  if (spec.sharp && base == 16) digits.insert(0, "0x");
  if (spec.sharp && base == 8) digits.insert(0, "0");
  if (spec.sharp && base == 2) digits.insert(0, "0b");
  if (upper) {
    for (char& c : digits) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return (negative ? "-" : spec.plus ? "+" : spec.space ? " " : "") + digits;
}

bool is_big(Argument const& argument) {
  return argument.kind == Argument::Kind::integer && argument.text.size() > 18 &&
         !Value::number_text(argument.text).is_inline_int();
}

// With every flag, as a verb that does not fit is answered.
std::string number_as_value(Spec const& spec, Argument const& argument) {
  bool const integer = argument.kind == Argument::Kind::integer;
  return pad(
      spec,
      integer ? integer_text_in(spec, argument, 10, false) : floating_text(spec, argument.number),
      true);
}

std::string cut(Spec const& spec, std::string text) {
  if (spec.precision < 0) return text;
  std::size_t end = 0;
  for (int i = 0; i < spec.precision && end < text.size(); ++i) (void)next_rune(text, end);
  text.resize(std::min(end, text.size()));
  return text;
}

std::string bad_verb(Spec const& spec, Argument const& argument) {
  std::string out = "%!";
  append_utf8(out, spec.verb);
  bool const text = argument.kind == Argument::Kind::text;
  out += text                                       ? "(string="
         : is_big(argument)                         ? "(big.Int="
         : argument.kind == Argument::Kind::integer ? "(int64="
                                                    : "(float64=";
  Spec shown = spec;
  shown.verb = 'v';
  out += text ? pad(spec, cut(spec, argument.text), false) : number_as_value(shown, argument);
  return out + ")";
}

// Of a double: all 53 bits of its mantissa, times a power of two.
std::string binary_double(Spec const& spec, double number) {
  int exponent = 0;
  double const part = std::frexp(std::abs(number), &exponent);
  auto mantissa = static_cast<std::int64_t>(std::ldexp(part, 53));
  exponent = number == 0 ? -1074 : exponent - 53;
  for (; exponent < -1074; ++exponent) mantissa /= 2;  // the smallest have fewer bits
  std::string const sign = std::signbit(number) ? "-" : spec.plus ? "+" : spec.space ? " " : "";
  return sign + std::to_string(mantissa) + (exponent < 0 ? "p-" : "p+") +
         std::to_string(std::abs(exponent));
}

// As C writes it, but with two digits of exponent at least.
std::string hex_double(Spec const& spec, double number) {
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
  return (spec.plus ? "+" : spec.space ? " " : "") + out;
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

std::string hex_text(std::string const& text, bool upper) {
  std::string out = text::to_hex(text);
  if (upper) {
    for (char& c : out) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

std::string quoted(Spec const& spec, std::string const& text) {
  if (spec.sharp && text.find('`') == std::string::npos) return "`" + text + "`";
  return Value::string(text).to_json();
}

std::string format_text(Spec const& spec, Argument const& argument) {
  bool const hex = spec.verb == 'x' || spec.verb == 'X';
  std::string text = hex ? argument.text : cut(spec, argument.text);
  switch (spec.verb) {
    case 'v':
      if (spec.sharp) return pad(spec, quoted(Spec{}, text), false);
      return pad(spec, text, false);
    case 's':
      return pad(spec, text, false);
    case 'q':
      return pad(spec, quoted(spec, text), false);
    case 'x':
    case 'X':
      return pad(spec, hex_text(text, spec.verb == 'X'), false);
    default:
      return bad_verb(spec, argument);
  }
}

std::string format_number(Spec const& spec, Argument const& argument) {
  bool integer = argument.kind == Argument::Kind::integer;
  switch (spec.verb) {
    case 'v': {
      Spec plain = spec;
      plain.plus = plain.sharp = false;
      return number_as_value(plain, argument);
    }
    case 's':
      if (is_big(argument)) return pad(spec, argument.text, true);
      return bad_verb(spec, argument);
    case 'd':
      return integer ? pad(spec, integer_text_in(spec, argument, 10, false), true)
                     : bad_verb(spec, argument);
    case 'b':
      return pad(spec,
                 integer ? integer_text_in(spec, argument, 2, false)
                         : binary_double(spec, argument.number),
                 true);
    case 'q':
      if (!integer || is_big(argument)) return bad_verb(spec, argument);
      return pad(spec, quoted_rune(argument.number), false);
    case 'o':
      return integer ? pad(spec, integer_text_in(spec, argument, 8, false), true)
                     : bad_verb(spec, argument);
    case 'x':
    case 'X':
      return pad(spec,
                 integer ? integer_text_in(spec, argument, 16, spec.verb == 'X')
                         : hex_double(spec, argument.number),
                 true);
    case 'c': {
      if (!integer || is_big(argument)) return bad_verb(spec, argument);
      std::string out;
      append_utf8(out, rune_of(argument.number));
      return pad(spec, out, false);
    }
    case 'U': {
      if (!integer || is_big(argument)) return bad_verb(spec, argument);
      std::array<char, 32> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "U+%04" PRIX64,
                    static_cast<std::uint64_t>(std::strtoll(argument.text.c_str(), nullptr, 10)));
      return pad(spec, buffer.data(), false);
    }
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      if (integer) return bad_verb(spec, argument);
      return pad(spec, floating_text(spec, argument.number), true);
    default:
      return bad_verb(spec, argument);
  }
}

class Formatter {
 public:
  Formatter(std::string_view format, std::span<const Value> arguments)
      : format_(format), arguments_(arguments) {}

  std::string run() {
    while (at_ < format_.size()) {
      std::size_t percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) directive();
    }
    if (!reordered_ && next_ < arguments_.size()) extra();
    return std::move(out_);
  }

 private:
  void directive() {
    Spec spec;
    for (; at_ < format_.size(); ++at_) {
      char c = format_[at_];
      if (c == '-')
        spec.minus = true;
      else if (c == '+')
        spec.plus = true;
      else if (c == '#')
        spec.sharp = true;
      else if (c == ' ')
        spec.space = true;
      else if (c == '0')
        spec.zero = true;
      else
        break;
    }
    if (spec.minus) spec.zero = false;
    index();
    spec.width = size();
    if (at_ < format_.size() && format_[at_] == '.') {
      ++at_;
      index();
      spec.precision = std::max(size(), 0);
    }
    index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    spec.verb = next_rune(format_, at_);
    if (spec.verb == '%') {
      out_ += '%';
      return;
    }
    if (bad_index_) {
      verb_note(spec, "(BADINDEX)");
      return;
    }
    if (next_ >= arguments_.size()) {
      verb_note(spec, "(MISSING)");
      return;
    }
    Argument argument = argument_of(arguments_[next_++]);
    if (spec.verb == 'T') {
      out_ += argument.kind == Argument::Kind::integer    ? (is_big(argument) ? "big.Int" : "int64")
              : argument.kind == Argument::Kind::floating ? "float64"
                                                          : "string";
    } else {
      out_ += argument.kind == Argument::Kind::text ? format_text(spec, argument)
                                                    : format_number(spec, argument);
    }
  }

  void verb_note(Spec const& spec, std::string_view note) {
    out_ += "%!";
    append_utf8(out_, spec.verb);
    out_ += note;
  }

  // [n]: the argument to take next.
  void index() {
    bad_index_ = false;
    if (at_ >= format_.size() || format_[at_] != '[') return;
    reordered_ = true;
    std::size_t close = format_.find(']', at_);
    int number = 0;
    bool ok = close != std::string_view::npos;
    for (std::size_t i = at_ + 1; ok && i < close; ++i) {
      char c = format_[i];
      ok = c >= '0' && c <= '9' && number < kMaxWidth;
      number = number * 10 + (c - '0');
    }
    at_ = close == std::string_view::npos ? format_.size() : close + 1;
    ok = ok && number >= 1 && static_cast<std::size_t>(number) <= arguments_.size();
    if (ok) next_ = static_cast<std::size_t>(number) - 1;
    bad_index_ = !ok;
  }

  int size() {
    if (at_ < format_.size() && format_[at_] == '*') {
      ++at_;
      if (next_ >= arguments_.size()) return -1;
      auto given = arguments_[next_++].as_int();
      return given && *given >= 0 && *given < kMaxWidth ? static_cast<int>(*given) : -1;
    }
    int number = -1;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      number = std::min(std::max(number, 0) * 10 + (format_[at_] - '0'), kMaxWidth);
    }
    return number;
  }

  void extra() {
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < arguments_.size(); ++i) {
      Argument argument = argument_of(arguments_[i]);
      if (i > next_) out_ += ", ";
      out_ += is_big(argument)                            ? "*big.Int="
              : argument.kind == Argument::Kind::integer  ? "int64="
              : argument.kind == Argument::Kind::floating ? "float64="
                                                          : "string=";
      out_ += argument.kind == Argument::Kind::floating ? shortest_double(argument.number, Spec{})
                                                        : argument.text;
    }
    out_ += ')';
  }

  std::string_view format_;
  std::span<const Value> arguments_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  bool reordered_ = false;
  bool bad_index_ = false;
  std::string out_;
};

Value sprintf_of(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::array)) return {};
  return Value::string(Formatter(call.text(0), call[1].items()).run());
}

// The text that print and templates show: strings bare.
std::string shown(Value const& value) {
  return value.is(Kind::string) ? std::string(value.as_string()) : value.to_text();
}

Value template_string(BuiltinCall& call) {
  if (!call.want(0, Kind::array)) return {};
  std::string out;
  for (Value const& part : call[0].items()) {
    if (!part.is(Kind::set)) {
      out += shown(part);
    } else if (part.size() == 0) {
      out += "<undefined>";
    } else if (part.size() == 1) {
      out += shown(part.items()[0]);
    } else {
      return call.conflict("template-strings must not produce multiple outputs");
    }
  }
  return Value::string(out);
}

void print_into(std::span<const Value> parts, std::string const& line, std::string& out,
                int& left) {
  if (left <= 0) return;
  if (parts.empty()) {
    --left;
    out += (out.empty() ? "" : "\n") + line;
    return;
  }
  std::string before = line.empty() ? "" : line + " ";
  if (parts[0].size() == 0) return print_into(parts.subspan(1), before + "<undefined>", out, left);
  for (Value const& item : parts[0].items()) {
    print_into(parts.subspan(1), before + shown(item), out, left);
  }
}

Value print(BuiltinCall& call) {
  std::string out;
  int left = 1000;
  print_into(call[0].items(), "", out, left);
  return Value::string(out);
}

Value trace(BuiltinCall& call) {
  return call.want(0, Kind::string) ? Value::boolean(true) : Value{};
}

constexpr Builtin kFormat[] = {
    {"sprintf", 2, sprintf_of},
    {"internal.template_string", 1, template_string},
    {"internal.print", 1, print, BuiltinKind::nothing},
    {"trace", 1, trace},
};

}  // namespace

std::span<const Builtin> sprintf_builtins() { return kFormat; }

}  // namespace aw::rego
