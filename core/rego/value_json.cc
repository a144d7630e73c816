// SPDX-License-Identifier: Apache-2.0
// Values from and to JSON text.
#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

#include "core/base/text.h"
#include "core/rego/utf8.h"
#include "core/rego/value.h"
#include "core/rego/value_node.h"

namespace aw::rego {
namespace {

// Skips characters that stand for themselves, eight at a time; may stop before the last of them.
std::size_t plain_end(std::string_view text, std::size_t at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  auto zero_byte = [](std::uint64_t word) { return (word - kOnes) & ~word & kHigh; };
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    std::uint64_t special = (word & kHigh) | ((word - kOnes * 0x20) & ~word & kHigh) |
                            zero_byte(word ^ kOnes * '"') | zero_byte(word ^ kOnes * '\\');
    if (special != 0) return at + static_cast<std::size_t>(std::countr_zero(special)) / 8;
  }
  return at;
}

class JsonParser {
 public:
  JsonParser(std::string_view text, JsonLimits const& limits) : text_(text), limits_(limits) {}

  Result<Value> parse() {
    if (text_.size() > limits_.bytes) return fault("document is too large");
    Value value;
    if (!parse_value(value, 0)) return fault(problem_);
    skip_space();
    if (at_ != text_.size()) return fault("unexpected text after the value");
    return value;
  }

 private:
  Error fault(std::string_view what) const {
    auto before = text_.substr(0, std::min(at_, text_.size()));
    auto line = std::ranges::count(before, '\n') + 1;
    auto start = before.rfind('\n');
    auto column = before.size() - (start == std::string_view::npos ? 0 : start + 1) + 1;
    return make_error(Code::policy_data, "json: line " + std::to_string(line) + ", column " +
                                             std::to_string(column) + ": " + std::string(what));
  }

  bool fail(std::string_view what) {
    if (problem_.empty()) problem_ = what;
    return false;
  }

  void skip_space() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool parse_word(std::string_view word, Value&& value, Value& out) {
    if (text_.substr(at_, word.size()) != word) return fail("unexpected character");
    at_ += word.size();
    out = std::move(value);
    return true;
  }

  bool parse_value(Value& out, std::size_t depth) {
    if (depth > limits_.depth) return fail("nested too deeply");
    skip_space();
    if (at_ >= text_.size()) return fail("unexpected end");
    switch (text_[at_]) {
      case '{':
        return parse_object(out, depth);
      case '[':
        return parse_array(out, depth);
      case '"':
        return parse_string(out);
      case 't':
        return parse_word("true", Value::boolean(true), out);
      case 'f':
        return parse_word("false", Value::boolean(false), out);
      case 'n':
        return parse_word("null", Value::null(), out);
      default:
        return parse_number(out);
    }
  }

  bool parse_object(Value& out, std::size_t depth) {
    ++at_;
    std::size_t const from = entries_.size();
    if (!take('}')) {
      do {
        Entry entry;
        skip_space();
        if (at_ >= text_.size() || text_[at_] != '"') return fail("expected a member name");
        if (!parse_string(entry.key)) return false;
        if (!take(':')) return fail("expected ':'");
        if (!parse_value(entry.value, depth + 1)) return false;
        entries_.push_back(std::move(entry));
      } while (take(','));
      if (!take('}')) return fail("expected ',' or '}'");
    }
    out = Value::object_of(std::span(entries_).subspan(from));
    entries_.resize(from);
    return true;
  }

  bool parse_array(Value& out, std::size_t depth) {
    ++at_;
    std::size_t const from = items_.size();
    if (!take(']')) {
      do {
        Value item;
        if (!parse_value(item, depth + 1)) return false;
        items_.push_back(std::move(item));
      } while (take(','));
      if (!take(']')) return fail("expected ',' or ']'");
    }
    out = Value::array_of(std::span(items_).subspan(from));
    items_.resize(from);
    return true;
  }

  bool parse_number(Value& out) {
    std::size_t from = at_;
    while (at_ < text_.size() && (std::string_view("+-.eE").contains(text_[at_]) ||
                                  (text_[at_] >= '0' && text_[at_] <= '9'))) {
      ++at_;
    }
    if (at_ == from) return fail("unexpected character");
    out = Value::number_text(text_.substr(from, at_ - from));
    if (!out.defined()) at_ = from;
    return out.defined() || fail("not a number");
  }

  bool parse_string(Value& out) {
    std::size_t from = ++at_;
    at_ = plain_end(text_, at_);
    while (at_ < text_.size()) {
      auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        out = Value::string(text_.substr(from, at_++ - from));
        return true;
      }
      if (c == '\\' || c >= 0x80) return parse_escaped(out, from);
      if (c < 0x20) return fail("control character in a string");
      ++at_;
    }
    return fail("unterminated string");
  }

  bool parse_escaped(Value& out, std::size_t from) {
    std::string text(text_.substr(from, at_ - from));
    while (at_ < text_.size()) {
      auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        out = Value::string(text);
        return true;
      }
      if (c < 0x20) return fail("control character in a string");
      if (c == '\\') {
        if (!parse_escape(text)) return false;
      } else if (c < 0x80) {
        text += text_[at_++];
      } else {
        append_utf8(text, next_rune(text_, at_));
      }
    }
    return fail("unterminated string");
  }

  bool parse_escape(std::string& text) {
    if (++at_ >= text_.size()) return fail("unterminated string");
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kBytes = "\"\\/\b\f\n\r\t";
    char c = text_[at_++];
    if (auto known = kNames.find(c); known != std::string_view::npos) {
      text += kBytes[known];
      return true;
    }
    std::uint32_t unit = 0;
    if (c != 'u' || !parse_unit(unit)) return fail("unknown escape");
    if (unit >= 0xD800 && unit < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      std::size_t back = at_;
      at_ += 2;
      std::uint32_t low = 0;
      if (!parse_unit(low)) return fail("unknown escape");
      if (low >= 0xDC00 && low < 0xE000) {
        unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    append_utf8(text, unit);
    return true;
  }

  bool parse_unit(std::uint32_t& unit) {
    if (text_.size() - at_ < 4) return false;
    for (int i = 0; i < 4; ++i) {
      char c = text_[at_++];
      std::uint32_t digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<std::uint32_t>(c - '0');
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
      } else {
        return false;
      }
      unit = unit * 16 + digit;
    }
    return true;
  }

  std::string_view text_;
  JsonLimits limits_;
  std::size_t at_ = 0;
  std::string_view problem_;
  // Of every collection that is still open, innermost last: no collection grows a vector of its
  // own.
  std::vector<Entry> entries_;
  std::vector<Value> items_;
};

