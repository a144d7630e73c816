// SPDX-License-Identifier: Apache-2.0
// glob.match: translated to a regular expression, so that matching is linear.
#include "core/rego/builtin.h"
#include "core/rego/builtin_cache.h"
#include "core/rego/pattern_set.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMaxPattern = 16U << 10;

// One character of a regular expression; escaped, but for letters and digits, which would become
// something else (\\f, \\d).
void append_literal(std::string& out, Rune r) {
  bool word =
      (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') || (r >= '0' && r <= '9') || r >= 0x80;
  if (r == '\n') {
    out += "\\n";
    return;
  }
  if (!word) out += '\\';
  append_utf8(out, r);
}

std::string class_of(std::vector<Rune> const& delimiters) {
  std::string out;
  for (Rune r : delimiters) append_literal(out, r);
  return out;
}

class Translator {
 public:
  Translator(std::string_view pattern, std::vector<Rune> const& delimiters)
      : runes_(to_runes(pattern)), delimiters_(class_of(delimiters)) {}

  // Empty on a malformed glob.
  std::string run() {
    std::string out = "(?s)^(?:";
    if (!sequence(out, 0)) return {};
    return out + ")$";
  }

 private:
  bool sequence(std::string& out, int depth) {
    if (depth > 20) return false;
    while (at_ < runes_.size()) {
      Rune r = runes_[at_++];
      if (depth > 0 && (r == '}' || r == ',')) {
        --at_;
        return true;
      }
      if (r == '*') {
        bool two = at_ < runes_.size() && runes_[at_] == '*';
        while (at_ < runes_.size() && runes_[at_] == '*') ++at_;
        out += two || delimiters_.empty() ? ".*" : "[^" + delimiters_ + "]*";
      } else if (r == '?') {
        out += delimiters_.empty() ? "." : "[^" + delimiters_ + "]";
      } else if (r == '[') {
        if (!character_class(out)) return false;
      } else if (r == '{') {
        if (!alternatives(out, depth)) return false;
      } else {
        if (r == '\\') {
          if (at_ >= runes_.size()) return false;
          r = runes_[at_++];
        }
        append_literal(out, r);
      }
    }
    return depth == 0;
  }

  bool alternatives(std::string& out, int depth) {
    out += "(?:";
    while (true) {
      if (!sequence(out, depth + 1) || at_ >= runes_.size()) return false;
      Rune r = runes_[at_++];
      if (r == '}') break;
      out += '|';
    }
    out += ')';
    return true;
  }

  bool character_class(std::string& out) {
    out += '[';
    if (at_ < runes_.size() && runes_[at_] == '!') {
      out += '^';
      ++at_;
    }
    bool any = false;
    while (at_ < runes_.size() && runes_[at_] != ']') {
      Rune r = runes_[at_++];
      bool range = r == '-' && any && at_ < runes_.size() && runes_[at_] != ']';
      if (r == '\\' && at_ < runes_.size()) r = runes_[at_++];
      if (range) {
        out += '-';
      } else {
        append_literal(out, r);
      }
      any = true;
    }
    if (at_ >= runes_.size() || !any) return false;
    ++at_;
    out += ']';
    return true;
  }

  std::vector<Rune> runes_;
  std::string delimiters_;
  std::size_t at_ = 0;
};

bool delimiters_of(BuiltinCall& call, std::vector<Rune>& out) {
  if (call[1].is(Kind::null)) return true;
  if (!call.want(1, {Kind::array, Kind::null})) return false;
  if (call[1].size() == 0) out = {'.'};
  for (Value const& item : call[1].items()) {
    if (!item.is(Kind::string) || rune_count(item.as_string()) != 1) {
      call.type_error("operand 2 must be array of strings of one character each");
      return false;
    }
    out.push_back(to_runes(item.as_string())[0]);
  }
  return true;
}

Value glob_match(BuiltinCall& call) {
  std::vector<Rune> delimiters;
  if (!call.want(0, Kind::string) || !delimiters_of(call, delimiters) ||
      !call.want(2, Kind::string)) {
    return {};
  }
  std::string key = "glob\n" + from_runes(delimiters) + "\n" + std::string(call.text(0));
  auto regex = call.context.cache->find(key);
  if (!regex) {
    if (call.text(0).size() > kMaxPattern) return call.fail("the glob is too long");
    std::string pattern = Translator(call.text(0), delimiters).run();
    if (pattern.empty()) return call.fail("malformed glob");
    re2::RE2::Options options;
    options.set_log_errors(false);
    regex = std::make_shared<const re2::RE2>(pattern, options);
    if (!regex->ok()) return call.fail("malformed glob");
    call.context.cache->keep(key, regex);
  }
  std::string_view text = call.text(2);
  return Value::boolean(re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex));
}

Value quote_meta(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string out;
  for (char c : call.text(0)) {
    if (std::string_view("*?\\[]{},-!").contains(c) && c != ',' && c != '-' && c != '!')
      out += '\\';
    out += c;
  }
  return Value::string(out);
}

constexpr Builtin kGlob[] = {
    {"glob.match", 3, glob_match},
    {"glob.quote_meta", 1, quote_meta},
};

}  // namespace

std::string glob_expression(std::string_view glob, Value const& delimiters) {
  std::vector<Rune> runes;
  if (delimiters.is(Kind::array) && delimiters.size() == 0) runes = {'.'};
  for (Value const& item : delimiters.items()) {
    if (!item.is(Kind::string) || rune_count(item.as_string()) != 1) return {};
    runes.push_back(to_runes(item.as_string())[0]);
  }
  bool known = delimiters.is(Kind::array) || delimiters.is(Kind::null);
  return known && glob.size() <= kMaxPattern ? Translator(glob, runes).run() : "";
}

std::span<const Builtin> glob_builtins() { return kGlob; }

}  // namespace aw::rego
