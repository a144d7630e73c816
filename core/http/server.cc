// SPDX-License-Identifier: Apache-2.0
#include "core/http/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <thread>
#include <utility>

#include "core/http/connection.h"
#include "core/http/h1_encode.h"
#include "core/http/socket_address.h"

namespace aw::http {

namespace {

// How long accepting pauses when the machine is out of descriptors or memory.
constexpr std::chrono::milliseconds kPause{50};
constexpr std::chrono::milliseconds kPoll{5};
constexpr std::chrono::milliseconds kRetirement{500};

}  // namespace

bool Session::wants_streaming(Request const&) const { return false; }

io::Task<void> Session::handle_streaming(Request&, BodyReader&, ResponseWriter&) { co_return; }

std::optional<Response> Session::refuse(EarlyRefusal const&) { return std::nullopt; }

// One listening descriptor on one loop.
struct Listener {
  explicit Listener(boost::asio::io_context& loop) : socket(loop), pause(loop) {}
  boost::asio::generic::stream_protocol::socket socket;  // only waited on; accept4 does the rest
  boost::asio::steady_timer pause;
};

struct Server::Impl {
  Impl(ServerOptions its_options, io::Loops& its_loops, Clock const& clock)
      : common(std::make_shared<Common>(std::move(its_options), clock)),
        options(common->options),
        counters(common->counters),
        loops(its_loops) {}

  std::shared_ptr<Common> const common;
  ServerOptions const& options;
  Counters& counters;
  io::Loops& loops;
  std::atomic<bool> draining{false};
  std::atomic<std::size_t> posted{0};     // work on its way to the loops
  std::atomic<std::size_t> accepting{0};  // loops with an open listener
  std::uint16_t port = 0;
  std::string text;
  std::vector<std::shared_ptr<Shard>> shards;  // each touched on its loop only
  std::vector<std::shared_ptr<Listener>> listeners;

