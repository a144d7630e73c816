// SPDX-License-Identifier: Apache-2.0
// Listens, shakes hands, and hands each request to a session: HTTP/1.1 and HTTP/2 on one port,
// over mutual TLS, or plain where there is none by design (admin, metrics, loopback, unix sockets).
//
// One listening socket a loop (SO_REUSEPORT), one loop a connection for its whole life. Every phase
// has a deadline and every size a limit (Limits). A missing or wrong client certificate ends in a
// TLS alert: there is no HTTP answer without a verified peer.
//
// Server's own methods may be called from any thread; what says "blocks" must not be called on a
// loop. The loops must run until `stop` has returned.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/config.h"
#include "core/http/message.h"
#include "core/io/loops.h"
#include "core/io/task.h"
#include "core/tls/certificate.h"
#include "core/tls/context.h"

namespace aw::http {

// What the connection established before its first request.
// A value; a session may keep it.
struct ConnectionInfo {
  std::vector<tls::Certificate> peer_chain;  // as verified by the TLS context; empty without TLS
  std::string remote_address;                // "10.0.0.7:51234", "unix"
  std::string local_address;
  std::string alpn;  // "h2", "http/1.1" or empty
  std::string tls_version;
  std::string cipher;
  std::string group;
  std::uint64_t id = 0;  // unique in this server
};

// Where the answer goes. Lives as long as `Session::handle`, on the connection's loop. Either
// `respond`, or `start`, any number of `write`, `finish`. A handler that returns without an answer
// answers 500; one that returns in the middle of a stream cuts it, so that the peer sees the loss.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // A field of whatever answer follows (before it is begun).
  // Replaces the answer's own field of that name; ignored once the answer has begun.
  virtual void add_header(std::string_view name, std::string_view value) = 0;

  // The whole answer. content-length, date and HEAD are seen to; trailers are HTTP/2's alone. That
  // the peer may be gone is no business of whoever answers; `peer_gone` tells.
  virtual io::Task<void> respond(Response response) = 0;

  // A streamed one. `write` returns once the bytes are on their way and the peer keeps up
  // (back-pressure); Code::interrupted when the peer is gone, Code::timeout when it does not read.
  // Nothing is kept back: what was written leaves before `write` returns.
  virtual io::Task<Result<void>> start(int status, Headers headers) = 0;
  virtual io::Task<Result<void>> write(std::string_view bytes) = 0;
  virtual io::Task<Result<void>> finish(Headers trailers = {}) = 0;

  [[nodiscard]] virtual bool started() const = 0;
  // The peer closed or reset; noticed also when nothing is written, from `start` or
  // `on_peer_gone` on.
  [[nodiscard]] virtual bool peer_gone() const = 0;
  // `notify` runs on this loop, once, when the peer goes away (or the server stops) before the
  // answer is complete. Not after the handler returned. Empty: nobody is told any more.
  virtual void on_peer_gone(std::function<void()> notify) = 0;
};

// A request body in pieces, for handlers that stream both ways. Same life as the ResponseWriter.
// One reader. The peer is held back while nobody reads: at most the stream's window is kept.
class BodyReader {
 public:
  virtual ~BodyReader() = default;
  // The next piece, waiting for it; empty = the end. Code::interrupted when the peer is gone,
  // Code::timeout when it stalls.
  virtual io::Task<Result<std::string>> read() = 0;
};

// A request that the codec refuses on its own: malformed (400, 417, 505), too large (413, 414,
// 431), too slow (408), more bodies at once than are kept (503). Views; good for one call.
struct EarlyRefusal {
  Code code = Code::request_malformed;
  int status = 400;
  std::string_view what;          // a literal: "body too large"
  Request const* head = nullptr;  // null: the head itself is what was wrong, or not all of it came
};

// An answer that is nobody's: no session was there, or its handler was late or said nothing. A
// view; good for one call.
struct Unanswered {
  Code code;
  int status;
  Headers const&
      added;  // what the handler had given to add_header, which stands in this answer too
};

// So many a connection: whoever sends more pays for a handshake first.
inline constexpr std::uint32_t kMostRefusals = 16;

// What serves one connection. Made after the handshake, used on its loop only. h2 calls `handle`
// for several requests at once; none of the calls overlaps another except where it waits.
class Session {
 public:
  virtual ~Session() = default;
  // The request has its whole body (at most max_body_bytes). It may be moved from. An exception
  // that escapes is answered 500.
  virtual io::Task<void> handle(Request& request, ResponseWriter& writer) = 0;

  // h2 only: true for a request whose body is to be read in pieces (gRPC); decided by its head.
  [[nodiscard]] virtual bool wants_streaming(Request const& head) const;
  virtual io::Task<void> handle_streaming(Request& request, BodyReader& body,
                                          ResponseWriter& writer);

