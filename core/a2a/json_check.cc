// SPDX-License-Identifier: Apache-2.0
// The strict pass over JSON that nobody trusts yet.
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <forward_list>

#include "core/a2a/json_text.h"
#include "core/a2a/json_view.h"
#include "core/base/plain.h"

namespace aw::a2a {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Would a double be infinite (RFC 8259 §6 lets a reader set this limit)? Few are long enough to
// ask.
bool out_of_range(std::string_view number) {
  constexpr std::size_t kSurelyFits = 308;  // digits
  if (number.size() <= kSurelyFits && number.find_first_of("eE") == std::string_view::npos)
    return false;
  double value = 0;
  auto const [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc::result_out_of_range) return false;
  return std::isinf(std::strtod(std::string(number).c_str(), nullptr));  // the rest are too small
}

// The strict pass. Iterative, so that depth costs no stack.
class Checker {
 public:
  Checker(std::string_view text, JsonLimits limits) : text_(text), limits_(limits) {}

  Result<void> run() {
    if (text_.size() > limits_.bytes) return make_error(Code::too_large, "json body too large");
    if (!simdjson::validate_utf8(text_.data(), text_.size())) return wrong("not valid utf-8");
    open_.reserve(8);  // few requests are deeper or wider: no growing
    names_.reserve(16);
    skip_space();
    AW_TRY(value());
    while (!open_.empty()) AW_TRY(step());
    skip_space();
    if (at_ != text_.size()) return wrong("bytes after the value");
    return {};
  }

 private:
  struct Frame {
    bool object = false;
    bool first = true;
    std::size_t names = 0;  // where this object's names begin in names_
  };

  Error wrong(std::string_view what) const {
    return make_error(Code::request_malformed,
                      "json: " + std::string(what) + " at byte " + std::to_string(at_));
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && json_space(text_[at_])) ++at_;
  }

  // One member or element of the innermost open container, or its end.
  Result<void> step() {
    skip_space();
    Frame& frame = open_.back();
    char const closing = frame.object ? '}' : ']';
    if (peek() == closing) {
      ++at_;
      return close();
    }
    if (!frame.first) {
      if (peek() != ',') return wrong("expected , or the end of a container");
      ++at_;
      skip_space();
      if (peek() == closing) return wrong("comma before the end");
    }
    frame.first = false;
    if (frame.object) AW_TRY(name());
    return value();
  }

  Result<void> close() {
    Frame const frame = open_.back();
    open_.pop_back();
    if (!frame.object) return {};
    auto const begin = names_.begin() + static_cast<std::ptrdiff_t>(frame.names);
    std::sort(begin, names_.end());
    if (std::adjacent_find(begin, names_.end()) != names_.end())
      return wrong("an object names a member twice");
    names_.erase(begin, names_.end());
    return {};
  }

  Result<void> name() {
    auto const start = at_;
    AW_TRY(string());
    auto name = text_.substr(start + 1, at_ - start - 2);
    if (name.contains('\\')) name = unescaped_.emplace_front(json_unescaped(name));
    names_.push_back(name);
    skip_space();
    if (peek() != ':') return wrong("expected :");
    ++at_;
    skip_space();
    return {};
  }

  Result<void> value() {
    switch (peek()) {
      case '{':
      case '[':
        if (open_.size() >= static_cast<std::size_t>(limits_.depth))
          return wrong("nested too deep");
        open_.push_back({.object = peek() == '{', .first = true, .names = names_.size()});
        ++at_;
        return {};
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  Result<void> word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return wrong("unknown word");
    at_ += expected.size();
    return {};
  }

  Result<void> string() {
    if (peek() != '"') return wrong("expected a string");
    ++at_;
    for (;;) {
      at_ += text::plain_length(text_.substr(at_));
      if (at_ == text_.size()) break;
      auto const c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return {};
      }
      if (c < 0x20) return wrong("control character in a string");
      if (c != '\\') {
        ++at_;
        continue;
      }
      AW_TRY(escape());
    }
    return wrong("string without end");
  }

  Result<void> escape() {
    char const kind = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (kind == 'u') {
      std::size_t used = 0;
      if (!json_unicode_escape(text_.substr(at_ + 2), used)) return wrong("bad \\u escape");
      at_ += 2 + used;
      return {};
    }
    if (json_simple_escape(kind) == '\0') return wrong("unknown escape");
    at_ += 2;
    return {};
  }

  Result<void> digits() {
    if (!is_digit(peek())) return wrong("expected a value");
    while (is_digit(peek())) ++at_;
    return {};
  }

  Result<void> number() {
    auto const start = at_;
    AW_TRY(numeral());
    auto const text = text_.substr(start, at_ - start);
    if (out_of_range(text)) return wrong("number out of range");
    return {};
  }

  Result<void> numeral() {
    if (peek() == '-') ++at_;
    if (peek() == '0') {
      ++at_;
    } else {
      AW_TRY(digits());
    }
    if (peek() == '.') {
      ++at_;
      AW_TRY(digits());
    }
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (peek() == '+' || peek() == '-') ++at_;
      AW_TRY(digits());
    }
    return {};
  }

  std::string_view text_;
  JsonLimits limits_;
  std::size_t at_ = 0;
  std::vector<Frame> open_;
  std::vector<std::string_view> names_;       // of all open objects
  std::forward_list<std::string> unescaped_;  // names that held escapes; views point here
};

}  // namespace

Result<void> check_json(std::string_view text, JsonLimits limits) {
  return Checker(text, limits).run();
}

}  // namespace aw::a2a
