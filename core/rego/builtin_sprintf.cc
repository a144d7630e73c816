// SPDX-License-Identifier: Apache-2.0
// sprintf as Go formats: what stands between the verbs, which argument is whose, and Go's notes on
// wrong arguments. A verb itself: format_verb.h.
#include <algorithm>

#include "core/rego/builtin.h"
#include "core/rego/format_verb.h"

namespace aw::rego {
namespace {

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
    VerbSpec spec = flags();
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
    } else if (bad_index_) {
      verb_note(spec, "(BADINDEX)");
    } else if (next_ >= arguments_.size()) {
      verb_note(spec, "(MISSING)");
    } else {
      auto const argument = FormatArgument::of(arguments_[next_++]);
      out_ += spec.verb == 'T' ? std::string(argument.type_name()) : format_verb(spec, argument);
    }
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

  void verb_note(VerbSpec const& spec, std::string_view note) {
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
      ok = c >= '0' && c <= '9' && number < kMaxFormatWidth;
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
      return given && *given >= 0 && *given < kMaxFormatWidth ? static_cast<int>(*given) : -1;
    }
    int number = -1;
    for (; at_ < format_.size() && format_[at_] >= '0' && format_[at_] <= '9'; ++at_) {
      number = std::min(std::max(number, 0) * 10 + (format_[at_] - '0'), kMaxFormatWidth);
    }
    return number;
  }
  void extra() {
    out_ += "%!(EXTRA ";
    for (std::size_t i = next_; i < arguments_.size(); ++i) {
      auto const argument = FormatArgument::of(arguments_[i]);
      if (i > next_) out_ += ", ";
      // Go prints its large integers as pointers.
      if (argument.type_name() == "big.Int") out_ += '*';
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
