// SPDX-License-Identifier: Apache-2.0
// The pieces of Go's time layouts ("Mon Jan _2 15:04:05.000 2006"). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace aw::rego {

inline constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 7> kDays = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// What a piece of a layout stands for. `_2`: two digits, the first a zero; `_space`: a blank
// instead; `zone`: an offset, whose form is the piece's text ("-0700", "Z07:00");
// `fraction_zero`: all digits written (".000"); `fraction_nine`: without trailing zeros (".999").
enum class Field : std::uint8_t {
  literal,
  long_month,
  month_name,
  month,
  month_2,
  long_day,
  day_name,
  day,
  day_space,
  day_2,
  year_day,
  year_day_space,
  hour_24,
  hour_12,
  hour_12_2,
  minute,
  minute_2,
  second,
  second_2,
  year,
  year_2,
  upper_pm,
  lower_pm,
  zone_name,
  zone,
  fraction_zero,
  fraction_nine,
};

// `text` is a view of the layout. Literals come one byte at a time.
struct Piece {
  Field field = Field::literal;
  std::string_view text;
};

// What a layout begins with; never empty unless the layout is.
[[nodiscard]] Piece piece_at(std::string_view layout);
// ".000" or ",999": a fraction of a second at the beginning, or an empty piece.
[[nodiscard]] Piece fraction_at(std::string_view layout);

}  // namespace aw::rego
