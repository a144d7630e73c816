// SPDX-License-Identifier: Apache-2.0
#include "core/rego/go_time.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "core/base/text.h"
#include "core/rego/ascii.h"

namespace aw::rego {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
constexpr std::array<std::string_view, 7> kDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};
constexpr std::int64_t kDay = 86'400;

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

struct Piece {
  Field field = Field::literal;
  std::string_view text;
};

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

// Reads a text by a layout, piece by piece.
class TimeParser {
 public:
  TimeParser(std::string_view layout, std::string_view text)
      : layout_(layout), text_(text), whole_layout_(layout), whole_(text) {}

  Result<Civil> parse() {
    while (!layout_.empty()) {
      Piece piece = piece_at(layout_);
      layout_.remove_prefix(piece.text.size());
      if (!read(piece)) return fault();
      bool seconds = piece.field == Field::second || piece.field == Field::second_2;
      if (seconds && fraction_at(layout_).text.empty()) read_extra_fraction();
    }
    if (!text_.empty()) {
      return make_error(Code::policy_builtin,
                        "parsing time " + quoted(whole_) + ": extra text: " + quoted(text_));
    }
    return finish();
  }

 private:
  static std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

  Error fault() const {
    return make_error(Code::policy_builtin, "parsing time " + quoted(whole_) + " as " +
                                                quoted(whole_layout_) + ": cannot parse " +
                                                quoted(text_));
  }

  Result<Civil> finish() {
    if (pm_ && t_.hour < 12) t_.hour += 12;
    if (am_ && t_.hour == 12) t_.hour = 0;
    if (year_day_ > 0) {
      Civil at = civil_of((days_of(t_.year, 1, 1) + year_day_ - 1) * kDay, 0, *Zone::utc());
      t_.month = at.month;
      t_.day = at.day;
    }
    auto length = days_of(t_.year, t_.month + 1, 1) - days_of(t_.year, t_.month, 1);
    bool valid = t_.month >= 1 && t_.month <= 12 && t_.day >= 1 && t_.day <= length &&
                 t_.hour < 24 && t_.minute < 60 && t_.second < 60;
    if (!valid) {
      return make_error(Code::policy_builtin, "parsing time " + quoted(whole_) + ": out of range");
    }
    return t_;
  }

  bool digits(int least, int most, int& out) {
    int count = 0;
    out = 0;
    while (count < most && !text_.empty() && is_digit(text_[0])) {
      out = out * 10 + (text_[0] - '0');
      text_.remove_prefix(1);
      ++count;
    }
    return count >= least;
  }

