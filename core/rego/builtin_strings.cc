// SPDX-License-Identifier: Apache-2.0
// Text, counted in runes.
#include <algorithm>

#include "core/rego/builtin.h"
#include "core/rego/go_template.h"
#include "core/rego/letter_case.h"
#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMaxText = 64U << 20;

Value text_value(std::string const& text) { return Value::string(text); }

bool want_texts(BuiltinCall& call, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) {
    if (!call.want(i, Kind::string)) return false;
  }
  return true;
}

Value concat(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, {Kind::set, Kind::array})) return {};
  std::string out;
  bool first = true;
  for (Value const& item : call[1].items()) {
    if (!item.is(Kind::string)) {
      return call.wrong_member(1, "strings", item);
    }
    if (!first) out += call.text(0);
    first = false;
    out += item.as_string();
    if (out.size() > kMaxText) return call.fatal("the text is too long");
  }
  return text_value(out);
}

Value contains(BuiltinCall& call) {
  if (!want_texts(call, 0, 2)) return {};
  return Value::boolean(call.text(0).find(call.text(1)) != std::string_view::npos);
}

Value starts_with(BuiltinCall& call) {
  return want_texts(call, 0, 2) ? Value::boolean(call.text(0).starts_with(call.text(1))) : Value{};
}

Value ends_with(BuiltinCall& call) {
  return want_texts(call, 0, 2) ? Value::boolean(call.text(0).ends_with(call.text(1))) : Value{};
}

std::int64_t runes_before(std::string_view text, std::size_t at) {
  return static_cast<std::int64_t>(rune_count(text.substr(0, at)));
}

Value index_of(BuiltinCall& call) {
  if (!want_texts(call, 0, 2)) return {};
  if (call.text(1).empty()) return call.fail("empty search character");
  std::size_t at = call.text(0).find(call.text(1));
  return Value::number(at == std::string_view::npos ? -1 : runes_before(call.text(0), at));
}

Value index_of_n(BuiltinCall& call) {
  if (!want_texts(call, 0, 2)) return {};
  if (call.text(1).empty()) return call.fail("empty search character");
  // Every rune is a place to look at, so that matches may overlap.
  std::vector<Value> places;
  std::string_view text = call.text(0);
  std::int64_t rune = 0;
  for (std::size_t at = 0; at < text.size(); ++rune) {
    if (text.substr(at).starts_with(call.text(1))) places.push_back(Value::number(rune));
    (void)next_rune(text, at);  // only moves on
  }
  return Value::array(std::move(places));
}

Value substring(BuiltinCall& call) {
  std::int64_t from = 0;
  std::int64_t length = 0;
  if (!call.want(0, Kind::string) || !call.want_int(1, from) || !call.want_int(2, length))
    return {};
  if (from < 0) return call.fail("negative offset");
  std::string_view text = call.text(0);
  std::size_t at = 0;
  for (; from > 0 && at < text.size(); --from) (void)next_rune(text, at);
  if (from > 0) return Value::string("");
  std::size_t to = at;
  if (length < 0) return Value::string(text.substr(at));
  for (; length > 0 && to < text.size(); --length) (void)next_rune(text, to);
  return Value::string(text.substr(at, to - at));
}

template <bool kUp>
Value cased(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  std::string out;
  std::string_view text = call.text(0);
  for (std::size_t at = 0; at < text.size();)
    append_utf8(out, kUp ? upper_case(next_rune(text, at)) : lower_case(next_rune(text, at)));
  return text_value(out);
}

// As Go's strings.SplitN: an empty separator splits into runes; `limit` < 0: no limit.
std::vector<std::string_view> split_text(std::string_view text, std::string_view separator,
                                         std::int64_t limit) {
  std::vector<std::string_view> parts;
  if (limit == 0) return parts;
  if (separator.empty()) {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t from = at;
      (void)next_rune(text, at);
      bool last = limit > 0 && static_cast<std::int64_t>(parts.size()) + 1 == limit;
      parts.push_back(last ? text.substr(from) : text.substr(from, at - from));
      if (last) break;
    }
    return parts;
  }
  while (limit < 0 || static_cast<std::int64_t>(parts.size()) + 1 < limit) {
    std::size_t at = text.find(separator);
    if (at == std::string_view::npos) break;
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  parts.push_back(text);
  return parts;
}

