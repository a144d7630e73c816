// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.h"

#include <array>
#include <charconv>

namespace aw {
namespace {

using namespace std::chrono;

// Reads exactly `count` digits at the front of `text` and removes them.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// RFC 3339 §5.6 time-secfrac, as nanoseconds; absent = 0.
std::optional<nanoseconds> take_fraction(std::string_view& text) {
  if (!take(text, '.')) return nanoseconds{0};
  std::int64_t value = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 9) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (int i = digits; i < 9; ++i) value *= 10;
  return nanoseconds{value};
}

std::optional<minutes> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return minutes{0};
  int const sign = take(text, '+') ? 1 : (take(text, '-') ? -1 : 0);
  if (sign == 0) return std::nullopt;
  auto const hour = take_digits(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  auto const minute = take_digits(text, 2);
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  return minutes{sign * (*hour * 60 + *minute)};
}

struct Unit {
  std::string_view name;
  nanoseconds length;
};
constexpr std::array<Unit, 6> kUnits = {{{"d", hours{24}},
                                         {"h", hours{1}},
                                         {"m", minutes{1}},
                                         {"s", seconds{1}},
                                         {"ms", milliseconds{1}},
                                         {"us", microseconds{1}}}};

}  // namespace

WallTime SystemClock::now() const { return time_point_cast<nanoseconds>(system_clock::now()); }
SteadyTime SystemClock::steady() const { return steady_clock::now(); }

namespace {

using Rfc3339Text = std::array<char, 24>;

void put(Rfc3339Text& text, std::size_t at, std::size_t width, std::int64_t value) {
  for (auto i = at + width; i > at; value /= 10) text[--i] = static_cast<char>('0' + value % 10);
}

// With 000 for the milliseconds.
Rfc3339Text text_of(sys_seconds second) {
  auto text = std::to_array<char>({'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                                   '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'});
  auto const day = floor<days>(second);
  auto const date = year_month_day(day);
  auto const clock = hh_mm_ss(second - day);
  put(text, 0, 4, static_cast<int>(date.year()));
  put(text, 5, 2, static_cast<unsigned>(date.month()));
  put(text, 8, 2, static_cast<unsigned>(date.day()));
  put(text, 11, 2, clock.hours().count());
  put(text, 14, 2, clock.minutes().count());
  put(text, 17, 2, clock.seconds().count());
  return text;
}

}  // namespace

Rfc3339::Rfc3339(WallTime time) {
  // A request writes the time several times, and thousands come in one second.
  thread_local sys_seconds last = sys_seconds::min();
  thread_local Rfc3339Text last_text{};
  // By milliseconds: the second that WallTime begins in begins before it.
  auto const millisecond = floor<milliseconds>(time);
  auto const second = floor<seconds>(millisecond);
  if (second != last) {
    last_text = text_of(second);
    last = second;
  }
  text_ = last_text;
  put(text_, 20, 3, (millisecond - second).count());
}

std::string format_rfc3339(WallTime time) { return std::string(Rfc3339(time).text()); }

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  auto const y = take_digits(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  auto const mo = take_digits(text, 2);
  if (!mo || !take(text, '-')) return std::nullopt;
  auto const d = take_digits(text, 2);
  if (!d || !(take(text, 'T') || take(text, 't') || take(text, ' '))) return std::nullopt;
  auto const h = take_digits(text, 2);
  if (!h || !take(text, ':')) return std::nullopt;
  auto const mi = take_digits(text, 2);
  if (!mi || !take(text, ':')) return std::nullopt;
  auto const s = take_digits(text, 2);
  if (!s || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  auto const fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  auto const offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  year_month_day const date{year{*y}, month{static_cast<unsigned>(*mo)},
                            day{static_cast<unsigned>(*d)}};
  // nanoseconds since the epoch end in 2262 and begin in 1677: outside, the value would wrap
  // around.
  if (!date.ok() || *y < 1678 || *y > 2261) return std::nullopt;
  auto const at = sys_days{date} + hours{*h} + minutes{*mi} + seconds{*s} - *offset;
  return WallTime{time_point_cast<nanoseconds>(at)} + *fraction;
}

std::string format_duration(nanoseconds duration) {
  // The lowest has no opposite; the highest is one nanosecond off.
  if (duration == nanoseconds::min()) return "-" + format_duration(nanoseconds::max());
  if (duration < nanoseconds{0}) return "-" + format_duration(-duration);
  std::string out;
  int parts = 0;
  for (auto const& unit : kUnits) {
    auto const count = duration / unit.length;
    if (count == 0) {
      if (parts > 0) break;
      continue;
    }
    out += std::to_string(count);
    out += unit.name;
    duration -= count * unit.length;
    if (++parts == 2 || unit.length <= milliseconds{1}) break;
    if (unit.length == seconds{1}) break;
  }
  return out.empty() ? "0s" : out;
}

std::optional<nanoseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  nanoseconds total{0};
  while (!text.empty()) {
    double number = 0;
    auto const [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    // from_chars takes "nan" too, which is neither too small nor too large.
    if (error != std::errc{} || !(number >= 0 && number <= 1e9)) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    auto const name = text.substr(0, text.find_first_of("0123456789."));
    nanoseconds length{0};
    if (name.empty()) length = seconds{1};
    for (auto const& unit : kUnits) {
      if (unit.name == name) length = unit.length;
    }
    if (length == nanoseconds{0}) return std::nullopt;
    double const value = number * static_cast<double>(length.count());
    if (value > 9e18 - static_cast<double>(total.count())) return std::nullopt;
    total += nanoseconds{static_cast<std::int64_t>(value)};
    text.remove_prefix(name.size());
  }
  return total;
}

}  // namespace aw
