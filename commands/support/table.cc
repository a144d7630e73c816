// SPDX-License-Identifier: Apache-2.0
#include "commands/support/table.h"

#include <algorithm>
#include <ostream>

#include "core/base/text.h"

namespace aw::commands {
namespace {

using Row = std::vector<std::string>;

// Characters, not bytes: continuation bytes of UTF-8 take no column.
std::size_t width_of(std::string const& text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

void write_row(std::ostream& out, Row const& row, std::vector<std::size_t> const& widths) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    out << row[i];
    if (i + 1 < row.size()) out << std::string(widths[i] - width_of(row[i]) + 2, ' ');
  }
  out << '\n';
}

}  // namespace

void write_table(std::ostream& out, Row const& head, std::vector<Row> const& rows) {
  std::vector<Row> all;
  if (!head.empty()) all.push_back(head);
  for (auto const& row : rows) {
    Row safe;
    for (auto const& cell : row) safe.push_back(text::printable(cell));
    all.push_back(std::move(safe));
  }
  std::vector<std::size_t> widths;
  for (auto const& row : all) {
    if (widths.size() < row.size()) widths.resize(row.size());
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (auto const& row : all) write_row(out, row, widths);
}

}  // namespace aw::commands
