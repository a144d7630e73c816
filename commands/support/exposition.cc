// SPDX-License-Identifier: Apache-2.0
#include "commands/support/exposition.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "core/base/json.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr std::size_t kMaxSamples = 100'000;

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == ':';
}

std::string_view take_name(std::string_view& rest) {
  std::size_t length = 0;
  while (length < rest.size() && name_character(rest[length])) ++length;
  auto const name = rest.substr(0, length);
  rest.remove_prefix(length);
  return name;
}

bool take(std::string_view& rest, char expected) {
  if (rest.empty() || rest.front() != expected) return false;
  rest.remove_prefix(1);
  return true;
}

// A label's value up to its closing quote; \\, \" and \n are escapes.
std::optional<std::string> take_quoted(std::string_view& rest) {
  if (!take(rest, '"')) return std::nullopt;
  std::string out;
  while (!rest.empty()) {
    char const c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return out;
    if (c != '\\') {
      out += c;
      continue;
    }
    if (rest.empty()) return std::nullopt;
    out += rest.front() == 'n' ? '\n' : rest.front();
    rest.remove_prefix(1);
  }
  return std::nullopt;
}

bool take_labels(std::string_view& rest, std::map<std::string, std::string>& labels) {
  if (!take(rest, '{')) return true;
  while (!take(rest, '}')) {
    auto const name = take_name(rest);
    if (name.empty() || !take(rest, '=')) return false;
    auto value = take_quoted(rest);
    if (!value) return false;
    labels.emplace(name, *std::move(value));
    if (!take(rest, ',') && !rest.starts_with('}')) return false;
  }
  return true;
}

std::optional<double> parse_value(std::string_view word) {
  if (word == "+Inf") return std::numeric_limits<double>::infinity();
  if (word == "-Inf") return -std::numeric_limits<double>::infinity();
  if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
  double value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

bool parse_sample(std::string_view line, Sample& sample) {
  auto rest = line;
  sample.name = std::string(take_name(rest));
  if (sample.name.empty() || !take_labels(rest, sample.labels)) return false;
  rest = text::trim(rest);
  auto const value = parse_value(rest.substr(0, rest.find(' ')));  // a timestamp may follow
  if (!value) return false;
  sample.value = *value;
  return true;
}

// `# HELP name words` and `# TYPE name word`; other comments mean nothing.
void read_comment(std::string_view line, Exposition& out) {
  bool const help = line.starts_with("# HELP ");
  if (!help && !line.starts_with("# TYPE ")) return;
  auto rest = line.substr(7);
  auto const name = std::string(take_name(rest));
  (help ? out.help : out.types)[name] = std::string(text::trim(rest));
}

// The family that a comment of HELP or TYPE is about; empty for other comments.
std::string_view family_of(std::string_view comment) {
  if (!comment.starts_with("# HELP ") && !comment.starts_with("# TYPE ")) return {};
  auto rest = comment.substr(7);
  return take_name(rest);
}

}  // namespace

std::string Sample::series() const {
  if (labels.empty()) return name;
  std::string out = name + "{";
  for (auto const& [label, text] : labels) {
    if (!out.ends_with('{')) out += ',';
    out += label + "=";
    json::append_string(out, text);
  }
  return out + "}";
}

Result<Exposition> parse_exposition(std::string_view text) {
  Exposition out;
  std::size_t number = 0;
  for (auto line : text::split(text, '\n')) {
    ++number;
    line = text::trim(line);
    if (line.empty()) continue;
    if (line.front() == '#') {
      read_comment(line, out);
      continue;
    }
    Sample sample;
    if (!parse_sample(line, sample)) {
      return make_error(Code::protocol,
                        "metrics line " + std::to_string(number) + " is not Prometheus text");
    }
    if (out.samples.size() == kMaxSamples) return make_error(Code::too_large, "too many metrics");
    out.samples.push_back(std::move(sample));
  }
  return out;
}

std::string selected_exposition(std::string_view text, std::span<const std::string> names) {
  std::string out;
  std::string comments;  // of `family`, until a series of it is selected
  std::string_view family;
  for (auto const line : text::split(text, '\n')) {
    if (line.starts_with('#')) {
      if (auto const about = family_of(line); about != family) {
        comments.clear();
        family = about;
      }
      comments.append(line).append("\n");
      continue;
    }
    auto rest = line;
    auto const name = take_name(rest);
    if (name.empty() || std::ranges::none_of(names, [name](std::string const& wanted) {
          return name.contains(wanted);
        }))
      continue;
    out.append(comments).append(line).append("\n");
    comments.clear();
  }
  return out;
}

}  // namespace aw::commands
