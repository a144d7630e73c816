// SPDX-License-Identifier: Apache-2.0
#include "core/rego/go_layout.h"

#include "core/rego/ascii.h"

namespace aw::rego {
namespace {

struct Known {
  std::string_view text;
  Field field;
};

// The longest spelling of each beginning stands first.
constexpr Known kKnown[] = {
    {"January", Field::long_month},
    {"Jan", Field::month_name},
    {"Monday", Field::long_day},
    {"Mon", Field::day_name},
    {"MST", Field::zone_name},
    {"2006", Field::year},
    {"002", Field::year_day},
    {"__2", Field::year_day_space},
    {"01", Field::month_2},
    {"02", Field::day_2},
    {"03", Field::hour_12_2},
    {"04", Field::minute_2},
    {"05", Field::second_2},
    {"06", Field::year_2},
    {"_2006", Field::literal},
    {"_2", Field::day_space},
    {"15", Field::hour_24},
    {"1", Field::month},
    {"2", Field::day},
    {"3", Field::hour_12},
    {"4", Field::minute},
    {"5", Field::second},
    {"PM", Field::upper_pm},
    {"pm", Field::lower_pm},
    {"-07:00:00", Field::zone},
    {"-07:00", Field::zone},
    {"-070000", Field::zone},
    {"-0700", Field::zone},
    {"-07", Field::zone},
    {"Z07:00:00", Field::zone},
    {"Z07:00", Field::zone},
    {"Z070000", Field::zone},
    {"Z0700", Field::zone},
    {"Z07", Field::zone},
};

}  // namespace

Piece fraction_at(std::string_view layout) {
  if (layout.size() < 2 || (layout[0] != '.' && layout[0] != ',')) return {};
  char digit = layout[1];
  if (digit != '0' && digit != '9') return {};
  std::size_t end = 1;
  while (end < layout.size() && layout[end] == digit) ++end;
  if (end < layout.size() && is_digit(layout[end])) return {};
  return {digit == '0' ? Field::fraction_zero : Field::fraction_nine, layout.substr(0, end)};
}

Piece piece_at(std::string_view layout) {
  if (Piece fraction = fraction_at(layout); !fraction.text.empty()) return fraction;
  for (Known const& known : kKnown) {
    if (!layout.starts_with(known.text)) continue;
    if (known.text == "_2006") return {Field::literal, layout.substr(0, 1)};
    bool lower_follows =
        known.text == "Jan" && layout.size() > 3 && layout[3] >= 'a' && layout[3] <= 'z';
    bool lower_day =
        known.text == "Mon" && layout.size() > 3 && layout[3] >= 'a' && layout[3] <= 'z';
    if (lower_follows || lower_day) continue;
    return {known.field, layout.substr(0, known.text.size())};
  }
  return {Field::literal, layout.substr(0, 1)};
}

}  // namespace aw::rego
