// SPDX-License-Identifier: Apache-2.0
#include "commands/support/coverage_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "core/base/text.h"

namespace aw::commands {
namespace {

// Neighbouring lines as one range.
json::Json ranges_json(std::vector<int> const& lines) {
  json::Json out = json::Json::array();
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t last = i;
    while (last + 1 < lines.size() && lines[last + 1] == lines[last] + 1) ++last;
    out.push_back({{"start", {{"row", lines[i]}}}, {"end", {{"row", lines[last]}}}});
    i = last + 1;
  }
  return out;
}

json::Json file_json(rego::FileCoverage const& file) {
  json::Json out = {{"coverage", file.percent}};
  if (!file.covered.empty()) {
    out["covered"] = ranges_json(file.covered);
    out["covered_lines"] = file.covered.size();
  }
  if (!file.not_covered.empty()) {
    out["not_covered"] = ranges_json(file.not_covered);
    out["not_covered_lines"] = file.not_covered.size();
  }
  return out;
}

void write_source(std::ostream& out, rego::FileCoverage const& file, rego::Source const& source,
                  Context const& context) {
  int number = 0;
  for (auto const text : text::split(source.text, '\n')) {
    ++number;
    bool const ran = std::ranges::binary_search(file.covered, number);
    bool const missed = std::ranges::binary_search(file.not_covered, number);
    auto digits = std::to_string(number);
    constexpr std::size_t kWidth = 5;
    if (digits.size() < kWidth) digits.insert(0, kWidth - digits.size(), ' ');
    std::string line;
    for (char const c : text) line += c == '\t' ? std::string("  ") : std::string(1, c);
    auto const style = missed ? Style::bad : ran ? Style::good : Style::dim;
    auto const shown = digits + (missed ? " - " : ran ? " + " : "   ") + text::printable(line);
    out << context.paint_out(style, shown) << '\n';
  }
}

}  // namespace

std::string percent_text(double percent) {
  std::array<char, 32> out{};
  int const size = std::snprintf(out.data(), out.size(), "%.1f%%", percent);
  return {out.data(), static_cast<std::size_t>(size)};
}

json::Json coverage_json(rego::Coverage const& coverage) {
  json::Json files = json::Json::object();
  for (auto const& file : coverage.files) files[file.file] = file_json(file);
  return {{"coverage", coverage.percent},
          {"covered_lines", coverage.covered_lines},
          {"not_covered_lines", coverage.not_covered_lines},
          {"files", std::move(files)}};
}

void write_coverage(std::ostream& out, rego::Coverage const& coverage,
                    std::span<const rego::Source> sources, Shade shade, Context const& context) {
  for (auto const& file : coverage.files) {
    out << file.file << "  " << percent_text(file.percent);
    std::string lines;
    for (int const line : file.not_covered) {
      lines += (lines.empty() ? "" : ",") + std::to_string(line);
    }
    if (!lines.empty()) out << "  not covered: " << lines;
    out << '\n';
    auto const source = std::ranges::find(sources, file.file, &rego::Source::name);
    bool const shown =
        shade == Shade::source && !file.not_covered.empty() && source != sources.end();
    if (shown) write_source(out, file, *source, context);
  }
  out << "coverage " << percent_text(coverage.percent) << '\n';
}

}  // namespace aw::commands
