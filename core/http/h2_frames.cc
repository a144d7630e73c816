// SPDX-License-Identifier: Apache-2.0
#include "core/http/h2_frames.h"

#include <algorithm>

namespace aw::http {

std::optional<H2FrameHeads::Data> H2FrameHeads::next_data(std::string_view piece, std::size_t& at) {
  constexpr std::uint8_t kData = 0;
  while (at < piece.size()) {
    auto const skipped = std::min(skip_, piece.size() - at);
    skip_ -= skipped;
    at += skipped;
    auto const begins = have_ == 0 ? at : 0;
    while (at < piece.size() && have_ < head_.size())
      head_[have_++] = static_cast<std::uint8_t>(piece[at++]);
    if (have_ < head_.size()) return std::nullopt;
    have_ = 0;
    skip_ = std::size_t{head_[0]} << 16U | std::size_t{head_[1]} << 8U | head_[2];
    if (head_[3] != kData) continue;
    auto const stream = std::uint32_t{head_[5]} << 24U | std::uint32_t{head_[6]} << 16U |
                        std::uint32_t{head_[7]} << 8U | head_[8];
    return Data{.begins = begins, .stream = static_cast<std::int32_t>(stream & 0x7FFFFFFFU)};
  }
  return std::nullopt;
}

}  // namespace aw::http