Value array_of(std::span<const std::string_view> parts) {
  std::vector<Value> items;
  items.reserve(parts.size());
  for (std::string_view part : parts) items.push_back(Value::string(part));
  return Value::array(std::move(items));
}

Value split(BuiltinCall& call) {
  return want_texts(call, 0, 2) ? array_of(split_text(call.text(0), call.text(1), -1)) : Value{};
}

Value split_n(BuiltinCall& call) {
  std::int64_t n = 0;
  if (!want_texts(call, 0, 2) || !call.want_int(2, n)) return {};
  auto size_of = [](std::int64_t k) { return static_cast<std::size_t>(k); };
  if (n >= 0) {
    auto parts = split_text(call.text(0), call.text(1), n == INT64_MAX ? -1 : n + 1);
    if (parts.size() > size_of(n)) parts.resize(size_of(n));
    return array_of(parts);
  }
  auto parts = split_text(call.text(0), call.text(1), -1);
  std::size_t from = n < -static_cast<std::int64_t>(parts.size()) ? 0 : parts.size() - size_of(-n);
  return array_of(std::span(parts).subspan(from));
}

std::string replace_all(std::string_view text, std::string_view old, std::string_view with) {
  std::string out;
  if (old.empty()) {  // found before each byte, as Go's Replacer has it, also inside a character
    for (std::size_t at = 0; at < text.size() && out.size() <= kMaxText; ++at) {
      out += with;
      out += text[at];
    }
    return out + std::string(with);
  }
  for (std::size_t at = text.find(old); at != std::string_view::npos && out.size() <= kMaxText;
       at = text.find(old)) {
    out += text.substr(0, at);
    out += with;
    text.remove_prefix(at + old.size());
  }
  return out + std::string(text);
}

Value replace(BuiltinCall& call) {
  if (!want_texts(call, 0, 3)) return {};
  std::string out = replace_all(call.text(0), call.text(1), call.text(2));
  return out.size() > kMaxText ? call.fatal("the text is too long") : text_value(out);
}

Value replace_n(BuiltinCall& call) {
  if (!call.want(0, Kind::object) || !call.want(1, Kind::string)) return {};
  for (Entry const& entry : call[0].entries()) {
    if (!entry.key.is(Kind::string)) {
      return call.type_error("operand 1 non-string key found in pattern object");
    }
    if (!entry.value.is(Kind::string)) {
      return call.type_error("operand 1 non-string value found in pattern object");
    }
  }
  // At each place the first pattern (in order of the keys) that fits is taken.
  std::string out;
  std::string_view text = call.text(1);
  bool matched_empty = false;
  for (std::size_t at = 0; at <= text.size();) {
    Entry const* hit = nullptr;
    for (Entry const& entry : call[0].entries()) {
      bool usable = !entry.key.as_string().empty() || !matched_empty;
      if (usable && text.substr(at).starts_with(entry.key.as_string())) {
        hit = &entry;
        break;
      }
    }
    if (hit != nullptr) out += hit->value.as_string();
    if (out.size() > kMaxText) return call.fatal("the text is too long");
    std::size_t length = hit == nullptr ? 0 : hit->key.as_string().size();
    matched_empty = hit != nullptr && length == 0;
    if (length > 0) {
      at += length;
      continue;
    }
    if (matched_empty) continue;
    if (at < text.size()) out += text[at];
    ++at;
    matched_empty = false;
  }
  return text_value(out);
}

bool is_space(Rune r) {
  return (r >= 9 && r <= 13) || r == ' ' || r == 0x85 || r == 0xA0 || r == 0x1680 ||
         (r >= 0x2000 && r <= 0x200A) || r == 0x2028 || r == 0x2029 || r == 0x202F || r == 0x205F ||
         r == 0x3000;
}

template <class Drop>
Value trim_runes(std::string_view text, bool left, bool right, Drop drop) {
  std::size_t from = 0;
  std::size_t end = 0;
  bool leading = left;
  for (std::size_t at = 0; at < text.size();) {
    bool dropped = drop(next_rune(text, at));
    if (leading && dropped) {
      from = at;
      end = std::max(end, from);
      continue;
    }
    leading = false;
    if (!dropped || !right) end = at;
  }
  return Value::string(text.substr(from, end - from));
}

