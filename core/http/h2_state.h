// SPDX-License-Identifier: Apache-2.0
// What stands behind an H2Session: the library's session and what we keep beside it. Inside
// h2_*.cc only.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/http/h2_frames.h"
#include "core/http/h2_session.h"

namespace aw::http {

// Views of the same memory, both ways.
inline std::uint8_t const* bytes_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t const*>(text.data());  // the library's idea of text
}

inline std::string_view text_of(std::uint8_t const* bytes, std::size_t size) {
  return {reinterpret_cast<char const*>(bytes), size};
}

struct H2LibraryDeleter {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
using H2Library = std::unique_ptr<nghttp2_session, H2LibraryDeleter>;

// One owner, on its loop. The library calls back into it from inside feed and produce.
struct H2Session::Impl {
  Impl(H2Role its_role, H2Limits its_limits, H2Events& its_events)
      : role(its_role), limits(its_limits), events(its_events) {}

  H2Role const role;
  H2Limits const limits;
  H2Events& events;
  std::unordered_map<std::int32_t, std::unique_ptr<H2Stream>> streams;
  std::vector<std::unique_ptr<H2Stream>> spare;  // their memory serves again
  H2Library session;
  std::vector<nghttp2_nv> list;  // of the head being submitted
  H2FrameHeads heads;
  std::int64_t tokens = kBucket;
  SteadyTime refilled{};
  bool calm_lost = false;
  bool misused = false;                // a frame came for a stream that the peer itself had ended
  std::int32_t newest = 0;             // of the peer's streams
  std::int32_t unbegun = 0;            // its head came, and the library may refuse it
  std::vector<std::int32_t> forgiven;  // the latest of those we reset; a ring
  std::size_t forgiven_at = 0;
  bool peer_leaving = false;

  // What frames that ask for nothing cost, against a bucket that refills: a peer at work never
  // notices, a flood is over within a second.
  static constexpr std::int64_t kBucket = 5000;

  // Null for a stream that is closed, or was never ours.
  H2Stream* stream_of(std::int32_t id) {
    return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session.get(), id));
  }
  // Streams are kept for their memory while others are open; an idle connection holds none.
  H2Stream& add(std::int32_t id);
  void remove(std::int32_t id);
  // The bucket: 2000 tokens a second come back, an idle frame costs ten, a window update one.
  // Empty, the session ends with ENHANCE_YOUR_CALM.
  void refill(SteadyTime now);
  void charge(std::int64_t cost);
  void push(std::string_view name, std::string_view value);
  // Fields that are malformed or belong to the codec are left out, as HTTP/1.1 leaves them out.
  void push_fields(Headers const& extra, Headers const& fields);
  void account(nghttp2_frame const& frame);
  // A stream that we reset ourselves: what the peer had under way for it is no misuse.
  void forgive(std::int32_t id);
  void check_stream(nghttp2_frame_hd const& head);
  // What the library is to read next.
  Result<void> take(std::string_view bytes);
  // The server's, for `check_data`: DATA is about to be read, may there be any on that stream?
  [[nodiscard]] std::optional<H2FrameHeads::Data> next_data(std::string_view bytes,
                                                            std::size_t& at) {
    return role == H2Role::server ? heads.next_data(bytes, at) : std::nullopt;
  }
  void check_data(std::int32_t id);
  // Closed by the peer itself, so that a frame for it is an error (RFC 9113 §5.1).
  [[nodiscard]] bool over(std::int32_t id) const;
  void refuse_misuse();
  // Told of what is the peer's fault, of the frames that end something.
  void sent(nghttp2_frame const& frame);
  // 0, or what makes the library reset the stream. Above a limit the field is counted, not kept,
  // and `fault` says what to answer; far above it the stream ends.
  int header(H2Stream& stream, std::string_view name, std::string_view value) const;
  void head_complete(H2Stream& stream);
  void frame(nghttp2_frame const& frame);
  // Up to `most` bytes of stream.out into `into`; NGHTTP2_ERR_DEFERRED until `resume` when there
  // is nothing yet.
  ssize_t read_body(std::int32_t id, std::uint8_t* into, std::size_t most, std::uint32_t& flags);
};

// For what the library asks when it may send DATA.
ssize_t h2_read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* into,
                     std::size_t most, std::uint32_t* flags, nghttp2_data_source* source,
                     void* user);
// With our callbacks.
// Code::internal when out of memory. `impl` outlives the result.
Result<H2Library> make_library(H2Session::Impl& impl);

}  // namespace aw::http