  template <class Names>
  bool name(Names const& names, std::size_t length, int& out) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      std::string_view word = length == 0 ? names[i] : names[i].substr(0, length);
      if (text::equal_ignoring_case(text_.substr(0, word.size()), word)) {
        text_.remove_prefix(word.size());
        out = static_cast<int>(i);
        return true;
      }
    }
    return false;
  }

  bool literal(std::string_view text) {
    if (text == " ") {
      if (!text_.empty() && text_[0] != ' ') return false;
      while (text_.starts_with(' ')) text_.remove_prefix(1);
      return true;
    }
    if (!text_.starts_with(text)) return false;
    text_.remove_prefix(text.size());
    return true;
  }

  void read_extra_fraction() {
    bool dot = text_.size() > 1 && (text_[0] == '.' || text_[0] == ',') && is_digit(text_[1]);
    if (dot) (void)fraction(0);  // what it is, was looked at
  }

  bool fraction(std::size_t exact) {
    if (text_.empty() || (text_[0] != '.' && text_[0] != ',')) return exact == 0;
    text_.remove_prefix(1);
    std::size_t count = 0;
    int scale = 100'000'000;
    while (!text_.empty() && is_digit(text_[0]) && (exact == 0 || count < exact)) {
      t_.nanosecond += (text_[0] - '0') * scale;
      scale /= 10;
      text_.remove_prefix(1);
      ++count;
    }
    return exact == 0 ? count > 0 : count == exact;
  }

  bool zone(std::string_view form) {
    if (form[0] == 'Z' && text_.starts_with('Z')) {
      text_.remove_prefix(1);
      return true;
    }
    if (text_.empty() || (text_[0] != '+' && text_[0] != '-')) return false;
    int sign = text_[0] == '-' ? -1 : 1;
    text_.remove_prefix(1);
    bool colon = form.contains(':');
    std::size_t parts = (form.size() - 1) / (colon ? 3 : 2) + (colon ? 1 : 0);
    int total = 0;
    int unit = 3600;
    for (std::size_t i = 0; i < parts; ++i, unit /= 60) {
      int value = 0;
      if (i > 0 && colon && !literal(":")) return false;
      if (!digits(2, 2, value) || value >= 60 || (i == 0 && value > 24)) return false;
      total += value * unit;
    }
    t_.offset = sign * total;
    return true;
  }

  bool zone_name() {
    std::size_t end = 0;
    while (end < text_.size() && text_[end] >= 'A' && text_[end] <= 'Z') ++end;
    if (end < 3 || end > 5) return false;
    t_.zone = text_.substr(0, end);
    text_.remove_prefix(end);
    return true;
  }

  bool half_day(std::string_view pm, std::string_view am) {
    pm_ = text_.starts_with(pm);
    am_ = text_.starts_with(am);
    if (pm_ || am_) text_.remove_prefix(2);
    return pm_ || am_;
  }

  bool read(Piece const& piece) {
    int ignored = 0;
    int number = 0;
    switch (piece.field) {
      case Field::literal:
        return literal(piece.text);
      case Field::long_month:
      case Field::month_name:
        if (!name(kMonths, piece.field == Field::month_name ? 3 : 0, number)) return false;
        t_.month = number + 1;
        return true;
      case Field::month:
        return digits(1, 2, t_.month);
      case Field::month_2:
        return digits(2, 2, t_.month);
      case Field::long_day:
        return name(kDays, 0, ignored);
      case Field::day_name:
        return name(kDays, 3, ignored);
      case Field::day_space:
        if (text_.starts_with(' ')) text_.remove_prefix(1);
        return digits(1, 2, t_.day);
      case Field::day:
        return digits(1, 2, t_.day);
      case Field::day_2:
        return digits(2, 2, t_.day);
      case Field::year_day_space:
        while (text_.starts_with(' ')) text_.remove_prefix(1);
        return digits(1, 3, year_day_);
      case Field::year_day:
        return digits(3, 3, year_day_);
      case Field::hour_24:
        return digits(1, 2, t_.hour);
      case Field::hour_12:
        return digits(1, 2, t_.hour) && t_.hour <= 12;
      case Field::hour_12_2:
        return digits(2, 2, t_.hour) && t_.hour <= 12;
      case Field::minute:
        return digits(1, 2, t_.minute);
      case Field::minute_2:
        return digits(2, 2, t_.minute);
      case Field::second:
        return digits(1, 2, t_.second);
      case Field::second_2:
        return digits(2, 2, t_.second);
      case Field::year:
        if (!digits(4, 4, number)) return false;
        t_.year = number;
        return true;
      case Field::year_2:
        if (!digits(2, 2, number)) return false;
        t_.year = number + (number >= 69 ? 1900 : 2000);
        return true;
      case Field::upper_pm:
        return half_day("PM", "AM");
      case Field::lower_pm:
        return half_day("pm", "am");
      case Field::zone_name:
        return zone_name();
      case Field::zone:
        return zone(piece.text);
      case Field::fraction_zero:
        return fraction(piece.text.size() - 1);
      case Field::fraction_nine:
        return fraction(0);
    }
    return false;
  }

  std::string_view layout_;
  std::string_view text_;
  std::string_view whole_layout_;
  std::string_view whole_;
  Civil t_{.year = 0};
  int year_day_ = 0;
  bool pm_ = false;
  bool am_ = false;
};

}  // namespace

std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  std::int64_t months = year * 12 + month - 1;
  std::int64_t y = months >= 0 ? months / 12 : (months - 11) / 12;
  std::int64_t m = months - y * 12 + 1;
  // Days from civil, counting years from March.
  y -= m <= 2 ? 1 : 0;
  std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  std::int64_t of_era = y - era * 400;
  std::int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5;
  std::int64_t day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
  return era * 146'097 + day_of_era - 719'468 + day - 1;
}

std::int64_t Civil::seconds() const {
  return days_of(year, month, day) * kDay + hour * 3600 + minute * 60 + second - offset;
}

