// SPDX-License-Identifier: Apache-2.0
// Where in what a client sends DATA frames begin (RFC 9113 §4.1): the frame's head and no more.
//
// Pure; one owner. Any split of the bytes gives the same answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace aw::http {

// Only for the server's side: the client's bytes begin with the preface, ours do not.
class H2FrameHeads {
 public:
  struct Data {
    std::size_t begins = 0;  // its first byte in this piece; 0 as well when that came earlier
    std::int32_t stream = 0;
  };
  // Of the DATA frames whose heads are whole in `piece` from `at` on, the first; `at` moves behind
  // that head, or to the end. Every piece must be looked at to its end.
  [[nodiscard]] std::optional<Data> next_data(std::string_view piece, std::size_t& at);

 private:
  static constexpr std::size_t kPreface = 24;  // RFC 9113 §3.4: what a client says first

  std::size_t skip_ = kPreface;  // of the preface or of a frame's payload
  std::array<std::uint8_t, 9> head_{};
  std::size_t have_ = 0;  // of head_
};

}  // namespace aw::http
