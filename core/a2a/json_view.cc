// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/json_view.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <forward_list>

#include "core/base/plain.h"

namespace aw::a2a {
namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

void append_utf8(std::string& out, std::uint32_t point) {
  auto const put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0U | (point >> 6U));
    put(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    put(0xE0U | (point >> 12U));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  } else {
    put(0xF0U | (point >> 18U));
    put(0x80U | ((point >> 12U) & 0x3FU));
    put(0x80U | ((point >> 6U) & 0x3FU));
    put(0x80U | (point & 0x3FU));
  }
}

std::optional<std::uint32_t> hex4(std::string_view text) {
  std::uint32_t value = 0;
  if (text.size() < 4) return std::nullopt;
  auto const [end, ec] = std::from_chars(text.data(), text.data() + 4, value, 16);
  if (ec != std::errc{} || end != text.data() + 4) return std::nullopt;
  return value;
}

// A code point from `text` that starts behind "\u"; advances `used` past it. RFC 8259 §7.
std::optional<std::uint32_t> unicode_escape(std::string_view text, std::size_t& used) {
  auto const high = hex4(text);
  if (!high || (*high >= 0xDC00 && *high <= 0xDFFF)) return std::nullopt;
  used = 4;
  if (*high < 0xD800 || *high > 0xDBFF) return high;
  if (text.size() < 10 || text[4] != '\\' || text[5] != 'u') return std::nullopt;
  auto const low = hex4(text.substr(6));
  if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
  used = 10;
  return 0x10000U + ((*high - 0xD800U) << 10U) + (*low - 0xDC00U);
}

char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return '\0';
  }
}

// `inside` is a string's bytes between its quotes; valid.
std::string unescape(std::string_view inside) {
  std::string out;
  out.reserve(inside.size());
  while (!inside.empty()) {
    auto const plain = std::min(inside.find('\\'), inside.size());
    out.append(inside.substr(0, plain));
    inside.remove_prefix(plain);
    if (inside.size() < 2) break;
    if (inside[1] == 'u') {
      std::size_t used = 0;
      auto const point = unicode_escape(inside.substr(2), used);
      if (!point) break;
      append_utf8(out, *point);
      inside.remove_prefix(2 + used);
    } else {
      out.push_back(simple_escape(inside[1]));
      inside.remove_prefix(2);
    }
  }
  return out;
}

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
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
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
    if (name.contains('\\')) name = unescaped_.emplace_front(unescape(name));
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
      if (!unicode_escape(text_.substr(at_ + 2), used)) return wrong("bad \\u escape");
      at_ += 2 + used;
      return {};
    }
    if (simple_escape(kind) == '\0') return wrong("unknown escape");
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

// Skipping over validated JSON.
std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