  void on_each(std::function<void(Shard&, Listener&)> const& work);
};

namespace {

void tune(int descriptor) {
  int const one = 1;
  // Not on unix sockets, where it fails and does not matter.
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

void turn_away(Shard& shard, tls::Socket& socket);
void admit(std::shared_ptr<Shard> const& shard, tls::Socket socket);

bool exhausted(int number) {
  return number == EMFILE || number == ENFILE || number == ENOBUFS || number == ENOMEM;
}

bool accept_one(std::shared_ptr<Shard> const& shard, Listener& listener);

// Holds what belongs to its own loop, nothing of the others'.
io::Task<void> accept(std::shared_ptr<Shard> shard, std::shared_ptr<Listener> listener) {
  while (!shard->draining) {
    auto const [error] =
        co_await listener->socket.async_wait(boost::asio::socket_base::wait_read, io::kNoThrow);
    if (error || shard->draining) co_return;
    while (accept_one(shard, *listener)) {
    }
    if (!exhausted(errno)) continue;
    listener->pause.expires_after(kPause);
    auto const [ignored] = co_await listener->pause.async_wait(io::kNoThrow);
    static_cast<void>(ignored);
  }
}

// False when there is nobody (left) to accept; errno says why.
bool accept_one(std::shared_ptr<Shard> const& shard, Listener& listener) {
  int const descriptor =
      ::accept4(listener.socket.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return errno == ECONNABORTED || errno == EINTR;
  tune(descriptor);
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  boost::system::error_code error;
  tls::Socket socket(shard->loop);
  socket.assign(boost::asio::generic::stream_protocol(address.ss_family, 0), descriptor, error);
  if (error) {
    ::close(descriptor);
    return true;
  }
  admit(shard, std::move(socket));
  return true;
}

void admit(std::shared_ptr<Shard> const& shard, tls::Socket socket) {
  auto& counters = shard->counters;
  counters.accepted.fetch_add(1, std::memory_order_relaxed);
  if (counters.connections.fetch_add(1) >= shard->options.limits.max_connections) {
    counters.connections.fetch_sub(1);
    return turn_away(*shard, socket);
  }
  auto remote = remote_address(socket);
  auto connection = std::make_shared<Connection>(shard, std::move(remote));
  boost::asio::co_spawn(shard->loop,
                        connection->serve(std::make_unique<tls::Socket>(std::move(socket))),
                        boost::asio::bind_cancellation_slot(connection->signal().slot(),
                                                            [connection](std::exception_ptr) {}));
}

void turn_away(Shard& shard, tls::Socket& socket) {
  auto const& options = shard.options;
  shard.counters.rejected.fetch_add(1, std::memory_order_relaxed);
  if (options.rejected) {
    options.rejected(make_error(Code::overloaded, "too many connections"), remote_address(socket));
  }
  if (options.tls) return;  // nobody was identified: nothing is said
  auto const response = shard.refusal(Code::overloaded, 503);
  std::string out;
  append_response_head(out, response.status, {}, response.headers,
                       {.length = response.body.size(), .after = After::close});
  out.append(response.body);
  // As much as fits; it always does.
  static_cast<void>(::send(socket.native_handle(), out.data(), out.size(), MSG_NOSIGNAL));
}

}  // namespace

void Server::Impl::on_each(std::function<void(Shard&, Listener&)> const& work) {
  for (std::size_t i = 0; i < shards.size(); ++i) {
    posted.fetch_add(1);
    boost::asio::post(shards[i]->loop,
                      [work, shard = shards[i], listener = listeners[i], this]() mutable {
                        work(*shard, *listener);
                        shard.reset();
                        listener.reset();
                        posted.fetch_sub(1);  // the last touch: `stop` waits for it
                      });
  }
}

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, io::Loops& loops,
                                              Clock const& clock) {
  if (!options.sessions) return make_error(Code::internal, "a server without sessions");
  AW_TRY(auto listening, listen_on(options.listen, loops.size()));
  auto impl = std::make_shared<Impl>(std::move(options), loops, clock);
  impl->port = listening.port;
  impl->text = listening.text;
  bool const local = std::holds_alternative<UnixAddress>(impl->options.listen);
  for (std::size_t i = 0; i < listening.descriptors.size(); ++i) {
    auto shard = std::make_shared<Shard>(loops.at(i), impl->common);
    auto listener = std::make_shared<Listener>(loops.at(i));
    boost::system::error_code error;
    listener->socket.assign(boost::asio::generic::stream_protocol(local ? AF_UNIX : AF_INET, 0),
                            listening.descriptors[i].get(), error);
    if (error) return errno_error(Code::io, "listen", error.value());
    static_cast<void>(listening.descriptors[i].release());  // the socket's from here on
    impl->shards.push_back(std::move(shard));
    impl->listeners.push_back(std::move(listener));
  }
  for (std::size_t i = 0; i < impl->shards.size(); ++i) {
    impl->accepting.fetch_add(1);
    // Ends when the listener closes, which `stop` waits for.
    boost::asio::co_spawn(loops.at(i), accept(impl->shards[i], impl->listeners[i]),
                          [raw = impl.get()](std::exception_ptr) { raw->accepting.fetch_sub(1); });
  }
  return std::make_unique<Server>(std::move(impl));
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { stop(); }

std::uint16_t Server::port() const { return impl_->port; }

std::string Server::address() const { return impl_->text; }

ServerStats Server::stats() const {
  auto const& counters = impl_->counters;
  return {.connections = counters.connections.load(),
          .accepted = counters.accepted.load(),
          .rejected = counters.rejected.load(),
          .requests = counters.requests.load(),
          .in_flight = counters.in_flight.load()};
}

void Server::farewell() {
  impl_->on_each([](Shard& shard, Listener&) {
    if (std::exchange(shard.leaving, true)) return;
    for (auto at = shard.connections.begin(); at != shard.connections.end();) {
      Connection& connection = **at++;  // it may leave the list
      connection.farewell();
    }
  });
}

void Server::drain() {
  if (impl_->draining.exchange(true)) return;
  impl_->on_each([](Shard& shard, Listener& listener) {
    shard.draining = true;
    boost::system::error_code ignored;  // closed already
    listener.socket.close(ignored);
    listener.pause.cancel();
    for (auto at = shard.connections.begin(); at != shard.connections.end();) {
      Connection& connection = **at++;  // it may leave the list
      connection.drain();
    }
  });
  if (auto const* local = std::get_if<UnixAddress>(&impl_->options.listen)) {
    ::unlink(local->path.c_str());
  }
}

bool Server::wait_closed(std::chrono::nanoseconds timeout) {
  auto const until = steady_now() + timeout;
  while (impl_->counters.connections.load() > 0) {
    if (steady_now() >= until) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

void Server::stop() {
  drain();
  impl_->on_each([](Shard& shard, Listener&) {
    std::vector<std::shared_ptr<Connection>> open;
    for (Connection* connection : shard.connections) open.push_back(connection->shared_from_this());
    for (auto const& connection : open) connection->abort();
  });
  auto const busy = [this] {
    return impl_->posted.load() + impl_->accepting.load() + impl_->counters.connections.load() > 0;
  };
  auto const wait = [&] {
    while (busy() && !impl_->loops.at(0).stopped()) std::this_thread::sleep_for(kPoll);
  };
  wait();
  impl_->on_each([](Shard& shard, Listener&) { shard.deadlines.stop(); });  // it dies on our thread
  wait();
}

namespace {

// Runs `act` for the connections whose session fits.
void for_each_that(Shard& shard, std::function<bool(Session&)> const& fits,
                   std::function<void(Connection&)> const& act) {
  std::vector<std::shared_ptr<Connection>> open;
  for (Connection* connection : shard.connections) open.push_back(connection->shared_from_this());
  for (auto const& connection : open) {
    Session* session = connection->session_if_any();
    if (session != nullptr && fits(*session)) act(*connection);
  }
}

}  // namespace

void Server::close_if(std::function<bool(Session&)> predicate) {
  impl_->on_each([predicate = std::move(predicate)](Shard& shard, Listener&) {
    for_each_that(shard, predicate, [](Connection& connection) { connection.abort(); });
  });
}

void Server::retire_if(std::function<bool(Session&)> predicate) {
  impl_->on_each([predicate = std::move(predicate)](Shard& shard, Listener&) {
    for_each_that(shard, predicate,
                  [](Connection& connection) { connection.retire(steady_now() + kRetirement); });
  });
}

}  // namespace aw::http
