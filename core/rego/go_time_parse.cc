// SPDX-License-Identifier: Apache-2.0
// Times read by a layout.
#include <algorithm>
#include <charconv>

#include "core/base/text.h"
#include "core/rego/ascii.h"
#include "core/rego/go_layout.h"
#include "core/rego/go_time.h"

namespace aw::rego {
namespace {

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
      Civil at = civil_of((days_of(t_.year, 1, 1) + year_day_ - 1) * 86'400, 0, *Zone::utc());
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

Result<Civil> parse_time(std::string_view layout, std::string_view text) {
  return TimeParser(layout, text).parse();
}

}  // namespace aw::rego
