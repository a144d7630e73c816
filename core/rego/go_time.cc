// SPDX-License-Identifier: Apache-2.0
#include "core/rego/go_time.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/rego/ascii.h"

namespace aw::rego {
namespace {

constexpr std::int64_t kDay = 86'400;

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
  return days_of(year, month, day) * kDay + hour * std::int64_t{3600} + minute * std::int64_t{60} +
         second - offset;
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

Result<std::int64_t> parse_go_duration(std::string_view text) {
  auto fault = [&] {
    return make_error(Code::policy_builtin, "time: invalid duration \"" + std::string(text) + "\"");
  };
  std::string_view rest = text;
  bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return 0;
  if (rest.empty()) return fault();
  constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {{"ns", 1},
                                                                  {"us", 1'000},
                                                                  {"\xC2\xB5s", 1'000},
                                                                  {"\xCE\xBCs", 1'000},
                                                                  {"ms", 1'000'000},
                                                                  {"s", 1'000'000'000},
                                                                  {"m", 60'000'000'000},
                                                                  {"h", 3'600'000'000'000},
                                                                  // Not Go's, but OPA's.
                                                                  {"d", 86'400'000'000'000},
                                                                  {"w", 604'800'000'000'000},
                                                                  {"y", 31'536'000'000'000'000}};
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
    auto const rest_of_unit = std::llround(fraction * static_cast<double>(unit));
    if (__builtin_add_overflow(part, rest_of_unit, &part)) return fault();
    if (__builtin_add_overflow(total, part, &total)) return fault();
  }
  return negative ? -total : total;
}

}  // namespace aw::rego
