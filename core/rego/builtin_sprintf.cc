// SPDX-License-Identifier: Apache-2.0
// sprintf as Go formats: what stands between the verbs, which argument is whose, and Go's notes on
// wrong arguments. A verb itself: format_verb.h.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "core/rego/builtin.h"
#include "core/rego/format_verb.h"

namespace aw::rego {
namespace {

// Go's own order of flags, indexes, width, precision and verb, with its notes on what is wrong.
class Formatter {
 public:
  Formatter(std::string_view format, std::span<const Value> arguments)
      : format_(format), arguments_(arguments) {}

  std::string run() {
    while (at_ < format_.size()) {
      std::size_t const percent = std::min(format_.find('%', at_), format_.size());
      out_ += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) directive();
    }
    if (!reordered_ && next_ < arguments_.size()) extra();
    return std::move(out_);
  }

 private:
  enum class Index { none, read };

  void directive() {
    good_index_ = true;
    VerbSpec spec = flags();
    Index before = width(spec, index());
    if (here('.')) before = precision(spec, before);
    if (before == Index::none) index();
    if (at_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    spec.verb = next_rune(format_, at_);
    if (spec.verb == '%') {
      out_ += '%';
    } else if (!good_index_) {
      verb_note(spec, "(BADINDEX)");
    } else if (next_ >= arguments_.size()) {
      verb_note(spec, "(MISSING)");
    } else {
      out_ += format_verb(spec, FormatArgument::of(arguments_[next_++]));
    }
  }

  // Takes the character when it is the next one.
  bool here(char c) {
    if (at_ >= format_.size() || format_[at_] != c) return false;
    ++at_;
    return true;
  }

  VerbSpec flags() {
    VerbSpec spec;
    for (; at_ < format_.size(); ++at_) {
      char const c = format_[at_];
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
    return spec;
  }

  // Both give back whether an index stands right before what comes next.
  Index width(VerbSpec& spec, Index before) {
    if (!here('*')) {
      spec.width = number();
      if (before == Index::read && spec.width >= 0) good_index_ = false;  // %[3]2d
      return before;
    }
    auto const given = size_argument();
    if (!given) out_ += "%!(BADWIDTH)";
    spec.width = given ? std::min(std::abs(*given), kMaxFormatWidth) : -1;
    if (given && *given < 0) {
      spec.minus = true;
      spec.zero = false;
    }
    return Index::none;
  }
  Index precision(VerbSpec& spec, Index before) {
    if (before == Index::read) good_index_ = false;  // %[3].2d
    before = index();
    if (!here('*')) {
      spec.precision = std::max(number(), 0);
      return before;
    }
    auto const given = size_argument();
    bool const usable = given && *given >= 0;
    if (!usable) out_ += "%!(BADPREC)";
    spec.precision = usable ? std::min(*given, kMaxFormatWidth) : -1;
    return Index::none;
  }

  void verb_note(VerbSpec const& spec, std::string_view note) {
    out_ += "%!";
    append_utf8(out_, spec.verb);
    out_ += note;
  }

  // [n]: the argument to take next.
  Index index() {
    if (at_ >= format_.size() || format_[at_] != '[') return Index::none;
    reordered_ = true;
    std::size_t const close = format_.find(']', at_);
    if (close == std::string_view::npos || format_.size() - at_ < 3) {
      good_index_ = false;
      ++at_;
      return Index::none;
    }
    std::string_view const digits = format_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    constexpr std::size_t kMostDigits = 7;
    bool const reads = !digits.empty() && digits.size() <= kMostDigits &&
                       digits.find_first_not_of("0123456789") == std::string_view::npos;
    std::size_t wanted = 0;
    for (char const c : reads ? digits : std::string_view{}) {
      wanted = wanted * 10 + static_cast<std::size_t>(c - '0');
    }
    if (wanted >= 1 && wanted <= arguments_.size()) {
      next_ = wanted - 1;
    } else {
      good_index_ = false;
    }
    return reads ? Index::read : Index::none;
  }

  // The argument of a '*': a small integer, or nothing; either way it is taken.
  std::optional<int> size_argument() {
    constexpr std::int64_t kMost = 1'000'000;
    if (next_ >= arguments_.size()) return std::nullopt;
    auto const argument = FormatArgument::of(arguments_[next_++]);
    if (argument.kind != FormatArgument::Kind::integer) return std::nullopt;
    if (std::abs(argument.number) > kMost) return std::nullopt;
    return static_cast<int>(argument.number);
  }

  // -1: none. One beyond Go's bounds takes the rest of the format with it.
  int number() {
    constexpr int kTooLarge = 1'000'000;
    int number = -1;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      if (number > kTooLarge) {
        at_ = format_.size();
        return -1;
      }
      number = std::max(number, 0) * 10 + (format_[at_] - '0');
    }
    return std::min(number, kMaxFormatWidth);
  }

  void extra() {
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < arguments_.size(); ++i) {
      auto const argument = FormatArgument::of(arguments_[i]);
      if (i > next_) out_ += ", ";
      out_ += argument.type_name();
      out_ += '=';
      out_ += format_verb({.verb = 'v'}, argument);
    }
    out_ += ')';
  }

  std::string_view format_;
  std::span<const Value> arguments_;
  std::size_t at_ = 0;
  std::size_t next_ = 0;
  bool reordered_ = false;
  bool good_index_ = true;
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
