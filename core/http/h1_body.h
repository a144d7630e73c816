// SPDX-License-Identifier: Apache-2.0
// The bodies of HTTP/1.1 messages (RFC 9112 §6, §7.1): bytes to content, bounded.
//
// Pure; one decoder a message. What comes after the body is left to the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "core/http/h1_head.h"

namespace aw::http {

// Errors: 400 for what is malformed, 413 for too much content, 431 for too many trailers. Chunk
// extensions are read over and bounded. After an error it is of no use until `begin`.
class BodyDecoder {
 public:
  // A body of more than `max_body` bytes is refused (413), if its length is known at once.
  [[nodiscard]] std::expected<void, Fault> begin(Framing const& framing, std::size_t max_body);

  // Takes what belongs to the body from the front of `bytes`, appends its content to `out`, and
  // returns how many bytes that were.
  // Never takes more than the body: what follows is the next message's.
  [[nodiscard]] std::expected<std::size_t, Fault> feed(std::string_view bytes, std::string& out);
  // The connection ended: the end of a body that ends so, an error for others.
  [[nodiscard]] std::expected<void, Fault> closed();

  [[nodiscard]] bool done() const { return state_ == State::done; }
  // Checked like headers, never merged into them (RFC 9110 §6.5.1).
  [[nodiscard]] Headers const& trailers() const { return trailers_; }

 private:
  enum class State : std::uint8_t { done, content, until_close, size, chunk, chunk_end, trailers };

  [[nodiscard]] std::expected<std::size_t, Fault> content(std::string_view bytes, std::string& out);
  [[nodiscard]] std::expected<std::size_t, Fault> chunked(std::string_view bytes, std::string& out);
  [[nodiscard]] std::expected<std::size_t, Fault> line(std::string_view bytes);
  [[nodiscard]] std::expected<void, Fault> size_line(std::string_view text);
  [[nodiscard]] std::expected<void, Fault> trailer_line(std::string_view text);

  State state_ = State::done;
  std::uint64_t left_ = 0;    // of the body, or of the chunk
  std::uint64_t room_ = 0;    // until max_body
  std::string line_;          // the unfinished chunk-size or trailer line
  std::size_t overhead_ = 0;  // bytes of extensions and trailers so far
  Headers trailers_;
};

}  // namespace aw::http
