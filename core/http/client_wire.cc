// SPDX-License-Identifier: Apache-2.0
#include "core/http/client_wire.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "core/http/socket_address.h"

namespace aw::http {

namespace {

using tcp = boost::asio::ip::tcp;

constexpr std::size_t kMaxAddresses = 8;

Error late(std::string_view doing) {
  return make_error(Code::timeout, std::string(doing) + ": not done before the deadline");
}

// getaddrinfo: blocks, on a pool thread.
Result<std::vector<tcp::endpoint>> look_up(std::string const& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  if (int const failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); failed != 0) {
    return make_error(Code::connect, "resolve " + host + ": " + ::gai_strerror(failed));
  }
  std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> const owner(list, ::freeaddrinfo);
  std::vector<tcp::endpoint> out;
  for (addrinfo const* at = list; at != nullptr && out.size() < kMaxAddresses; at = at->ai_next) {
    tcp::endpoint endpoint;
    if (at->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), at->ai_addr, at->ai_addrlen);
    endpoint.resize(at->ai_addrlen);
    endpoint.port(port);
    out.push_back(endpoint);
  }
  if (out.empty()) return make_error(Code::connect, "resolve " + host + ": no address");
  return out;
}

// Where a look-up and who waits for it meet. A look-up may take longer than its caller, and than
// the caller's loop: once `gone`, nothing of that loop is touched.
struct LookUp {
  using Found = Result<std::vector<tcp::endpoint>>;
  std::mutex mutex;
  boost::asio::steady_timer* waiting = nullptr;  // guarded by mutex; null: gone
  std::optional<Found> found;                    // of the caller's loop

  // On the pool's thread.
  void finish(std::shared_ptr<LookUp> const& self, Found result) {
    std::lock_guard const lock(mutex);
    if (waiting == nullptr) return;
    boost::asio::post(waiting->get_executor(), [self, result = std::move(result)]() mutable {
      self->found.emplace(std::move(result));
      if (self->waiting != nullptr) self->waiting->cancel();
    });
  }
};

// The caller's part: its end, however it comes, is the end of the meeting.
class LookUpWait {
 public:
  LookUpWait(std::shared_ptr<LookUp> meeting, boost::asio::steady_timer& timer)
      : meeting_(std::move(meeting)) {
    std::lock_guard const lock(meeting_->mutex);
    meeting_->waiting = &timer;
  }
  ~LookUpWait() {
    std::lock_guard const lock(meeting_->mutex);
    meeting_->waiting = nullptr;
  }
  LookUpWait(LookUpWait const&) = delete;
  LookUpWait& operator=(LookUpWait const&) = delete;

 private:
  std::shared_ptr<LookUp> meeting_;
};

io::Task<Result<std::vector<tcp::endpoint>>> resolve(std::string host, std::uint16_t port,
                                                     SteadyTime deadline, io::BlockingPool& pool) {
  boost::system::error_code error;
  if (auto const address = boost::asio::ip::make_address(host, error); !error) {
    co_return std::vector{tcp::endpoint(address, port)};
  }
  auto const executor = co_await boost::asio::this_coro::executor;
  auto const meeting = std::make_shared<LookUp>();
  boost::asio::steady_timer timer(executor, deadline);
  LookUpWait const wait(meeting, timer);
  bool const queued =
      pool.submit([host, port, meeting] { meeting->finish(meeting, look_up(host, port)); });
  if (!queued) co_return make_error(Code::overloaded, "too many names to resolve at once");
  auto const [ignored] = co_await timer.async_wait(io::kNoThrow);
  static_cast<void>(ignored);
  if (!meeting->found) co_return late("resolve " + host);
  co_return *std::move(meeting->found);
}

io::Task<Result<tls::Socket>> connect_tcp(tcp::endpoint address, SteadyTime deadline) {
  auto const executor = co_await boost::asio::this_coro::executor;
  tcp::socket socket(executor);
  Guard const guard(executor, deadline, [&socket] {
    boost::system::error_code ignored;  // it was connecting: nothing else to lose
    socket.close(ignored);
  });
  auto const [error] = co_await socket.async_connect(address, io::kNoThrow);
  if (guard.expired()) co_return late("connect");
  if (error) co_return errno_error(Code::connect, "connect", error.value());
  boost::system::error_code ignored;  // slower without, not wrong
  socket.set_option(tcp::no_delay(true), ignored);
  co_return tls::Socket(std::move(socket));
}

io::Task<Result<tls::Socket>> connect_unix(std::string path, SteadyTime deadline) {
  auto const executor = co_await boost::asio::this_coro::executor;
  boost::asio::local::stream_protocol::socket socket(executor);
  Guard const guard(executor, deadline, [&socket] {
    boost::system::error_code ignored;  // it was connecting: nothing else to lose
    socket.close(ignored);
  });
  boost::asio::local::stream_protocol::endpoint const address(path);
  auto const [error] = co_await socket.async_connect(address, io::kNoThrow);
  if (guard.expired()) co_return late("connect");
  if (error) co_return errno_error(Code::connect, "connect", error.value());
  co_return tls::Socket(std::move(socket));
}

