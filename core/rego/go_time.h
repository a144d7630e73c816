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
  struct Offset {
    std::int32_t seconds = 0;
    std::string name;
  };
  [[nodiscard]] static std::shared_ptr<const Zone> utc();
  // An IANA name. Error: Code::policy_builtin.
  [[nodiscard]] static Result<std::shared_ptr<const Zone>> load(std::string const& name);
  [[nodiscard]] Offset const& at(std::int64_t seconds) const;  // since 1970, UTC

 private:
  friend class ZoneReader;
  std::vector<Offset> kinds_ = {{0, "UTC"}};
  std::vector<std::pair<std::int64_t, std::size_t>> changes_;
};

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

[[nodiscard]] Civil civil_of(std::int64_t seconds, int nanosecond, Zone const& zone);
// Days, months and more beyond their range carry over, as Go's time.Date does.
[[nodiscard]] std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day);

// The layout of a name such as "RFC3339"; the text itself when it is no name.
[[nodiscard]] std::string_view named_layout(std::string_view name);
[[nodiscard]] std::string format_time(Civil const& time, std::string_view layout);
[[nodiscard]] Result<Civil> parse_time(std::string_view layout, std::string_view text);
// Go's durations: "1h15m30.5s", "-3ms". Nanoseconds.
[[nodiscard]] Result<std::int64_t> parse_go_duration(std::string_view text);

}  // namespace aw::rego
