// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/json_view.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/a2a/json_text.h"
#include "core/base/plain.h"

namespace aw::a2a {
namespace {

// Skipping over validated JSON.
std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && json_space(text[at])) ++at;
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
    while (at < text.size() && !json_space(text[at]) && !std::strchr(",]}", text[at])) ++at;
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
    out.emplace_back(name.contains('\\') ? json_unescaped(name) : std::string(name), value);
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
  return json_unescaped(raw_.substr(1, raw_.size() - 2));
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
    name = json_unescaped(written);
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
