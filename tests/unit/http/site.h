// SPDX-License-Identifier: Apache-2.0
// A server on a loopback port whose handler is a function, and ways to talk to it: the room's own
// client, and a raw socket for what no client would send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/http/client.h"
#include "core/http/server.h"
#include "core/io/loops.h"
#include "tests/fixtures/pki.h"

namespace aw::http::testing {

using namespace std::chrono_literals;
using Handler = std::function<io::Task<void>(Request&, ResponseWriter&)>;
using Refuser = std::function<std::optional<Response>(EarlyRefusal const&)>;
using Namer = std::function<std::string(ConnectionInfo const&)>;
using Wording = std::function<Response(Unanswered const&)>;

inline bool eventually(std::function<bool()> const& what) {
  auto const until = std::chrono::steady_clock::now() + 5s;
  while (!what()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

inline Response text_response(std::string body, int status = 200) {
  Response response;
  response.status = status;
  response.headers.add("content-type", "text/plain");
  response.body = std::move(body);
  return response;
}

// "POST /path?query hello"
inline io::Task<void> echo(Request& request, ResponseWriter& writer) {
  co_await writer.respond(
      text_response(request.method + " " + request.target + " " + request.body));
}

class FunctionSession final : public Session {
 public:
  FunctionSession(Handler handler, WallTime end, Refuser refuser = {}, std::string caller = {})
      : handler_(std::move(handler)),
        refuser_(std::move(refuser)),
        end_(end),
        caller_(std::move(caller)) {}
  io::Task<void> handle(Request& request, ResponseWriter& writer) override {
    return handler_(request, writer);
  }
  [[nodiscard]] std::optional<Response> refuse(EarlyRefusal const& refusal) override {
    return refuser_ ? refuser_(refusal) : std::nullopt;
  }
  [[nodiscard]] WallTime must_close_by() const override { return end_; }
  [[nodiscard]] std::string_view caller() const override { return caller_; }

 private:
  Handler handler_;
  Refuser refuser_;
  WallTime end_;
  std::string caller_;
};

// What most requests are, whole.
inline constexpr std::string_view kGet = "GET /x HTTP/1.1\r\nhost: a\r\n\r\n";

enum class Wired { plain, tls };

class Site {
 public:
  explicit Site(Wired wired, Handler handler = echo, Limits limits = {},
                WallTime end = WallTime::max(), Wording unanswered = {})
      : wired_(wired), handler_(std::move(handler)), end_(end) {
    ServerOptions options;
    options.listen = TcpAddress{};
    options.limits = limits;
    options.refuse = std::move(unanswered);
    start(std::move(options));
  }

  void start(ServerOptions options) {
    options.sessions = [this](ConnectionInfo const& info) -> Result<std::unique_ptr<Session>> {
      std::lock_guard const lock(mutex_);
      infos_.push_back(info);
      return std::unique_ptr<Session>(std::make_unique<FunctionSession>(
          handler_, end_, refuser, namer ? namer(info) : std::string()));
    };
    options.rejected = [this](Error const& error, std::string_view) {
      std::lock_guard const lock(mutex_);
      rejected_.push_back(error);
    };
    if (wired_ == Wired::tls) {
      rotate("spiffe://example.org/server");
      options.tls = [this] {
        std::lock_guard const lock(mutex_);
        return server_context_;
      };
    }
    server_ = fixtures::must(Server::start(std::move(options), loops_, clock_));
  }

  void rotate(std::string const& uri) {
    auto context = fixtures::must(
        tls::Context::server(fixtures::context_spec(pki_.leaf(uri), verify_, {"h2", "http/1.1"})));
    std::lock_guard const lock(mutex_);
    server_context_ = std::move(context);
  }

  // How to call this site as `uri`; h2 unless told otherwise.
  Security as(std::string const& uri, std::vector<std::string> alpn = {"h2"}) {
    auto context = fixtures::must(tls::Context::client(
        fixtures::context_spec(pki_.leaf(uri), fixtures::accept_anyone(), std::move(alpn))));
    Security security;
    security.context = [context]() -> Result<std::shared_ptr<const tls::Context>> {
      return context;
    };
    security.name = uri;
    return security;
  }

  [[nodiscard]] Endpoint endpoint() const {
    return {.scheme = wired_ == Wired::tls ? Scheme::https : Scheme::http,
            .host = "127.0.0.1",
            .port = server_->port()};
  }
  Server& server() { return *server_; }
  fixtures::Pki& pki() { return pki_; }
  std::vector<Error> rejected() {
    std::lock_guard const lock(mutex_);
    return rejected_;
  }
  std::vector<ConnectionInfo> infos() {
    std::lock_guard const lock(mutex_);
    return infos_;
  }
  io::Loops& loops() { return loops_; }
  Clock const& clock() { return clock_; }

  Refuser refuser;  // set before anybody connects; empty: the server's own answer
  Namer namer;      // as it; empty: callers are nobody in particular

 private:
  Wired wired_;
  Handler handler_;
  WallTime end_;
  SystemClock clock_;
  fixtures::Pki pki_;
  tls::VerifyPeer verify_ = [](std::span<const tls::Certificate> chain) -> Result<void> {
    if (chain.empty() || chain[0].uri_sans().at(0) != "spiffe://example.org/evil") return {};
    return make_error(Code::peer_unverified, "evil");
  };
  std::mutex mutex_;
  std::shared_ptr<const tls::Context> server_context_;
  std::vector<Error> rejected_;
  std::vector<ConnectionInfo> infos_;
  io::Loops loops_{2};
  std::unique_ptr<Server> server_;  // ends before its loops
};

// A blocking socket with five seconds of patience.
class Raw {
 public:
  // `host`: the last number of the address it comes from.
  explicit Raw(std::uint16_t port, std::uint8_t host = 1)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl((INADDR_LOOPBACK & ~std::uint32_t{0xFF}) | host);
    static_cast<void>(::bind(socket_, reinterpret_cast<sockaddr*>(&own), sizeof(own)));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    timeval const patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Raw() { close(); }
  Raw(Raw const&) = delete;
  Raw& operator=(Raw const&) = delete;

  bool send(std::string_view bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  // What came until `end` did, or the connection's end.
  std::string read_until(std::string_view end) {
    while (text_.find(end) == std::string::npos && more()) {
    }
    auto const at = text_.find(end);
    auto const size = at == std::string::npos ? text_.size() : at + end.size();
    auto out = text_.substr(0, size);
    text_.erase(0, size);
    return out;
  }
  std::string read_all() {
    while (more()) {
    }
    return std::exchange(text_, {});
  }
  // True when the peer ended the connection, false when it only kept silent.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool connected() const { return connected_; }
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

 private:
  bool more() {
    char bytes[4096];
    auto const got = ::recv(socket_, bytes, sizeof(bytes), 0);
    if (got <= 0) {
      ended_ = got == 0 || errno == ECONNRESET;
      return false;
    }
    text_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }

  int socket_;
  bool connected_ = false;
  bool ended_ = false;
  std::string text_;
};

// Blocking calls with the room's client.
class Caller {
 public:
  Result<Response> send(Endpoint endpoint, Request request, CallOptions options = {}) {
    return io::run_blocking(client_.send(std::move(endpoint), std::move(request), options));
  }
  Client& client() { return client_; }

 private:
  io::BlockingPool pool_{1, 16};
  SystemClock clock_;
  Client client_{ClientConfig{}, pool_, clock_};
};

inline Request post(std::string target, std::string body) {
  Request request;
  request.method = "POST";
  request.set_target(target);
  request.body = std::move(body);
  return request;
}

}  // namespace aw::http::testing