  // Hears of a request of this connection that never becomes one, and answers it; the status is
  // the refusal's. Nothing = what ServerOptions::refuse says. Must not block for long. At most
  // kMostRefusals a connection: HTTP/1.1 closes it after the first, HTTP/2 winds it up at the last.
  // What it throws is caught: an answer of the status alone.
  [[nodiscard]] virtual std::optional<Response> refuse(EarlyRefusal const& refusal);

  // Whose connection this is, so that all of a caller's together hold no more of bodies than its
  // share; empty = nobody in particular. Lives as long as the session.
  [[nodiscard]] virtual std::string_view caller() const { return {}; }

  // The connection ends at this wall time, whatever it does: the peer's certificate's end.
  [[nodiscard]] virtual WallTime must_close_by() const { return WallTime::max(); }
};

// An error refuses the connection: it is closed without an answer.
using SessionFactory =
    std::function<Result<std::unique_ptr<Session>>(ConnectionInfo const& connection)>;

// Names are not resolved: whoever configures a listener says which address.
struct TcpAddress {
  std::string host = "127.0.0.1";  // an IP address; "localhost" is 127.0.0.1
  std::uint16_t port = 0;          // 0 = any free one
};
// At most 107 bytes. The file is removed when the server drains.
struct UnixAddress {
  std::string path;           // a stale socket there is replaced, anything else is an error
  std::uint32_t mode = 0600;  // of the socket file
};
// A socket that listens already, handed over by whoever started us; the server closes it.
// All loops share its one queue; SO_REUSEPORT was not ours to set.
struct InheritedSocket {
  int descriptor = -1;
};
using Address = std::variant<TcpAddress, UnixAddress, InheritedSocket>;
// "127.0.0.1:8081", "[::1]:80", ":9090" (all interfaces), "unix:///run/x.sock".
// Code::config_wrong_type.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

// Functions are called on the loops, several at once, must not block, and live as long as the
// last connection.
struct ServerOptions {
  Address listen;
  Limits limits;
  SessionFactory sessions;
  // TLS: the context of each new connection, asked on its loop; null refuses it (no identity yet).
  // Without this function the listener is plain.
  std::function<std::shared_ptr<const tls::Context>()> tls;
  // The answer where no session gives one: to what is refused early (EarlyRefusal), to a connection
  // over the limit (503), and for a handler that is late (504) or says nothing (500). Its status
  // wins over the code's own. Default: text/plain with the code's title.
  std::function<Response(Unanswered const& what)> refuse;
  // A connection that ended before its session: why, and from where. For logs and metrics.
  std::function<void(Error const& error, std::string_view remote_address)> rejected;
};

// Read one by one: the numbers of one moment need not add up.
struct ServerStats {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;     // since the start
  std::uint64_t rejected = 0;     // over the limit, or failed before a session
  std::uint64_t requests = 0;     // begun since the start
  std::uint64_t in_flight = 0;    // being handled now
};

// Ends with `stop`; connections hold what they need of it until they are closed.
class Server {
 public:
  // Binds and begins to accept. Code::address_in_use; Code::io for other bind errors.
  // `loops` and `clock` outlive the server.
  static Result<std::unique_ptr<Server>> start(ServerOptions options, io::Loops& loops,
                                               Clock const& clock);
  ~Server();  // stop
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  [[nodiscard]] std::uint16_t port() const;   // 0 for a unix socket
  [[nodiscard]] std::string address() const;  // "127.0.0.1:41233", "unix:///run/x.sock"
  [[nodiscard]] ServerStats stats() const;

  // Before `drain`, while others still send callers here: each answer is from now on its
  // connection's last (`connection: close`; HTTP/2: GOAWAY). New connections are taken, and idle
  // ones stay: their caller may be sending already. Does not wait. Twice is fine.
  void farewell();
  // Stops accepting; idle connections close, the others after what they are at (HTTP/1.1:
  // `connection: close`; HTTP/2: GOAWAY twice). Does not wait. Twice is fine.
  void drain();
  // Blocks until nothing is open or `timeout` has passed; true = nothing is open.
  bool wait_closed(std::chrono::nanoseconds timeout);
  // Closes everything now and waits for it. Blocks. Twice is fine.
  void stop();

  // Closes the connections whose session fits, each asked on its loop: what they are at is cut
  // off. For identities that are no longer valid.
  // Does not wait. `predicate` is copied to every loop, and called there.
  void close_if(std::function<bool(Session& session)> predicate);

  // The same, drained first: no new request, what runs may finish, and 500 ms later it is cut. For
  // peers who are no longer trusted.
  void retire_if(std::function<bool(Session& session)> predicate);

  struct Impl;
  explicit Server(std::shared_ptr<Impl> impl);

 private:
  std::shared_ptr<Impl> impl_;  // shared with the connections, which end on their loops
};

}  // namespace aw::http
