// SPDX-License-Identifier: Apache-2.0
// Instants as civil times, and Go's layouts ("2006-01-02T15:04:05Z07:00") to write and read them.
// Pure, but for zones: those come from the system's zone database.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace aw::rego {

// A time zone: offsets and the instants they begin at. Immutable.
class Zone {
 public:
  // Seconds east of UTC, and what clocks there call it ("CEST").
  struct Offset {
    std::int32_t seconds = 0;
    std::string name;
  };
  [[nodiscard]] static std::shared_ptr<const Zone> utc();
  // An IANA name. Error: Code::policy_builtin.
  // Reads /usr/share/zoneinfo (RFC 8536, version 2 or later), at most 1 MiB: blocks for that. A
  // rule for later years is laid out until 2300.
  [[nodiscard]] static Result<std::shared_ptr<const Zone>> load(std::string const& name);
  // Lives as long as the zone. Before the first change: the first offset in the file.
  [[nodiscard]] Offset const& at(std::int64_t seconds) const;  // since 1970, UTC

 private:
  friend class ZoneReader;
  std::vector<Offset> kinds_ = {{0, "UTC"}};
  std::vector<std::pair<std::int64_t, std::size_t>> changes_;
};

// An instant as a calendar and a clock show it: proleptic Gregorian, months and days from 1.
struct Civil {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  std::int32_t offset = 0;  // seconds east of UTC
  std::string zone = "UTC";

  [[nodiscard]] std::int64_t seconds() const;               // since 1970, UTC
  [[nodiscard]] std::optional<std::int64_t> nanos() const;  // nullopt: does not fit
  [[nodiscard]] int weekday() const;                        // 0: Sunday
};

// `seconds` since 1970, UTC; never fails.
[[nodiscard]] Civil civil_of(std::int64_t seconds, int nanosecond, Zone const& zone);
// Days, months and more beyond their range carry over, as Go's time.Date does.
// Days since 1970-01-01.
[[nodiscard]] std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day);

// The layout of a name such as "RFC3339"; the text itself when it is no name.
[[nodiscard]] std::string_view named_layout(std::string_view name);
// What is no piece of a layout is written as it stands.
[[nodiscard]] std::string format_time(Civil const& time, std::string_view layout);
// All of the text must match; a fraction may follow the seconds though the layout has none.
// Code::policy_builtin, in Go's words; so below.
[[nodiscard]] Result<Civil> parse_time(std::string_view layout, std::string_view text);
// Go's durations: "1h15m30.5s", "-3ms". Nanoseconds.
[[nodiscard]] Result<std::int64_t> parse_go_duration(std::string_view text);

}  // namespace aw::rego