void append_escape(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  out += "\\u00";
  out += kHex[c >> 4U];
  out += kHex[c & 15U];
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    std::size_t plain = plain_end(text, at);
    out.append(text, at, plain - at);
    at = plain;
    if (at >= text.size()) break;
    auto c = static_cast<unsigned char>(text[at]);
    if (c >= 0x80) {
      append_utf8(out, next_rune(text, at));
      continue;
    }
    if (c < 0x20 || c == '"' || c == '\\') {
      append_escape(out, c);
    } else {
      out += text[at];
    }
    ++at;
  }
  out += '"';
}

enum class TextForm { json, rego };

// Where the text of a value goes; with a drain, pieces of it leave while it is made.
struct TextOut {
  std::string& text;
  TextForm form = TextForm::json;
  std::function<void(std::string_view)> const* drain = nullptr;

  void spill(std::size_t from) {
    if (drain == nullptr || text.size() <= from) return;
    (*drain)(text);
    text.clear();
  }
};
constexpr std::size_t kPiece = std::size_t{64} << 10U;

void append(TextOut& out, Value const& value);

void append_items(TextOut& out, std::span<const Value> items) {
  std::string_view separator = out.form == TextForm::json ? "," : ", ";
  bool first = true;
  for (Value const& item : items) {
    if (!first) out.text += separator;
    first = false;
    append(out, item);
  }
}

// A key that is no string becomes its JSON text, in which OPA's encoder escapes what HTML reads.
std::string key_text(Value const& key) {
  std::string text;
  for (char c : key.to_json()) {
    if (c == '<' || c == '>' || c == '&') {
      text += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
    } else {
      text += c;
    }
  }
  return text;
}

void append_key(TextOut& out, Value const& key) {
  if (out.form == TextForm::rego || key.is(Kind::string)) return append(out, key);
  append_quoted(out.text, key_text(key));
}

void append_object(TextOut& out, Value const& value) {
  out.text += '{';
  bool first = true;
  for (Entry const& entry : value.entries()) {
    if (!first) out.text += out.form == TextForm::json ? "," : ", ";
    first = false;
    append_key(out, entry.key);
    out.text += out.form == TextForm::json ? ":" : ": ";
    append(out, entry.value);
  }
  out.text += '}';
}

void append_list(TextOut& out, Value const& value) {
  bool const brackets = value.is(Kind::array) || out.form == TextForm::json;
  if (!brackets && value.size() == 0) {
    out.text += "set()";
    return;
  }
  out.text += brackets ? '[' : '{';
  append_items(out, value.items());
  out.text += brackets ? ']' : '}';
}

void append(TextOut& out, Value const& value) {
  out.spill(kPiece);
  switch (value.kind()) {
    case Kind::null:
      out.text += "null";
      break;
    case Kind::boolean:
      out.text += value.is_true() ? "true" : "false";
      break;
    case Kind::number:
      out.text += value.number_text();
      break;
    case Kind::string:
      append_quoted(out.text, value.as_string());
      break;
    case Kind::object:
      append_object(out, value);
      break;
    case Kind::undefined:
      out.text += out.form == TextForm::json ? "null" : "undefined";
      break;
    case Kind::array:
    case Kind::set:
      append_list(out, value);
      break;
  }
}

void append_pretty(std::string& out, Value const& value, std::size_t indent) {
  std::size_t count = value.size();
  TextOut plain{.text = out};
  if (count == 0) return append(plain, value);
  std::string pad(indent + 2, ' ');
  bool object = value.is(Kind::object);
  out += object ? "{\n" : "[\n";
  for (std::size_t i = 0; i < count; ++i) {
    out += pad;
    if (object) {
      append_key(plain, value.entries()[i].key);
      out += ": ";
    }
    append_pretty(out, object ? value.entries()[i].value : value.items()[i], indent + 2);
    out += i + 1 < count ? ",\n" : "\n";
  }
  out += std::string(indent, ' ') + (object ? "}" : "]");
}

}  // namespace

Result<Value> parse_json(std::string_view text, JsonLimits const& limits) {
  return JsonParser(text, limits).parse();
}

void append_json(std::string& out, Value const& value) {
  TextOut to{.text = out};
  append(to, value);
}

void write_json(Value const& value, std::function<void(std::string_view)> const& piece) {
  std::string held;
  TextOut to{.text = held, .drain = &piece};
  append(to, value);
  to.spill(0);
}

std::string Value::to_json() const {
  std::string out;
  append_json(out, *this);
  return out;
}

std::string Value::to_text() const {
  std::string out;
  TextOut to{.text = out, .form = TextForm::rego};
  append(to, *this);
  return out;
}

std::string to_pretty_json(Value const& value) {
  std::string out;
  append_pretty(out, value, 0);
  return out;
}

}  // namespace aw::rego
