// SPDX-License-Identifier: Apache-2.0
// Times written by a layout.
#include <algorithm>

#include "core/rego/go_layout.h"
#include "core/rego/go_time.h"

namespace aw::rego {
namespace {

void append_number(std::string& out, std::int64_t number, std::size_t width, char fill = '0') {
  std::string digits = std::to_string(number < 0 ? -number : number);
  if (number < 0) out += '-';
  if (digits.size() < width) out += std::string(width - digits.size(), fill);
  out += digits;
}

int year_day(Civil const& t) {
  return static_cast<int>(days_of(t.year, t.month, t.day) - days_of(t.year, 1, 1)) + 1;
}

void append_zone(std::string& out, Civil const& t, std::string_view form) {
  if (form[0] == 'Z' && t.offset == 0) {
    out += 'Z';
    return;
  }
  int offset = t.offset < 0 ? -t.offset : t.offset;
  out += t.offset < 0 ? '-' : '+';
  bool colon = form.contains(':');
  std::size_t parts = (form.size() - 1) / (colon ? 3 : 2) + (colon ? 1 : 0);
  append_number(out, offset / 3600, 2);
  if (parts >= 2) {
    if (colon) out += ':';
    append_number(out, offset / 60 % 60, 2);
  }
  if (parts >= 3) {
    if (colon) out += ':';
    append_number(out, offset % 60, 2);
  }
}

void append_fraction(std::string& out, Civil const& t, Piece const& piece) {
  std::string digits;
  append_number(digits, t.nanosecond, 9);
  digits.resize(std::min<std::size_t>(piece.text.size() - 1, 9));
  if (piece.field == Field::fraction_nine) {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return;
  }
  out += piece.text[0] + digits;
}

void append_piece(std::string& out, Civil const& t, Piece const& piece) {
  int hour_12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
  auto month = static_cast<std::size_t>(t.month - 1);
  auto weekday = static_cast<std::size_t>(t.weekday());
  switch (piece.field) {
    case Field::literal:
      out += piece.text;
      break;
    case Field::long_month:
      out += kMonths[month];
      break;
    case Field::month_name:
      out += kMonths[month].substr(0, 3);
      break;
    case Field::month:
      append_number(out, t.month, 1);
      break;
    case Field::month_2:
      append_number(out, t.month, 2);
      break;
    case Field::long_day:
      out += kDays[weekday];
      break;
    case Field::day_name:
      out += kDays[weekday].substr(0, 3);
      break;
    case Field::day:
      append_number(out, t.day, 1);
      break;
    case Field::day_space:
      append_number(out, t.day, 2, ' ');
      break;
    case Field::day_2:
      append_number(out, t.day, 2);
      break;
    case Field::year_day:
      append_number(out, year_day(t), 3);
      break;
    case Field::year_day_space:
      append_number(out, year_day(t), 3, ' ');
      break;
    case Field::hour_24:
      append_number(out, t.hour, 2);
      break;
    case Field::hour_12:
      append_number(out, hour_12, 1);
      break;
    case Field::hour_12_2:
      append_number(out, hour_12, 2);
      break;
    case Field::minute:
      append_number(out, t.minute, 1);
      break;
    case Field::minute_2:
      append_number(out, t.minute, 2);
      break;
    case Field::second:
      append_number(out, t.second, 1);
      break;
    case Field::second_2:
      append_number(out, t.second, 2);
      break;
    case Field::year:
      append_number(out, t.year, 4);
      break;
    case Field::year_2:
      append_number(out, t.year % 100, 2);
      break;
    case Field::upper_pm:
      out += t.hour >= 12 ? "PM" : "AM";
      break;
    case Field::lower_pm:
      out += t.hour >= 12 ? "pm" : "am";
      break;
    case Field::zone_name:
      out += t.zone;
      break;
    case Field::zone:
      append_zone(out, t, piece.text);
      break;
    case Field::fraction_zero:
    case Field::fraction_nine:
      append_fraction(out, t, piece);
      break;
  }
}

}  // namespace

std::string format_time(Civil const& time, std::string_view layout) {
  std::string out;
  while (!layout.empty()) {
    Piece piece = piece_at(layout);
    append_piece(out, time, piece);
    layout.remove_prefix(piece.text.size());
  }
  return out;
}

}  // namespace aw::rego
