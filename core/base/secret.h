// SPDX-License-Identifier: Apache-2.0
// Bytes that must not leak: printed as [redacted], compared in constant time, zeroed when they go.
//
// Owns its bytes; moves, never copies by accident (`clone` is the deliberate way). Not for
// concurrent mutation.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace aw {

// No stream operator, no conversion to a string: `reveal` is the one way out, and easy to search
// for.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string bytes);  // takes the bytes; the moved-from string is zeroed
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(Secret const&) = delete;
  Secret& operator=(Secret const&) = delete;

  // A second set of the bytes, zeroed on its own. The moved-from Secret is empty and wiped.
  [[nodiscard]] Secret clone() const;
  [[nodiscard]] std::string_view reveal() const {
    return bytes_;
  }  // the view lives as long as this
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  friend bool operator==(Secret const& a, Secret const& b);  // time depends on the lengths only

 private:
  std::string bytes_;
};

// What a log line or `config show` prints in place of a secret.
inline constexpr std::string_view kRedacted = "[redacted]";

// Overwrites the bytes so that the compiler may not leave the write out.
void wipe(std::span<char> bytes);

// Time depends on the lengths only.
[[nodiscard]] bool equal_constant_time(std::string_view a, std::string_view b);

}  // namespace aw
