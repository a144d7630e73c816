// SPDX-License-Identifier: Apache-2.0
#include "commands/support/manifest.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/text.h"
#include "core/config/document.h"

namespace aw::commands {
namespace {

std::optional<std::int64_t> whole_number(std::string_view word) {
  bool const minus = word.starts_with('-');
  if (minus || word.starts_with('+')) word.remove_prefix(1);
  int base = 10;
  if (word.starts_with("0x")) {
    base = 16;
    word.remove_prefix(2);
  } else if (word.size() > 1 && word.front() == '0') {
    base = 8;
    word.remove_prefix(word.starts_with("0o") ? 2 : 1);
  }
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (error != std::errc() || end != word.data() + word.size() || value < 0) return std::nullopt;
  return minus ? -value : value;
}

std::optional<double> real_number(std::string_view word) {
  double value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  bool const all = error == std::errc() && end == word.data() + word.size();
  return all && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::optional<bool> truth(std::string_view word) {
  constexpr auto kWords = std::to_array<std::pair<std::string_view, bool>>({{"true", true},
                                                                            {"yes", true},
                                                                            {"on", true},
                                                                            {"false", false},
                                                                            {"no", false},
                                                                            {"off", false}});
  auto const found = std::ranges::find_if(
      kWords, [&](auto const& one) { return text::equal_ignoring_case(one.first, word); });
  return found == kWords.end() ? std::nullopt : std::optional(found->second);
}

json::Json scalar(config::Node const& node) {
  if (node.quoted) return node.text;
  if (node.text.empty() || node.text == "~" || text::equal_ignoring_case(node.text, "null"))
    return nullptr;
  if (auto const value = truth(node.text)) return *value;
  if (auto const value = whole_number(node.text)) return *value;
  if (auto const value = real_number(node.text)) return *value;
  return node.text;
}

json::Json as_json(config::Node const& node) {
  json::Json out;
  switch (node.kind) {
    case config::NodeKind::null:
      break;
    case config::NodeKind::scalar:
      return scalar(node);
    case config::NodeKind::list:
      out = json::Json::array();
      for (auto const& item : node.items) out.push_back(as_json(*item));
      break;
    case config::NodeKind::map:
      out = json::Json::object();
      for (auto const& member : node.members) out[member.name] = as_json(*member.value);
      break;
  }
  return out;
}

bool holds_nothing(std::string_view part) {
  for (auto const line : text::split(part, '\n')) {
    auto const first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') return false;
  }
  return true;
}

bool separates(std::string_view line) {
  return line == "---" || line.starts_with("--- ") || line == "---\r";
}

// A document may begin on the line of its `---`; what stands there keeps its column.
std::string behind_separator(std::string_view line) {
  auto const rest = text::trim(line.substr(3));
  if (rest.empty() || rest.starts_with('#')) return {};
  return std::string(3, ' ').append(line.substr(3)).append("\n");
}

// `before`: lines above the part, so that what is wrong is found where it stands.
Result<ManifestPart> parse_part(std::string const& name, std::string part, std::size_t before) {
  ManifestPart out{std::move(part), nullptr};
  if (holds_nothing(out.text)) return out;
  auto const source =
      std::make_shared<const config::Source>(name, std::string(before, '\n') + out.text);
  auto const parsed = config::parse_document(source);
  if (config::count(parsed.diagnostics, config::Severity::error) > 0 || !parsed.root) {
    auto const found = std::ranges::find(parsed.diagnostics, config::Severity::error,
                                         &config::Diagnostic::severity);
    if (found == parsed.diagnostics.end())
      return make_error(Code::config_syntax, name + ": the manifest is empty");
    return make_error(found->code, found->place.before(found->message), found->hint);
  }
  out.document = as_json(*parsed.root);
  return out;
}

}  // namespace

Result<std::vector<ManifestPart>> parse_manifest(std::string const& name, std::string_view text) {
  std::vector<ManifestPart> out;
  std::string part;
  std::size_t began = 0;
  std::size_t number = 0;
  if (text.ends_with('\n')) text.remove_suffix(1);  // ends the last line, and begins none
  for (auto const line : text::split(text, '\n')) {
    ++number;
    if (!separates(line)) {
      part.append(line).append("\n");
      continue;
    }
    AW_TRY(auto parsed, parse_part(name, std::exchange(part, {}), began));
    part = behind_separator(line);
    began = part.empty() ? number : number - 1;
    if (!holds_nothing(parsed.text)) out.push_back(std::move(parsed));
  }
  AW_TRY(auto parsed, parse_part(name, std::move(part), began));
  if (!holds_nothing(parsed.text)) out.push_back(std::move(parsed));
  return out;
}

std::string join_manifest(std::vector<std::string> const& parts) {
  std::string out;
  for (auto const& part : parts) {
    if (!out.empty()) out += "---\n";
    std::string_view body = part;
    while (body.ends_with("\n\n")) body.remove_suffix(1);
    out += body;
  }
  return out;
}

}  // namespace aw::commands