std::size_t string_end(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    at += text::plain_length(text.substr(at));
    if (at == text.size()) break;
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

std::size_t value_end(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  if (text[at] == '"') return string_end(text, at);
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && !is_space(text[at]) && !std::strchr(",]}", text[at])) ++at;
    return at;
  }
  int depth = 0;
  while (at < text.size()) {
    char const c = text[at];
    if (c == '"') {
      at = string_end(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    ++at;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return text.size();
}

JsonView::Kind kind_of(char first) {
  using enum JsonView::Kind;
  switch (first) {
    case '{':
      return object;
    case '[':
      return array;
    case '"':
      return string;
    case 't':
    case 'f':
      return boolean;
    case 'n':
      return null;
    default:
      return number;
  }
}

// Is `name` what `camel` is in snake_case?
bool is_snake_of(std::string_view name, std::string_view camel) {
  std::size_t at = 0;
  for (char const c : camel) {
    bool const upper = c >= 'A' && c <= 'Z';
    if (upper && (at == name.size() || name[at++] != '_')) return false;
    if (at == name.size() || name[at++] != (upper ? static_cast<char>(c - 'A' + 'a') : c))
      return false;
  }
  return at == name.size();
}

}  // namespace

Result<void> check_json(std::string_view text, JsonLimits limits) {
  return Checker(text, limits).run();
}

JsonView::JsonView(std::string_view validated) {
  auto const begin = skip_space(validated, 0);
  raw_ = validated.substr(begin, value_end(validated, begin) - begin);
}

JsonView::Kind JsonView::kind() const { return raw_.empty() ? Kind::none : kind_of(raw_.front()); }

std::vector<JsonView::Member> JsonView::members() const {
  std::vector<Member> out;
  if (kind() != Kind::object) return out;
  out.reserve(8);
  auto at = skip_space(raw_, 1);
  while (at < raw_.size() && raw_[at] == '"' && out.size() < kMaxMembers) {
    auto const name_end = string_end(raw_, at);
    auto const name = raw_.substr(at + 1, name_end - at - 2);
    auto const begin = skip_space(raw_, skip_space(raw_, name_end) + 1);
    auto const end = value_end(raw_, begin);
    JsonView value;
    value.raw_ = raw_.substr(begin, end - begin);
    out.emplace_back(name.contains('\\') ? unescape(name) : std::string(name), value);
    at = skip_space(raw_, end);
    if (at < raw_.size() && raw_[at] == ',') at = skip_space(raw_, at + 1);
  }
  return out;
}

std::vector<JsonView> JsonView::elements() const {
  std::vector<JsonView> out;
  if (kind() != Kind::array) return out;
  auto at = skip_space(raw_, 1);
  while (at < raw_.size() && raw_[at] != ']' && out.size() < kMaxMembers) {
    auto const end = value_end(raw_, at);
    out.emplace_back().raw_ = raw_.substr(at, end - at);
    at = skip_space(raw_, end);
    if (at < raw_.size() && raw_[at] == ',') at = skip_space(raw_, at + 1);
  }
  return out;
}

JsonView JsonView::get(std::string_view name) const {
  for (auto const& [key, value] : members())
    if (key == name) return value;
  return {};
}

std::optional<std::string> JsonView::string() const {
  if (kind() != Kind::string) return std::nullopt;
  return unescape(raw_.substr(1, raw_.size() - 2));
}

std::optional<std::int64_t> JsonView::integer() const {
  if (kind() != Kind::number) return std::nullopt;
  std::int64_t whole = 0;
  auto const* const last = raw_.data() + raw_.size();
  auto const [end, ec] = std::from_chars(raw_.data(), last, whole);
  if (ec == std::errc{} && end == last) return whole;
  double real = 0;
  auto const [real_end, real_ec] = std::from_chars(raw_.data(), last, real);
  if (real_ec != std::errc{} || real_end != last) return std::nullopt;
  if (std::floor(real) != real || std::abs(real) > 9.0e15) return std::nullopt;
  return static_cast<std::int64_t>(real);
}

std::optional<bool> JsonView::boolean() const {
  if (kind() != Kind::boolean) return std::nullopt;
  return raw_.front() == 't';
}

JsonCursor::JsonCursor(std::string_view validated) : text_(validated) { space(); }

void JsonCursor::space() { at_ = skip_space(text_, at_); }

JsonView::Kind JsonCursor::kind() const {
  return at_ < text_.size() ? kind_of(text_[at_]) : JsonView::Kind::none;
}

void JsonCursor::enter() { ++at_; }

bool JsonCursor::next_element() {
  space();
  if (at_ == text_.size()) return false;
  if (text_[at_] == ']' || text_[at_] == '}') {
    ++at_;
    return false;
  }
  if (text_[at_] == ',') ++at_;
  space();
  return at_ < text_.size();
}

bool JsonCursor::next_member(std::string& name) {
  if (!next_element()) return false;
  auto const end = string_end(text_, at_);
  auto const written = text_.substr(at_ + 1, end - at_ - 2);
  if (written.contains('\\')) {
    name = unescape(written);
  } else {
    name.assign(written);
  }
  at_ = skip_space(text_, end) + 1;  // behind the colon
  space();
  return at_ < text_.size();
}

JsonView JsonCursor::take() {
  JsonView out;
  auto const end = value_end(text_, at_);
  out.raw_ = text_.substr(at_, end - at_);
  at_ = end;
  return out;
}

void JsonCursor::skip() { at_ = value_end(text_, at_); }

JsonView JsonObject::get(std::string_view camel_name) const {
  for (auto const& [key, value] : members_)
    if (key == camel_name) return value;
  for (auto const& [key, value] : members_)
    if (is_snake_of(key, camel_name)) return value;
  return {};
}

std::string JsonObject::text(std::string_view camel_name) const {
  return get(camel_name).string().value_or(std::string());
}

}  // namespace aw::a2a
