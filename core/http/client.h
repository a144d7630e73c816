// SPDX-License-Identifier: Apache-2.0
// Calls other servers, over connections it keeps: HTTP/1.1 and HTTP/2, TCP with or without TLS, and
// unix sockets.
//
// May be used from any loop (and inside io::run_blocking); each loop has its own connections, which
// never change loops. Every call has a deadline and a limit. A cancelled call closes its
// connection (h1) or stream (h2).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/config.h"
#include "core/http/message.h"
#include "core/io/pool.h"
#include "core/io/task.h"
#include "core/tls/certificate.h"
#include "core/tls/context.h"

namespace aw::http {

enum class Scheme : std::uint8_t { http, https, unix_socket };

// Where to connect to. A value, ordered and compared as a whole: it is a part of the pool's key.
struct Endpoint {
  Scheme scheme = Scheme::http;
  std::string host;  // name or IP address, without brackets; with unix_socket: what Host says
  std::uint16_t port = 0;
  std::string socket_path;  // unix_socket only

  // "search:8443", "[::1]:80": for Host and for messages.
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string text() const;  // "https://search:8443", "unix:///run/x.sock"
  bool operator==(Endpoint const&) const = default;
  auto operator<=>(Endpoint const&) const = default;
};

// An endpoint and what to ask it for.
struct Url {
  Endpoint endpoint;
  std::string target = "/";  // path and query
};
// http://, https://, unix:///run/app.sock:/path. No user info, no fragment. Code::usage.
// At most 8 KiB, a socket's path at most 107 bytes. The host becomes lower case; a missing port
// is the scheme's.
[[nodiscard]] Result<Url> parse_url(std::string_view text);

// How connections to an endpoint are secured. Connections are shared by calls with an equal `name`
// only: a connection checked for one peer never serves a call meant for another.
struct Security {
  // Asked at each new connection, on its loop.
  // Null refuses the call with Code::no_svid; https without this function is Code::tls_setup.
  std::function<Result<std::shared_ptr<const tls::Context>>()> context;
  // After the handshake; an error closes the connection and is the call's error.
  std::function<Result<void>(std::span<const tls::Certificate> peer_chain)> check;
  std::string name;         // the expected SPIFFE ID, or whatever tells two apart
  std::string server_name;  // SNI; web contexts: the name to verify. Empty = endpoint.host
};

// by_method: a request that may have reached the server is sent again (once, on a new connection,
// when a kept one turns out dead) only if its method is idempotent. always: so also a POST (a
// query, such as a policy decision). Whatever says, an answer that began is never asked for again.
// A request of which no byte arrived is sent again whatever this says, once.
enum class Repeat : std::uint8_t { by_method, always, never };

enum class Protocol : std::uint8_t { negotiated, http1, http2 };  // http2: prior knowledge if plain

// How long each phase took; zero for phases that a kept connection did not need.
// For people (`ping`) and metrics. Facts of a kept connection are those of its first call.
struct CallReport {
  std::chrono::nanoseconds resolve{};
  std::chrono::nanoseconds connect{};
  std::chrono::nanoseconds handshake{};
  std::chrono::nanoseconds first_byte{};  // from the request's first byte to the answer's
  std::chrono::nanoseconds total{};
  bool reused = false;
  std::string remote_address;
  std::string alpn;
  std::string tls_version;
  std::string cipher;
  std::string group;
  std::vector<tls::Certificate> peer_chain;
};

// Sizes in bytes. `max_body` binds `send`; who reads a stream bounds it himself.
struct CallOptions {
  SteadyTime deadline = SteadyTime::max();  // max = ClientConfig::timeout from now
  std::size_t max_body = std::size_t{4} << 20;
  Security const* security = nullptr;  // required for https; lives as long as the call
  Repeat repeat = Repeat::by_method;
  Protocol protocol = Protocol::negotiated;
  CallReport* report = nullptr;  // filled in as far as the call came; lives as long as the call
};

// An answer that is read as it comes. Belongs to the loop it was opened on; destroying it before
// its end closes the connection (h1) or resets the stream (h2).
// One reader at a time.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  [[nodiscard]] virtual int status() const = 0;
  [[nodiscard]] virtual Headers const& headers() const = 0;
  // The next piece, waiting until `until`; empty = the end. Code::timeout, Code::io,
  // Code::protocol.
  virtual io::Task<Result<std::string>> read(SteadyTime until) = 0;
  [[nodiscard]] virtual Headers const& trailers() const = 0;  // after the end
};

// Connections to one endpoint are shared only by calls with the same Security::name and protocol.
// No redirects, no cookies, no proxies, no decompression.
class Client {
 public:
  // `pool` resolves names; it and `clock` outlive the client.
  Client(ClientConfig config, io::BlockingPool& pool, Clock const& clock);
  ~Client();
  Client(Client const&) = delete;
  Client& operator=(Client const&) = delete;

  // `request`: method, target, headers, body; Host and framing are added. Errors: Code::connect
  // (resolve, connect), Code::handshake_failed or the check's own, Code::timeout,
  // Code::too_large (answer over max_body), Code::protocol (answer malformed), Code::io (broken
  // off), Code::overloaded (pool full until the deadline).
  // Any status is an answer, not an error.
  [[nodiscard]] io::Task<Result<Response>> send(Endpoint endpoint, Request request,
                                                CallOptions options);
  // Returns when the head is here. `options.deadline` holds for the head only.
  [[nodiscard]] io::Task<Result<std::unique_ptr<ResponseStream>>> open(Endpoint endpoint,
                                                                       Request request,
                                                                       CallOptions options);

  // Kept connections are closed; calls under way go on. After an identity changed.
  void close_idle();

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;  // shared with the loops' pools
};

}  // namespace aw::http
