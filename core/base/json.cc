// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

#include "core/base/plain.h"
#include "core/base/utf8.h"

namespace aw::json {
namespace {

// Watches nlohmann's parser and keeps the first reason against the text: excess of depth, a
// repeated member. The parser goes on; the caller throws its tree away.
class Guard {
 public:
  explicit Guard(int depth) : limit_(depth) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > limit_) return fail("nested deeper than " + std::to_string(limit_));
    switch (event) {
      case Json::parse_event_t::object_start:
        names_.emplace_back();
        break;
      case Json::parse_event_t::object_end:
        if (!names_.empty()) names_.pop_back();
        break;
      case Json::parse_event_t::key:
        if (!names_.back().insert(parsed.get<std::string>()).second) {
          return fail("member \"" + parsed.get<std::string>() + "\" given twice");
        }
        break;
      case Json::parse_event_t::array_start:
      case Json::parse_event_t::array_end:
      case Json::parse_event_t::value:
        break;
    }
    return true;
  }

  std::string why;

 private:
  bool fail(std::string reason) {
    if (why.empty()) why = std::move(reason);
    return true;
  }

  int limit_;
  std::vector<std::set<std::string>> names_;
};

int nesting(std::string_view text) {
  int depth = 0;
  int most = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if (c == '{' || c == '[') {
      ++depth;
      most = std::max(most, depth);
    }
    if (c == '}' || c == ']') --depth;
  }
  return most;
}

Error malformed(std::string message) {
  return make_error(Code::request_malformed, std::move(message));
}

}  // namespace

Result<Json> parse(std::string_view text, Limits limits) {
  if (text.size() > limits.bytes)
    return malformed("JSON larger than " + std::to_string(limits.bytes) + " bytes");
  // Checked before parsing: the tree's destructor and the callback both recurse.
  if (nesting(text) > limits.depth)
    return malformed("JSON nested deeper than " + std::to_string(limits.depth));
  Guard guard(limits.depth + 1);
  try {
    Json value = Json::parse(text.begin(), text.end(), std::ref(guard), true, false);
    if (!guard.why.empty()) return malformed("JSON " + guard.why);
    return value;
  } catch (Json::exception const& e) {
    std::string_view what = e.what();
    if (auto const at = what.find("] "); at != std::string_view::npos) what.remove_prefix(at + 2);
    return malformed("not valid JSON: " + std::string(what));
  }
}

namespace {

// The text between two literals: one look at the string's room for all three, and the literals are
// stores, not calls.
template <std::size_t Before, std::size_t After>
void append_plain(std::string& out, char const (&before)[Before], std::string_view text,
                  char const (&after)[After]) {
  auto const old = out.size();
  auto const size = old + (Before - 1) + text.size() + (After - 1);
  out.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
    char* at = bytes + old;
    std::memcpy(at, before, Before - 1);
    if (!text.empty()) std::memcpy(at + Before - 1, text.data(), text.size());
    std::memcpy(at + Before - 1 + text.size(), after, After - 1);
    return size;
  });
}

// Names are short: two overlapping copies of a known size cost less than a call.
char* put_short(char* at, std::string_view text) {
  auto const* const from = text.begin();
  auto const size = text.size();
  auto const both_ends = [&](auto step) {
    std::memcpy(at, from, step);
    std::memcpy(at + size - step, from + size - step, step);
  };
  if (size > 32) {
    std::memcpy(at, from, size);
  } else if (size >= 16) {
    both_ends(std::integral_constant<std::size_t, 16>());
  } else if (size >= 8) {
    both_ends(std::integral_constant<std::size_t, 8>());
  } else if (size >= 4) {
    both_ends(std::integral_constant<std::size_t, 4>());
  } else {
    text.copy(at, size);
  }
  return at + size;
}

// The name in its quotes, after a comma where one is due.
char* put_name(char* at, bool comma, std::string_view name) {
  *at = ',';  // overwritten when none is due
  if (comma) ++at;
  *at++ = '"';
  at = put_short(at, name);
  *at++ = '"';
  return at;
}

bool is_plain(std::string_view text) { return text::plain_length(text) == text.size(); }

}  // namespace

void append_string(std::string& out, std::string_view text) {
  if (is_plain(text)) return append_plain(out, "\"", text, "\"");
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  auto const flush = [&](std::size_t end) { out.append(text.substr(plain, end - plain)); };
  for (std::size_t i = 0; i < text.size();) {
    i += text::plain_length(text.substr(i));
    if (i == text.size()) break;
    auto const c = static_cast<unsigned char>(text[i]);
    if (c >= 0x80) {
      std::size_t const length = text::utf8_length(text.substr(i));
      if (length > 0) {
        i += length;
        continue;
      }
      flush(i);
      out += "\xEF\xBF\xBD";
      plain = ++i;
      continue;
    }
    flush(i);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += kHex[c >> 4];
        out += kHex[c & 15];
    }
    plain = ++i;
  }
  flush(text.size());
  out += '"';
}

void Writer::separate() {
  if (comma_) out_ += ',';
  comma_ = true;
}

Writer& Writer::begin_object() {
  separate();
  out_ += '{';
  comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  out_ += '}';
  comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  out_ += '[';
  comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  out_ += ']';
  comma_ = true;
  return *this;
}

Writer& Writer::key(Name name) {
  auto const text = name.text();
  auto const old = out_.size();
  auto const size = old + (comma_ ? 1 : 0) + text.size() + 3;
  out_.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
    char* at = put_name(bytes + old, comma_, text);
    *at = ':';
    return size;
  });
  comma_ = false;
  return *this;
}

Writer& Writer::dynamic_key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  comma_ = false;
  return *this;
}

// At once where nothing is to be escaped: most of what is written are such pairs.
Writer& Writer::member(Name name, std::string_view value) {
  if (!is_plain(value)) return key(name).string(value);
  auto const text = name.text();
  auto const old = out_.size();
  auto const size = old + (comma_ ? 1 : 0) + text.size() + 3 + value.size() + 2;
  out_.resize_and_overwrite(size, [&](char* bytes, std::size_t) {
    char* at = put_name(bytes + old, comma_, text);
    at = std::copy_n(":\"", 2, at);
    if (!value.empty()) std::memcpy(at, value.data(), value.size());
    at[value.size()] = '"';
    return size;
  });
  comma_ = true;
  return *this;
}

Writer& Writer::string(std::string_view value) {
  separate();
  append_string(out_, value);
  return *this;
}

Writer& Writer::number(std::int64_t value) {
  separate();
  char digits[24];
  auto const [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out_.append(digits, end);
  return *this;
}

Writer& Writer::decimal(std::int64_t value, int places) {
  separate();
  auto left = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  char digits[24];
  char* at = std::end(digits);
  // Zeros at the end say nothing.
  for (; places > 0 && left % 10 == 0; --places) left /= 10;
  for (int written = 0; left != 0 || written <= places; ++written) {
    if (written == places && places > 0) *--at = '.';
    *--at = static_cast<char>('0' + left % 10);
    left /= 10;
  }
  if (value < 0) *--at = '-';
  out_.append(at, std::end(digits));
  return *this;
}

Writer& Writer::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

Writer& Writer::null() {
  separate();
  out_ += "null";
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace aw::json