std::optional<std::int64_t> Civil::nanos() const {
  __int128 exact = static_cast<__int128>(seconds()) * 1'000'000'000 + nanosecond;
  if (exact > INT64_MAX || exact < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(exact);
}

int Civil::weekday() const {
  return static_cast<int>(((days_of(year, month, day) + 4) % 7 + 7) % 7);
}

Civil civil_of(std::int64_t seconds, int nanosecond, Zone const& zone) {
  Zone::Offset const& offset = zone.at(seconds);
  std::int64_t local = seconds + offset.seconds;
  std::int64_t days = local >= 0 ? local / kDay : (local - kDay + 1) / kDay;
  std::int64_t rest = local - days * kDay;
  std::int64_t z = days + 719'468;
  std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  std::int64_t of_era = z - era * 146'097;
  std::int64_t year = (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365;
  std::int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
  std::int64_t m = (5 * of_year + 2) / 153;
  Civil out;
  out.day = static_cast<int>(of_year - (153 * m + 2) / 5 + 1);
  out.month = static_cast<int>(m < 10 ? m + 3 : m - 9);
  out.year = year + era * 400 + (out.month <= 2 ? 1 : 0);
  out.hour = static_cast<int>(rest / 3600);
  out.minute = static_cast<int>(rest / 60 % 60);
  out.second = static_cast<int>(rest % 60);
  out.nanosecond = nanosecond;
  out.offset = offset.seconds;
  out.zone = offset.name;
  return out;
}

std::string_view named_layout(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kLayouts[] = {
      {"ANSIC", "Mon Jan _2 15:04:05 2006"},
      {"UnixDate", "Mon Jan _2 15:04:05 MST 2006"},
      {"RubyDate", "Mon Jan 02 15:04:05 -0700 2006"},
      {"RFC822", "02 Jan 06 15:04 MST"},
      {"RFC822Z", "02 Jan 06 15:04 -0700"},
      {"RFC850", "Monday, 02-Jan-06 15:04:05 MST"},
      {"RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"},
      {"RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"},
      {"RFC3339", "2006-01-02T15:04:05Z07:00"},
      {"RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"},
  };
  for (auto const& [known, layout] : kLayouts) {
    if (known == name) return layout;
  }
  return name;
}

std::string format_time(Civil const& time, std::string_view layout) {
  std::string out;
  while (!layout.empty()) {
    Piece piece = piece_at(layout);
    append_piece(out, time, piece);
    layout.remove_prefix(piece.text.size());
  }
  return out;
}

Result<Civil> parse_time(std::string_view layout, std::string_view text) {
  return TimeParser(layout, text).parse();
}

Result<std::int64_t> parse_go_duration(std::string_view text) {
  auto fault = [&] {
    return make_error(Code::policy_builtin, "time: invalid duration \"" + std::string(text) + "\"");
  };
  std::string_view rest = text;
  bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty()) return fault();
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
      {"ns", 1},         {"us", 1'000},        {"\xC2\xB5s", 1'000},  {"\xCE\xBCs", 1'000},
      {"ms", 1'000'000}, {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000}};
  std::int64_t total = 0;
  while (!rest.empty()) {
    std::size_t end = 0;
    while (end < rest.size() && (is_digit(rest[end]) || rest[end] == '.')) ++end;
    std::string_view number = rest.substr(0, end);
    rest.remove_prefix(end);
    std::size_t dot = std::min(number.find('.'), number.size());
    std::int64_t whole = 0;
    std::string_view head = number.substr(0, dot);
    std::string_view tail = dot < number.size() ? number.substr(dot + 1) : std::string_view{};
    if (head.empty() && tail.empty()) return fault();
    if (!head.empty() &&
        std::from_chars(head.data(), head.data() + head.size(), whole).ec != std::errc{})
      return fault();
    if (tail.contains('.')) return fault();
    std::size_t unit_end = 0;
    while (unit_end < rest.size() && !is_digit(rest[unit_end]) && rest[unit_end] != '.') ++unit_end;
    std::int64_t unit = 0;
    for (auto const& [name, size] : kUnits) {
      if (rest.substr(0, unit_end) == name) unit = size;
    }
    if (unit == 0) {
      bool missing = unit_end == 0;
      std::string what =
          missing ? "missing unit in duration"
                  : "unknown unit \"" + std::string(rest.substr(0, unit_end)) + "\" in duration";
      return make_error(Code::policy_builtin, "time: " + what + " \"" + std::string(text) + "\"");
    }
    rest.remove_prefix(unit_end);
    std::int64_t part = 0;
    if (__builtin_mul_overflow(whole, unit, &part)) return fault();
    double fraction = 0;
    double scale = 0.1;
    for (char c : tail.substr(0, 18)) {
      fraction += (c - '0') * scale;
      scale /= 10;
    }
    part += static_cast<std::int64_t>(fraction * static_cast<double>(unit) + 0.5);
    if (__builtin_add_overflow(total, part, &total)) return fault();
  }
  return negative ? -total : total;
}

}  // namespace aw::rego
