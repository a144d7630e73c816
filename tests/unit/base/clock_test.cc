// SPDX-License-Identifier: Apache-2.0
#include "core/base/clock.h"

#include <doctest/doctest.h>

#include <string>

using namespace aw;
using namespace std::chrono_literals;

TEST_CASE("times are RFC 3339 in UTC with milliseconds, and are read with any offset") {
  auto const time = parse_rfc3339("2026-11-23T17:33:12.0415+02:00");
  REQUIRE(time.has_value());
  CHECK(format_rfc3339(*time) == "2026-11-23T15:33:12.041Z");
  for (auto bad :
       {"", "2026-11-23", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T15:33:12",
        "2026-11-23T15:33:12.Z", "9999-01-01T00:00:00Z", "2026-11-23T15:33:12Z "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad).has_value());
  }
}

TEST_CASE("durations are written in two units and read back") {
  using namespace std::chrono_literals;
  CHECK(format_duration(59min + 59s) == "59m59s");
  CHECK(format_duration(1h) == "1h");
  CHECK(format_duration(120ms) == "120ms");
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("5") == 5s);
  CHECK_FALSE(parse_duration("5 parsecs").has_value());
  CHECK_FALSE(parse_duration("-1s").has_value());
}

TEST_CASE("times are written with milliseconds, cut and not rounded, in UTC") {
  struct Row {
    std::int64_t nanoseconds;
    std::string_view text;
  };
  for (auto const& [count, expected] : {
           Row{0, "1970-01-01T00:00:00.000Z"},
           Row{999'999, "1970-01-01T00:00:00.000Z"},
           Row{951'868'799'999'999'999, "2000-02-29T23:59:59.999Z"},
           Row{4'107'542'400'000'000'000, "2100-03-01T00:00:00.000Z"},
           Row{-1, "1969-12-31T23:59:59.999Z"},
           Row{-86'400'000'000'000, "1969-12-31T00:00:00.000Z"},
       }) {
    CAPTURE(count);
    CHECK(format_rfc3339(WallTime(std::chrono::nanoseconds(count))) == expected);
  }
}

TEST_CASE("the first and the last moment that a wall time holds are written like any other") {
  CHECK(format_rfc3339(WallTime::min()) == "1677-09-21T00:12:43.145Z");
  CHECK(format_rfc3339(WallTime::max()) == "2262-04-11T23:47:16.854Z");
}

TEST_CASE("what is no time to the letter is refused, whatever it begins with") {
  for (std::string const bad : {
           "2026-11-23T15:33:12.041",         // no zone
           "2026-11-23T15:33:12+0200",        // RFC 3339 wants the colon
           "2026-11-23T15:33:12+24:00",       // no such offset
           "2026-11-23T15:33:12+02:60",       // nor minute
           "2026-11-23T24:00:00Z",            // nor hour
           "2026-11-23T15:60:00Z",            //
           "2026-11-23T15:33:61Z",            // 60 is a leap second, 61 nothing
           "2026-00-23T15:33:12Z",            //
           "2026-11-00T15:33:12Z",            //
           "2025-02-29T00:00:00Z",            // no leap year
           "26-11-23T15:33:12Z",              //
           "2026-11-23T15:33Z",               //
           "2026-11-23X15:33:12Z",            //
           "+2026-11-23T15:33:12Z",           //
           "2026-11-23T15:33:12Zfollows",     //
           "1677-12-31T23:59:59Z",            // before nanoseconds begin
           "2262-01-01T00:00:00Z",            // after they end
           "2026-11-23T15:33:12,041Z",        // ISO 8601's comma
           "2026-11-23T\xEF\xBC\x91\x35:3Z",  // digits of another script
       }) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad).has_value());
  }
}

TEST_CASE("every spelling that RFC 3339 allows of one moment is that moment") {
  auto const moment = parse_rfc3339("2026-11-23T15:33:12.5Z");
  REQUIRE(moment);
  for (std::string const same :
       {"2026-11-23t15:33:12.5z", "2026-11-23 15:33:12.500Z", "2026-11-23T17:33:12.5+02:00",
        "2026-11-23T15:33:12.500000000-00:00", "2026-11-24T00:33:12.5000000000001+09:00"}) {
    CAPTURE(same);
    CHECK(parse_rfc3339(same) == moment);
  }
  CHECK(parse_rfc3339("2016-12-31T23:59:60Z") == parse_rfc3339("2017-01-01T00:00:00Z"));
}

TEST_CASE("a duration is read in every unit, alone and together") {
  struct Row {
    std::string_view text;
    std::chrono::nanoseconds length;
  };
  for (auto const& [text, length] :
       {Row{"0", 0ns}, Row{"7us", 7us}, Row{"1.5h", 90min}, Row{"2d", 48h},
        Row{"1d2h3m4s", 26h + 184s}, Row{"0.25", 250ms}, Row{"1h1h", 2h}, Row{".5s", 500ms}}) {
    CAPTURE(text);
    CHECK(parse_duration(text) == length);
  }
}

TEST_CASE("what is no length of time is refused: words, other units, too much, no number") {
  for (auto const* const bad :
       {"",     "s",       "m5",    "5x",       "5S",   "1e3",        "1e3s",        "0x10", " 5",
        "5 ",   "5s ",     "1h 5m", "+5",       "5,5s", "9999999999", "1000000000d", "nan",  "NaN",
        "nans", "nan(1)s", "inf",   "infinity", "-nan", "1hnan",      "5s-1s"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_duration(bad).has_value());
  }
}

TEST_CASE("a duration is written in what matters of it, to the ends of what there is") {
  struct Row {
    std::chrono::nanoseconds length;
    std::string_view text;
  };
  for (auto const& [length, text] : {
           Row{0ns, "0s"},
           Row{999ns, "0s"},
           Row{1us, "1us"},
           Row{1ms + 1us, "1ms"},
           Row{1s + 500ms, "1s"},
           Row{61s, "1m1s"},
           Row{1h + 1s, "1h"},
           Row{25h, "1d1h"},
           Row{-90s, "-1m30s"},
           Row{std::chrono::nanoseconds::max(), "106751d23h"},
           Row{std::chrono::nanoseconds::min(), "-106751d23h"},
       }) {
    CAPTURE(text);
    CHECK(format_duration(length) == text);
  }
}
