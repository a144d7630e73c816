// SPDX-License-Identifier: Apache-2.0
#include "core/http/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <exception>
#include <utility>

#include "core/http/socket_address.h"

namespace aw::http {

namespace {

constexpr std::size_t kSpareWorkspaces = 64;  // a loop
// How long, and how much of it, a client that was refused is still listened to.
constexpr std::chrono::milliseconds kParting{500};
constexpr std::size_t kMaxParting = 64U << 10;
// A connection whose end is known is drained that long before it.
constexpr std::chrono::seconds kFarewell{1};
constexpr std::size_t kSpareBytes = 32U << 10;
constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// A TLS record and a bit. Never held across a wait: a connection that waits holds no buffer.
std::span<char> scratch() {
  static thread_local std::array<char, (16U << 10) + 64> bytes;
  return bytes;
}

}  // namespace

void Workspace::clear() {
  request.clear();
  in.clear();
  out.clear();
  if (request.body.capacity() > kSpareBytes) request.body = {};
  if (in.capacity() > kSpareBytes) in = {};
  if (out.capacity() > kSpareBytes) out = {};
}

std::unique_ptr<Workspace> Shard::take_workspace() {
  if (spare.empty()) return std::make_unique<Workspace>();
  auto workspace = std::move(spare.back());
  spare.pop_back();
  return workspace;
}

void Shard::give_back(std::unique_ptr<Workspace> workspace) {
  if (workspace == nullptr || spare.size() >= kSpareWorkspaces) return;
  workspace->clear();
  spare.push_back(std::move(workspace));
}

namespace {

Response titled(Code code) {
  Response response;
  response.headers.add("content-type", "text/plain; charset=utf-8");
  response.body.append(code_name(code)).append(" ").append(code_info(code).title).append("\n");
  return response;
}

// Answers are asked for amid nghttp2's callbacks, which are C, and by the wheel of deadlines:
// nothing may be thrown through either. A status without words needs nothing that could fail.
template <typename Ask>
Response fenced(int status, Ask const& ask) {
  Response response;
  try {
    response = ask();
  } catch (std::exception const&) {
    response = {};  // half an answer is none
  }
  response.status = status;
  return response;
}

}  // namespace

Response Shard::refusal(Code code, int status, Headers const& added) const {
  return fenced(status, [&] {
    return options.refuse ? options.refuse({.code = code, .status = status, .added = added})
                          : titled(code);
  });
}

Connection::Connection(std::shared_ptr<Shard> shard, std::string remote_address)
    : shard_(std::move(shard)),
      remote_address_(std::move(remote_address)),
      heads_(shard_->common->heads),
      bodies_(shard_->common->bodies),
      answers_(shard_->common->answers) {
  listed_ = shard_->connections.insert(shard_->connections.end(), this);
}

Connection::~Connection() {
  unlink();  // the wheel is the shard's, which may go with shard_
  shard_->connections.erase(listed_);
  engine_.reset();
  session_.reset();
  stream_.reset();
  shard_->counters.connections.fetch_sub(1);
}

void Connection::set_deadline(SteadyTime now, SteadyTime due) {
  shard_->deadlines.set(*this, now, std::min({due, must_close_, retire_at_}));
}

bool Connection::hold(std::size_t bytes) { return bodies_.hold(bytes, session_->caller()); }

bool Connection::hold_heads(std::size_t bytes) { return heads_.hold(bytes, session_->caller()); }

bool Connection::hold_answers(std::size_t bytes) {
  return answers_.hold(bytes, session_->caller());
}

Pull Connection::pull(std::string& into) {
  auto const buffer = scratch();
  auto const got = stream_->try_read(buffer);
  if (!got.ok()) return Pull::closed;  // broken or closed: nothing more will come
  if (!*got) return Pull::nothing;
  if (**got == 0) return Pull::closed;
  into.append(buffer.data(), **got);
  return Pull::bytes;
}

// This frame lives as long as the connection: what the beginning needs is in others.
io::Task<void> Connection::serve(std::unique_ptr<tls::Socket> socket) {
  auto const self = shared_from_this();  // while this runs
  if (!co_await welcome(std::move(*socket))) co_return;
  socket.reset();
  try {
    co_await engine_->run();
  } catch (std::exception const&) {
    // Cancelled: `abort` has seen to everything.
  }
  stream_->cancel();  // whatever else waits on it holds the connection
}

io::Task<bool> Connection::welcome(tls::Socket socket) {
  auto const begun = co_await begin(std::move(socket));
  if (begun.ok()) co_return true;
  reject(begun.error());
  if (stream_ != nullptr && !aborted_) co_await part();
  co_return false;
}

// Closing over unread bytes resets the connection, and the alert that says why may be lost with it.
io::Task<void> Connection::part() {
  auto const now = steady_now();
  stream_->shutdown();
  set_deadline(now, now + kParting);
  auto& socket = stream_->socket();
  for (std::size_t thrown = 0; thrown < kMaxParting;) {
    auto const got = ::recv(socket.native_handle(), scratch().data(), scratch().size(), 0);
    if (got == 0) co_return;
    if (got > 0) {
      thrown += static_cast<std::size_t>(got);
      continue;
    }
    if (errno != EAGAIN && errno != EWOULDBLOCK) co_return;
    auto const [error] =
        co_await socket.async_wait(boost::asio::socket_base::wait_read, io::kNoThrow);
    if (error || aborted_) co_return;
  }
}

namespace {

// No ticket follows the handshake, so no byte of ours carries the ACK of the client's last flight:
// a client with Nagle's algorithm on would hold its first request back until the ACK's own timer.
void acknowledge_now(int descriptor) {
  int const one = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

}  // namespace

io::Task<Result<void>> Connection::begin(tls::Socket socket) {
  auto const now = steady_now();
  set_deadline(now, now + limits().handshake_timeout);
  if (shard_->options.tls) {
    auto const context = shard_->options.tls();
    if (context == nullptr) co_return make_error(Code::no_svid, "no identity to answer with yet");
    AW_CO_TRY(stream_, tls::Stream::open(std::move(socket), context));
  } else {
    stream_ = tls::Stream::plaintext(std::move(socket));
  }
  if (aborted_) co_return make_error(Code::interrupted, "the connection was cut");
  if (auto shaken = co_await stream_->handshake(); !shaken.ok()) {
    if (shaken.error().code == Code::interrupted) {
      co_return make_error(Code::handshake_failed, "TLS handshake: not finished in time");
    }
    co_return shaken;
  }
  acknowledge_now(stream_->socket().native_handle());
  auto const facts = info(stream_->socket());
  AW_CO_TRY(session_, shard_->options.sessions(facts));
  if (auto const end = session_->must_close_by(); end != WallTime::max()) {
    // A year is for ever here, and far from where the clock's numbers end.
    auto const left =
        std::min<WallTime::duration>(end - shard_->common->clock.now(), std::chrono::years(1));
    must_close_ = steady_now() + left;
    retire_at_ = must_close_ - std::min<WallTime::duration>(kFarewell, left / 2);
  }
  co_return co_await choose_engine();
}

// TLS says which protocol by ALPN; without ALPN, as without TLS, the first bytes say it (RFC 9113
// §3.3): who terminates TLS for a gRPC client often offers no name.
io::Task<Result<void>> Connection::choose_engine() {
  if (auto const alpn = stream_->alpn(); !alpn.empty()) {
    engine_ = alpn == "h2" ? make_h2_engine(*this, {}) : make_h1_engine(*this, {});
    co_return Result<void>{};
  }
  std::string received;
  auto const now = steady_now();
  set_deadline(now, now + limits().idle_timeout);
  for (;;) {
    auto const pulled = pull(received);
    if (pulled == Pull::closed) co_return make_error(Code::interrupted, "closed before a request");
    if (pulled == Pull::nothing) {
      AW_CO_TRY(co_await stream_->readable());
      continue;
    }
    if (received.starts_with(kH2Preface)) {
      engine_ = make_h2_engine(*this, std::move(received));
      co_return Result<void>{};
    }
    if (!kH2Preface.starts_with(received)) {
      engine_ = make_h1_engine(*this, std::move(received));
      co_return Result<void>{};
    }
  }
}

ConnectionInfo Connection::info(tls::Socket& socket) {
  return {.peer_chain = stream_->peer_chain(),
          .remote_address = remote_address_,
          .local_address = local_address(socket),
          .alpn = stream_->alpn(),
          .tls_version = stream_->version(),
          .cipher = stream_->cipher(),
          .group = stream_->group(),
          .id = shard_->counters.ids.fetch_add(1) + 1};
}

void Connection::reject(Error const& error) {
  // A plain client that looked in and left is no event.
  if (error.code == Code::interrupted) return;
  shard_->counters.rejected.fetch_add(1);
  if (shard_->options.rejected) shard_->options.rejected(error, remote_address_);
}

Response Connection::refusal(EarlyRefusal const& refused) {
  shard_->counters.rejected.fetch_add(1, std::memory_order_relaxed);
  return fenced(refused.status, [&] {
    auto response = session_->refuse(refused);
    return response ? *std::move(response) : shard_->refusal(refused.code, refused.status);
  });
}

void Connection::expired(SteadyTime now) {
  if (engine_ == nullptr || now >= must_close_) {
    abort();
  } else if (now >= retire_at_) {
    retire(must_close_);
  } else {
    engine_->expired(now);
  }
}

void Connection::retire(SteadyTime end) {
  auto const self = shared_from_this();  // an idle connection ends in `drain`
  retire_at_ = SteadyTime::max();
  must_close_ = std::min(must_close_, end);
  drain();
  if (!aborted_) set_deadline(steady_now(), must_close_);
}

void Connection::drain() {
  if (engine_ != nullptr) {
    engine_->drain();
  } else {
    abort();
  }
}

void Connection::abort() {
  if (aborted_) return;
  aborted_ = true;
  auto const self = shared_from_this();  // ending what waits may end us
  if (stream_ != nullptr) {
    stream_->shutdown();
    stream_->cancel();
  }
  if (engine_ != nullptr) engine_->abort();
  signal_.emit(boost::asio::cancellation_type::terminal);
}

}  // namespace aw::http
