// SPDX-License-Identifier: Apache-2.0
// Time, given and never taken: the wall clock for certificates and logs, the steady one for
// deadlines.
//
// Implementations may be called from any thread and do not block.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace aw {

using WallTime =
    std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;  // UTC
using SteadyTime = std::chrono::steady_clock::time_point;

// For deadlines and durations of real waits, which no test's clock may stretch.
[[nodiscard]] inline SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

// Where the time comes from. Given by reference at construction; it outlives whoever keeps it.
class Clock {
 public:
  virtual ~Clock() = default;
  // May jump either way when the machine's clock is set: for what is written down, never for
  // waits.
  [[nodiscard]] virtual WallTime now() const = 0;
  // Never goes back; means nothing outside this process.
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
  [[nodiscard]] SteadyTime steady() const override;
};

// RFC 3339 in UTC with milliseconds: 2026-11-23T15:33:12.041Z
// Years 1677 to 2262, which is all that WallTime holds. Nothing is allocated; the view of `text`
// lives as long as the object.
class Rfc3339 {
 public:
  explicit Rfc3339(WallTime time);
  [[nodiscard]] std::string_view text() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 24> text_;
};
// The same as a string, for those who keep it.
[[nodiscard]] std::string format_rfc3339(WallTime time);
// As metrics have it.
[[nodiscard]] inline double unix_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}
// Accepts RFC 3339 with any offset and up to nanoseconds; nullopt for anything else.
// `T` may be lower case or a space, as RFC 3339 §5.6 lets it; second 60 is the next minute's
// first. Years outside 1678 to 2261 are refused: WallTime cannot hold them.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

// "59m59s", "2d3h", "41s", "120ms": two units at the most.
// Below a minute one unit; what is less than a microsecond is "0s"; negatives get a minus sign.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);
// "30s", "5m", "1h30m", "250ms", "2d"; a bare number is seconds. nullopt for anything else, also
// for negatives.
// Units: d, h, m, s, ms, us, each with decimals ("1.5h"); their order and repetition are not
// checked.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace aw
