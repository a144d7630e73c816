// SPDX-License-Identifier: Apache-2.0
#include "commands/support/yaml.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/text.h"

namespace aw::commands {
namespace {

// Words that YAML 1.1 or 1.2 readers turn into booleans or null.
constexpr auto kReserved = std::to_array<std::string_view>(
    {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"});

bool plain_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' ||
         c == '/';
}

// Conservative: what is not obviously a plain word is quoted. Digits first could be a number or a
// date.
bool plain(std::string_view word) {
  if (word.empty() || std::isalpha(static_cast<unsigned char>(word.front())) == 0) return false;
  if (!std::ranges::all_of(word, plain_character)) return false;
  return std::ranges::find(kReserved, text::lower(word)) == kReserved.end();
}

// JSON strings are valid YAML double-quoted scalars.
void append_scalar(std::string& out, json::Json const& value) {
  if (value.is_string()) {
    auto const& word = value.get_ref<std::string const&>();
    if (plain(word)) {
      out += word;
    } else {
      json::append_string(out, word);
    }
    return;
  }
  out += value.dump(-1, ' ', false, json::Json::error_handler_t::replace);
}

bool is_block(json::Json const& value) { return value.is_structured() && !value.empty(); }

// Lines that can stand as they are below a `|`: one line break at the end, no control character,
// and nothing before the first line's first letter, from which the depth is read.
bool stands_as_lines(json::Json const& value) {
  if (!value.is_string()) return false;
  auto const& text = value.get_ref<std::string const&>();
  if (!text.ends_with('\n') || text.ends_with("\n\n") || text.find('\n') + 1 == text.size())
    return false;
  auto const first = static_cast<unsigned char>(text.front());
  return std::isspace(first) == 0 && std::ranges::all_of(text, [](unsigned char c) {
           return c == '\n' || (c >= ' ' && c != 127);
         });
}

void append_lines(std::string& out, std::string_view text, std::size_t indent) {
  out += " |\n";
  text.remove_suffix(1);
  for (auto const line : text::split(text, '\n')) {
    if (!line.empty()) out.append(indent, ' ').append(line);
    out += '\n';
  }
}

void append_block(std::string& out, json::Json const& value, std::size_t indent);

// After a key or a dash: a scalar goes on the line, a block goes below it.
void append_after(std::string& out, json::Json const& value, std::size_t indent) {
  if (stands_as_lines(value)) {
    return append_lines(out, value.get_ref<std::string const&>(), indent);
  }
  if (!is_block(value)) {
    out += ' ';
    append_scalar(out, value);
    out += '\n';
    return;
  }
  out += '\n';
  append_block(out, value, indent);
}

void append_block(std::string& out, json::Json const& value, std::size_t indent) {
  if (value.is_object()) {
    for (auto const& [key, member] : value.items()) {
      out.append(indent, ' ');
      append_scalar(out, json::Json(key));
      out += ':';
      append_after(out, member, indent + 2);
    }
    return;
  }
  for (auto const& element : value) {
    if (is_block(element)) {  // its first line stands beside the dash
      std::string block;
      append_block(block, element, indent + 2);
      block[indent] = '-';
      out += block;
      continue;
    }
    out.append(indent, ' ');
    out += '-';
    append_after(out, element, indent + 2);
  }
}

}  // namespace

std::string to_yaml(json::Json const& value) {
  std::string out;
  if (is_block(value)) {
    append_block(out, value, 0);
  } else {
    append_scalar(out, value);
    out += '\n';
  }
  return out;
}

}  // namespace aw::commands
