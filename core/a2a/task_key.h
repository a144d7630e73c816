// SPDX-License-Identifier: Apache-2.0
// A task's id as the key of our own tables: in place, so that a look does not fetch a text from
// elsewhere in memory, and four words to compare and to hash. A value; any thread.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aw::a2a {

class TaskKey {
 public:
  // Our ids have 26 (time_ordered_id).
  static constexpr std::size_t kLongest = 31;
  // Nullopt for a longer text: no task has it.
  [[nodiscard]] static std::optional<TaskKey> of(std::string_view id) {
    if (id.size() > kLongest) return std::nullopt;
    TaskKey key;
    id.copy(key.text_.data(), id.size());
    key.text_[kLongest] = static_cast<char>(id.size());
    return key;
  }
  [[nodiscard]] std::string_view text() const {
    return {text_.data(), static_cast<std::size_t>(text_[kLongest])};
  }
  friend bool operator==(TaskKey const& a, TaskKey const& b) = default;

  // Nobody but us makes ids, of random bits: nobody can choose many of one hash.
  struct Hash {
    std::size_t operator()(TaskKey const& key) const noexcept {
      auto const words = std::bit_cast<std::array<std::uint64_t, 4>>(key.text_);
      std::uint64_t sum = 0;
      for (auto const word : words) sum = (std::rotl(sum, 23) ^ word) * 0x9e3779b97f4a7c15U;
      return sum ^ (sum >> 32U);
    }
  };

 private:
  TaskKey() = default;
  std::array<char, kLongest + 1> text_{};  // the last says how many there are
};

}  // namespace aw::a2a
