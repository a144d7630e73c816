// SPDX-License-Identifier: Apache-2.0
// Calls: pooled connections on the server's codecs, to TCP or unix addresses, plain or TLS.
//
// One Client serves all loops; each loop has its own idle connections, so a call takes no lock.
// Every call has a deadline that covers look-up, connect, handshake and answer. Errors: connect,
// timeout, handshake_failed, peer_mismatch, protocol, too_large.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
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

struct Endpoint {
  Scheme scheme = Scheme::http;
  std::string host;  // without brackets
  std::uint16_t port = 80;
  std::string socket;     // path, with Scheme::unix_socket
  std::string base_path;  // "/process" of http://host/process; "" = none

  // http://host[:port][/path], https://…, unix:///path.sock[:/path]. Code::request_malformed.
  static Result<Endpoint> parse(std::string_view url);
  [[nodiscard]] std::string text() const;
  friend bool operator==(Endpoint const&, Endpoint const&) = default;
};

enum class Version : std::uint8_t { http1, http2 };

struct CallOptions {
  SteadyTime deadline;
  std::size_t max_body = 8U << 20;
  // For https: the context (its verify decides whom to trust). `tls_key` names it for the pool:
  // connections are shared only between calls of the same endpoint and key, so let it change with
  // the identity and the expected peer.
  std::shared_ptr<const tls::Context> tls;
  std::string tls_key;
  Version version = Version::http1;  // https offers what the context's ALPN says; plain uses this
};

// How long the parts took; zero where a pooled connection skipped them.
struct Timings {
  std::chrono::nanoseconds lookup{0};
  std::chrono::nanoseconds connect{0};
  std::chrono::nanoseconds handshake{0};
  std::chrono::nanoseconds first_byte{0};  // from the request's last byte
};

// Facts of the connection an answer came over.
struct Connected {
  std::string address;  // the one that was dialled
  std::string tls_version;
  std::string cipher;
  std::string group;
  std::string alpn;
  std::vector<tls::Certificate> peer_chain;
  Timings timings;
};

// An answer whose body comes in pieces. Destroying it before the end closes the connection.
class ResponseStream {
 public:
  virtual ~ResponseStream() = default;
  [[nodiscard]] virtual Response const& head() const = 0;  // body empty
  [[nodiscard]] virtual Connected const& connected() const = 0;
  // The next piece; empty at the end. Each wait is bounded by `until`.
  [[nodiscard]] virtual io::Task<Result<std::string>> read(SteadyTime until) = 0;
};

class Client {
 public:
  // `pool` looks names up; `clock` and `pool` outlive it.
  Client(PoolConfig config, io::BlockingPool& pool, Clock const& clock);
  ~Client();
  Client(Client const&) = delete;
  Client& operator=(Client const&) = delete;

  // `request.target` is sent as it is when it begins with '/'; Host, Content-Length are set here.
  [[nodiscard]] io::Task<Result<Response>> send(Endpoint endpoint, Request request,
                                                CallOptions options);
  // The same, with the connection's facts.
  struct Answer {
    Response response;
    Connected connected;
  };
  [[nodiscard]] io::Task<Result<Answer>> call(Endpoint endpoint, Request request,
                                              CallOptions options);
  [[nodiscard]] io::Task<Result<std::unique_ptr<ResponseStream>>> open(Endpoint endpoint,
                                                                       Request request,
                                                                       CallOptions options);

  // Closes idle connections whose tls_key is not `keep` (identity rotated) soon; all when empty.
  // Any thread.
  void forget_idle(std::string_view keep = {});

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace aw::http