template <bool kLeft, bool kRight>
Value trim(BuiltinCall& call) {
  if (!want_texts(call, 0, 2)) return {};
  std::vector<Rune> cut = to_runes(call.text(1));
  return trim_runes(call.text(0), kLeft, kRight,
                    [&](Rune r) { return std::ranges::find(cut, r) != cut.end(); });
}

Value trim_space(BuiltinCall& call) {
  return call.want(0, Kind::string) ? trim_runes(call.text(0), true, true, is_space) : Value{};
}

Value trim_prefix(BuiltinCall& call) {
  if (!want_texts(call, 0, 2)) return {};
  std::string_view text = call.text(0);
  if (text.starts_with(call.text(1))) text.remove_prefix(call.text(1).size());
  return Value::string(text);
}

Value trim_suffix(BuiltinCall& call) {
  if (!want_texts(call, 0, 2)) return {};
  std::string_view text = call.text(0);
  if (text.ends_with(call.text(1))) text.remove_suffix(call.text(1).size());
  return Value::string(text);
}

Value reverse(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  // Character by character; bytes that are none stay as they are.
  std::string_view const text = call.text(0);
  std::string out(text.size(), '\0');
  for (std::size_t at = 0; at < text.size();) {
    std::size_t const from = at;
    (void)next_rune(text, at);
    text.copy(out.data() + (text.size() - at), at - from, from);
  }
  return text_value(out);
}

Value count_of(BuiltinCall& call) {
  if (!want_texts(call, 0, 2)) return {};
  std::string_view text = call.text(0);
  std::string_view part = call.text(1);
  if (part.empty()) return Value::number(static_cast<std::int64_t>(rune_count(text)) + 1);
  std::int64_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++found;
  }
  return Value::number(found);
}

bool texts_of(BuiltinCall& call, std::size_t i, std::vector<std::string_view>& out) {
  Value const& value = call[i];
  if (value.is(Kind::string)) {
    out.push_back(value.as_string());
    return true;
  }
  if (!call.want(i, {Kind::string, Kind::set, Kind::array})) return false;
  for (Value const& item : value.items()) {
    if (!item.is(Kind::string)) {
      call.wrong_member(i, "strings", item);
      return false;
    }
    out.push_back(item.as_string());
  }
  return true;
}

template <bool kPrefix>
Value any_match(BuiltinCall& call) {
  std::vector<std::string_view> texts;
  std::vector<std::string_view> parts;
  if (!texts_of(call, 0, texts) || !texts_of(call, 1, parts)) return {};
  for (std::string_view text : texts) {
    for (std::string_view part : parts) {
      if (kPrefix ? text.starts_with(part) : text.ends_with(part)) return Value::boolean(true);
    }
  }
  return Value::boolean(false);
}

Value render_template(BuiltinCall& call) {
  if (!call.want(0, Kind::string) || !call.want(1, Kind::object)) return {};
  auto rendered = render_go_template(call.text(0), call[1]);
  return rendered.ok() ? Value::string(*rendered) : call.fail(rendered.error().message);
}

constexpr Builtin kStrings[] = {
    {"concat", 2, concat},
    {"contains", 2, contains},
    {"startswith", 2, starts_with},
    {"endswith", 2, ends_with},
    {"indexof", 2, index_of},
    {"indexof_n", 2, index_of_n},
    {"substring", 3, substring},
    {"lower", 1, cased<false>},
    {"upper", 1, cased<true>},
    {"split", 2, split},
    {"strings.split_n", 3, split_n},
    {"replace", 3, replace},
    {"strings.replace_n", 2, replace_n},
    {"trim", 2, trim<true, true>},
    {"trim_left", 2, trim<true, false>},
    {"trim_right", 2, trim<false, true>},
    {"trim_prefix", 2, trim_prefix},
    {"trim_suffix", 2, trim_suffix},
    {"trim_space", 1, trim_space},
    {"strings.reverse", 1, reverse},
    {"strings.count", 2, count_of},
    {"strings.any_prefix_match", 2, any_match<true>},
    {"strings.any_suffix_match", 2, any_match<false>},
    {"strings.render_template", 2, render_template},
};

}  // namespace

std::span<const Builtin> string_builtins() { return kStrings; }

}  // namespace aw::rego