// One address after the other, each with its share of the time that is left.
io::Task<Result<tls::Socket>> connect_any(std::vector<tcp::endpoint> addresses,
                                          SteadyTime deadline) {
  Error last = make_error(Code::connect, "no address");
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    auto const share = (deadline - steady_now()) / static_cast<std::int64_t>(addresses.size() - i);
    auto socket = co_await connect_tcp(addresses[i], steady_now() + share);
    if (socket.ok()) co_return socket;
    last = std::move(socket).error();
  }
  co_return last;
}

bool is_address(std::string const& host) {
  boost::system::error_code error;
  static_cast<void>(boost::asio::ip::make_address(host, error));
  return !error;
}

io::Task<Result<tls::Socket>> reach(WireNeeds const& needs, io::BlockingPool& pool, Wire& wire) {
  auto const began = steady_now();
  if (needs.endpoint.scheme == Scheme::unix_socket) {
    auto socket = co_await connect_unix(needs.endpoint.socket_path, needs.deadline);
    wire.facts.connect = steady_now() - began;
    co_return socket;
  }
  AW_CO_TRY(auto addresses,
            co_await resolve(needs.endpoint.host, needs.endpoint.port, needs.deadline, pool));
  auto const resolved = steady_now();
  wire.facts.resolve = resolved - began;
  auto socket = co_await connect_any(std::move(addresses), needs.deadline);
  wire.facts.connect = steady_now() - resolved;
  co_return socket;
}

io::Task<Result<void>> secure(WireNeeds const& needs, tls::Socket socket, Wire& wire) {
  if (needs.security == nullptr || !needs.security->context) {
    co_return make_error(Code::tls_setup, "https without an identity or trust to use");
  }
  auto const& security = *needs.security;
  AW_CO_TRY(auto const context, security.context());
  if (context == nullptr) co_return make_error(Code::no_svid, "no identity to call with yet");
  auto name = security.server_name;
  if (name.empty() && !is_address(needs.endpoint.host)) name = needs.endpoint.host;
  AW_CO_TRY(wire.stream, tls::Stream::open(std::move(socket), context, name));
  auto const began = steady_now();
  Guard const guard(co_await boost::asio::this_coro::executor, needs.deadline,
                    [&wire] { wire.stream->cancel(); });
  auto shaken = co_await wire.stream->handshake();
  if (guard.expired()) co_return late("TLS handshake");
  AW_CO_TRY(std::move(shaken));
  wire.facts.handshake = steady_now() - began;
  wire.facts.alpn = wire.stream->alpn();
  wire.facts.tls_version = wire.stream->version();
  wire.facts.cipher = wire.stream->cipher();
  wire.facts.group = wire.stream->group();
  wire.facts.peer_chain = wire.stream->peer_chain();
  if (security.check) AW_CO_TRY(security.check(wire.facts.peer_chain));
  co_return Result<void>{};
}

}  // namespace

Guard::Guard(boost::asio::any_io_executor const& executor, SteadyTime due,
             std::function<void()> expire) {
  alarm_.set(executor, due, [this, expire = std::move(expire)] {
    expired_ = true;
    expire();
  });
}

io::Task<Result<Wire>> open_wire(WireNeeds needs, io::BlockingPool& pool) {
  Wire wire;
  auto const doing = "connect to " + needs.endpoint.text();
  auto socket = co_await reach(needs, pool, wire);
  if (!socket.ok()) co_return std::move(socket).error().within(doing);
  wire.facts.remote_address =
      needs.endpoint.scheme == Scheme::unix_socket ? "unix" : remote_address(*socket);
  if (needs.endpoint.scheme == Scheme::https) {
    auto secured = co_await secure(needs, std::move(*socket), wire);
    if (!secured.ok()) co_return std::move(secured).error().within(doing);
    if (wire.facts.alpn == "h2") wire.speaks = Speaks::http2;
    if (needs.protocol == Protocol::http2 && wire.speaks != Speaks::http2) {
      co_return make_error(Code::protocol, doing + ": the server does not speak HTTP/2");
    }
  } else {
    wire.stream = tls::Stream::plaintext(std::move(*socket));
    if (needs.protocol == Protocol::http2) wire.speaks = Speaks::http2;
  }
  wire.born = steady_now();
  co_return wire;
}

Result<Heard> hear(tls::Stream& stream, std::string& into) {
  static thread_local std::array<char, 16U << 10> bytes;  // not held across a wait
  AW_TRY(auto const got, stream.try_read(bytes));
  if (!got) return Heard::nothing;
  if (*got == 0) return Heard::end;
  into.append(bytes.data(), *got);
  return Heard::something;
}

}  // namespace aw::http
