// SPDX-License-Identifier: Apache-2.0
// HTTP/2 (RFC 9113) without a network: bytes in, events out; answers in, bytes out.
//
// Pure; one owner. Bounded against what peers do to servers: header lists and their number,
// CONTINUATION runs, streams opened and reset at once, floods of PING, SETTINGS, PRIORITY and empty
// frames, acknowledgements nobody reads. A session that has had enough sends GOAWAY
// (ENHANCE_YOUR_CALM) and `feed` fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/h1_head.h"
#include "core/http/message.h"

namespace aw::http {

// RFC 9113 §7, those we send or tell apart.
// Numbers on the wire; another one from the peer is kept as it is.
enum class H2Error : std::uint32_t {
  no_error = 0,
  protocol_error = 1,
  internal_error = 2,
  flow_control_error = 3,
  stream_closed = 5,
  frame_size_error = 6,
  refused_stream = 7,
  cancel = 8,
  compression_error = 9,
  enhance_your_calm = 11,
};

// One request and its answer. Owned by the session; gone after H2Events::closed.
// Owner and session both look at it, on one loop. Take from `in` and say so with `consumed`; add
// to `out` and say so with `resume`.
struct H2Stream {
  std::int32_t id = 0;
  Request request;             // server: what came
  Response response;           // client: what came
  std::optional<Fault> fault;  // server: the head is to be answered with this
  std::string in;              // body received and not yet taken
  std::size_t unconsumed = 0;  // received, window not given back
  std::size_t list_bytes = 0;  // of the header block being read (RFC 9113 §6.5.2)
  bool head_done = false;
  bool ended = false;  // the peer has said everything
  bool reset_by_peer = false;
  std::string out;  // body to send, from out_at on
  std::size_t out_at = 0;
  bool out_finished = false;  // nothing will be added to out
  std::size_t held = 0;       // server: of out, counted by whoever serves it
  bool answered = false;      // server: the head of the answer is on its way
  Headers out_trailers;
  void* owner = nullptr;  // whoever serves it

  [[nodiscard]] std::size_t unsent() const { return out.size() - out_at; }
};

// What a session tells its owner, from inside `feed` and `produce`: nothing here may call `feed` or
// `produce` again.
// `stream` is valid in the call, and until `closed` returned. `reset` and `respond` may be
// called.
class H2Events {
 public:
  virtual ~H2Events() = default;
  virtual void begun(H2Stream&) {}          // server: a request's head is coming
  virtual void head(H2Stream& stream) = 0;  // request or final response head is complete
  virtual void data(H2Stream& stream, std::size_t size) = 0;  // `in` grew by `size`
  virtual void ended(H2Stream& stream) = 0;                   // END_STREAM, after head and data
  virtual void sent(H2Stream& stream) = 0;                    // `unsent` shrank
  virtual void closed(H2Stream& stream, H2Error why) = 0;
  virtual void pong() = 0;
  virtual void going_away() = 0;  // the peer will take no new streams
  // Server: the codec itself resets a stream, or (null) ends the connection, for what the peer did
  // there.
  virtual void broke_off(H2Stream*, H2Error) {}
};

enum class H2Role : std::uint8_t { server, client };

// Bytes, but for max_streams. A peer beyond a window breaks the protocol; beyond max_streams its
// stream is refused.
struct H2Limits {
  HeadLimits head;
  std::uint32_t max_streams = 100;
  std::uint32_t stream_window = 256U << 10;  // of what may come in unread, per stream
  std::uint32_t connection_window = 1U << 20;
};

class H2Session {
 public:
  // `events` outlives it.
  static Result<std::unique_ptr<H2Session>> open(H2Role role, H2Limits limits, H2Events& events);
  ~H2Session();
  H2Session(H2Session const&) = delete;
  H2Session& operator=(H2Session const&) = delete;

  // Any piece of what the peer sent. Code::protocol: send what `produce` still has, then close.
  Result<void> feed(std::string_view bytes, SteadyTime now);
  // Appends up to about `most` bytes of what is to be sent; false when there is nothing (left).
  // Call it until it says false after each feed, respond, resume, reset and consumed.
  bool produce(std::string& out, std::size_t most);

  // Server. `extra` fields replace those of the same name. The body is what stands in stream.out
  // then or later (`resume`), until out_finished. A HEAD answer has `finished` and no body.
  void respond(H2Stream& stream, int status, Headers const& extra, Headers const& fields,
               std::string_view date, std::optional<std::uint64_t> length);
  // Client. Null when the peer takes no more streams.
  H2Stream* request(Request const& request, std::string_view scheme, std::string_view authority,
                    void* owner);
  // stream.out or out_finished changed.
  void resume(H2Stream& stream);
  // RST_STREAM leaves with the next `produce`; `closed` comes then.
  void reset(H2Stream& stream, H2Error why);
  // `bytes` of stream.in were taken: the peer may send as many more.
  void consumed(H2Stream& stream, std::size_t bytes);

  void shutdown_notice();  // GOAWAY that refuses nothing yet (RFC 9113 §6.8)
  void goaway();           // GOAWAY with the last stream we did take
  void ping();

  [[nodiscard]] std::size_t streams() const;
  [[nodiscard]] bool finished() const;          // nothing to read or write any more
  [[nodiscard]] bool accepts_requests() const;  // client: another `request` may succeed now

  struct Impl;
  explicit H2Session(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::http
