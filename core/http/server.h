// SPDX-License-Identifier: Apache-2.0
// Listeners: accept, handshake, HTTP/1.1 or HTTP/2 by ALPN on one port, requests to a Session. Also
// plain ones (metrics, admin, outbound) on TCP or a unix socket.
//
// A connection lives and dies on one loop. Every phase has a deadline, every size a limit (Limits).
// Knows no SPIFFE: who the peer is, the session decides from the chain the handshake verified.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/http/config.h"
#include "core/http/message.h"
#include "core/io/loops.h"
#include "core/io/task.h"
#include "core/tls/certificate.h"
#include "core/tls/context.h"

namespace aw::http {

// How a handler answers. One owner; lives as long as `Session::handle` runs. Exactly one of
// `respond` or `start` … `finish`. An error means the peer is gone or too slow: stop, nothing more
// can be said.
class ResponseWriter {
 public:
  virtual ~ResponseWriter() = default;

  // Goes into whatever head is sent later.
  virtual void add_header(std::string_view name, std::string_view value) = 0;
  // The whole answer at once.
  [[nodiscard]] virtual io::Task<Result<void>> respond(Response response) = 0;
  // A streamed answer: head, then chunks (back-pressure: returns when there is room for more), then
  // the end. `respond`'s body member is ignored by `start`. Trailers are sent on HTTP/2 only.
  [[nodiscard]] virtual io::Task<Result<void>> start(Response head) = 0;
  [[nodiscard]] virtual io::Task<Result<void>> write(std::string_view chunk) = 0;
  [[nodiscard]] virtual io::Task<Result<void>> finish(Headers trailers) = 0;

  // Has anything been sent?
  [[nodiscard]] virtual bool started() const = 0;
  // The peer closed, reset the stream, or its time is over. Known promptly, also while nothing is
  // written.
  [[nodiscard]] virtual bool peer_gone() const = 0;
  // Called once when that happens, on the connection's loop; at once if it already has. Cleared
  // when `handle` returns.
  virtual void on_peer_gone(std::function<void()> notify) = 0;
};

struct ConnectionInfo {
  std::vector<tls::Certificate>
      peer_chain;              // as sent and verified, leaf first; empty on plain listeners
  std::string remote_address;  // "10.2.3.4:51234"; "unix"
  std::string local_address;
  std::string alpn;
  std::string tls_version;
  std::string cipher;
};

// One connection's side of the application. Made after the handshake, on the connection's loop.
class Session {
 public:
  virtual ~Session() = default;
  // HTTP/2 runs several at a time, on the one loop. `request` and `writer` live until it returns.
  [[nodiscard]] virtual io::Task<void> handle(Request& request, ResponseWriter& writer) = 0;
  // The connection ends then whatever it does; nullopt = no such time. Asked again after each
  // request.
  [[nodiscard]] virtual std::optional<WallTime> must_close_by() const { return std::nullopt; }
  // Asked by Server::recheck: may this connection live on?
  [[nodiscard]] virtual bool still_welcome() { return true; }
  // The body of an answer the codec gives by itself (400, 408, 413, 431, 505 …). Sets headers and
  // body.
  virtual void describe_error(Code code, Response& response);
};

struct ServerOptions {
  std::string name;  // for the log: "agent", "metrics", "admin"
  std::string host;
  std::uint16_t port = 0;  // 0 = any free one
  std::string unix_path;   // instead of host and port; 0600, a stale socket is replaced
  Limits limits;
  // Asked for each connection: the context of now; null = close at once (no identity). Absent = a
  // plain listener.
  std::function<std::shared_ptr<const tls::Context>()> tls;
  // Error = the connection is closed without a word.
  std::function<Result<std::unique_ptr<Session>>(ConnectionInfo const&)> session;
  // A handshake failed or was refused: why, and whose.
  std::function<void(Error const&, std::string_view remote_address)> on_handshake_failed;
};

struct ServerStats {
  std::size_t connections = 0;
  std::size_t requests = 0;  // in flight
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;  // over the connection limit
};

class Server {
 public:
  // Binds at once: Code::address_in_use, Code::io. One acceptor a loop (SO_REUSEPORT); a unix
  // socket has one. `loops`, `clock` and `log` outlive it.
  static Result<std::unique_ptr<Server>> listen(ServerOptions options, io::Loops& loops,
                                                Clock const& clock, log::Log& log);
  ~Server();  // stops
  Server(Server const&) = delete;
  Server& operator=(Server const&) = delete;

  [[nodiscard]] std::uint16_t port() const;   // the real one
  [[nodiscard]] std::string address() const;  // "127.0.0.1:8443", "unix:///…"

  // No new connections; idle ones are closed (GOAWAY, `Connection: close`), requests in flight
  // finish. Blocks the caller (not a loop) until none is left or `deadline` passed; false = some
  // were cut off.
  bool drain(std::chrono::nanoseconds deadline);
  // Cuts everything off. Twice is fine. Not from a loop's own thread.
  void stop();
  // Asks every session `still_welcome` soon, and closes the connections whose answer is no.
  void recheck();
  [[nodiscard]] ServerStats stats() const;

 private:
  struct Impl;
  explicit Server(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace aw::http
