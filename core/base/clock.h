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

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual WallTime now() const = 0;
  [[nodiscard]] virtual SteadyTime steady() const = 0;
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override;
  [[nodiscard]] SteadyTime steady() const override;
};

// RFC 3339 in UTC with milliseconds: 2026-11-23T15:33:12.041Z
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
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text);

// "59m59s", "2d3h", "41s", "120ms": two units at the most.
[[nodiscard]] std::string format_duration(std::chrono::nanoseconds duration);
// "30s", "5m", "1h30m", "250ms", "2d"; a bare number is seconds. nullopt for anything else, also
// for negatives.
[[nodiscard]] std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);

}  // namespace aw
