// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 on an accepted connection: one request after the other, one write an answer.
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <utility>

#include "core/http/connection.h"
#include "core/http/h1_body.h"
#include "core/http/h1_encode.h"
#include "core/http/h1_head.h"

namespace aw::http {

namespace {

// What a client may send ahead while a streamed answer is on its way; after that we stop looking.
constexpr std::size_t kMaxAhead = 64U << 10;
// What is read and thrown away after a refusal, so that the client gets to read it.
constexpr std::size_t kMaxLinger = 1U << 20;
constexpr std::chrono::seconds kLinger{2};

class H1Engine;

class H1Writer final : public ResponseWriter {
 public:
  explicit H1Writer(H1Engine& engine) : engine_(engine) {}

  void add_header(std::string_view name, std::string_view value) override;
  io::Task<void> respond(Response response) override;
  io::Task<Result<void>> start(int status, Headers headers) override;
  io::Task<Result<void>> write(std::string_view bytes) override;
  io::Task<Result<void>> finish(Headers trailers) override;
  [[nodiscard]] bool started() const override { return state_ != State::fresh; }
  [[nodiscard]] bool peer_gone() const override;
  void on_peer_gone(std::function<void()> notify) override;

  void reset();
  // After an exception: a whole answer that has not left yet is none.
  void forget();
  // Serializes a whole answer.
  void put(Response const& response, After after);
  [[nodiscard]] bool complete() const { return state_ == State::complete; }
  [[nodiscard]] After after() const { return after_; }

 private:
  enum class State : std::uint8_t { fresh, streaming, complete };

  H1Engine& engine_;
  Headers extra_;
  State state_ = State::fresh;
  bool streamed_ = false;
  BodyKind body_ = BodyKind::length;
  After after_ = After::keep_alive;
};

class H1Engine final : public Engine {
 public:
  H1Engine(Connection& connection, std::string received)
      : connection_(connection), head_(head_limits(connection.limits())), writer_(*this) {
    if (!received.empty()) {
      work_ = connection.shard().take_workspace();
      work_->in = std::move(received);
    }
  }

  io::Task<void> run() override;
  void expired(SteadyTime now) override;
  void drain() override;
  void abort() override;

  // For the writer.
  io::Task<Result<void>> flush();
  void watch();
  [[nodiscard]] After after_this() const;

 private:
  friend class H1Writer;
  enum class Phase : std::uint8_t { idle, head, body, handling, writing, lingering };
  enum class Next : std::uint8_t { more, request, over };

  enum class Flushed : std::uint8_t { all, some, failed };

  // The peer, watched while an answer streams or somebody wants to know; most connections never
  // have one.
  struct Watch {
    explicit Watch(boost::asio::io_context& loop) : over(loop, SteadyTime::max()) {}
    bool running = false;
    std::function<void()> on_gone;
    boost::asio::cancellation_signal signal;
    boost::asio::steady_timer over;  // cancelled when it has ended
  };

  Watch& watch_of();
  io::Task<bool> receive();
  Flushed flush_now();
  io::Task<Result<void>> flush_rest();
  Next advance();
  Next advance_body();
  io::Task<bool> answer();
  io::Task<void> refuse(Fault fault);
  io::Task<void> linger();
  io::Task<void> proceed();
  io::Task<void> watch_peer(std::shared_ptr<Connection> keep);
  io::Task<void> stop_watching();
  void enter(Phase phase, std::chrono::nanoseconds time);
  void become_idle();
  void lose_peer();
  void restart();

  [[nodiscard]] Limits const& limits() const { return connection_.limits(); }
  [[nodiscard]] std::string_view unread() const { return std::string_view(work_->in).substr(at_); }

  Connection& connection_;
  RequestHead head_;
  BodyDecoder body_;
  H1Writer writer_;
  std::unique_ptr<Workspace> work_;  // null while idle
  std::size_t at_ = 0;               // what of work_->in is used up
  Phase phase_ = Phase::idle;
  Fault fault_;
  bool head_done_ = false;
  bool said_continue_ = false;
  bool draining_ = false;
  Asked asked_ = Asked::anything_else;  // kept here: the handler may take the request
  Version version_ = Version::http1_1;
  std::uint32_t requests_ = 0;

  bool gone_ = false;
  std::unique_ptr<Watch> watch_;  // made when first needed
};

// ---- the writer

void H1Writer::reset() {
  extra_.clear();
  state_ = State::fresh;
  streamed_ = false;
  body_ = BodyKind::length;
  after_ = After::keep_alive;
}

void H1Writer::forget() {
  if (state_ != State::complete || streamed_) return;
  engine_.work_->out.clear();
  reset();
}

void H1Writer::add_header(std::string_view name, std::string_view value) {
  if (state_ == State::fresh) extra_.add(name, value);
}

void H1Writer::put(Response const& response, After after) {
  after_ = after;
  state_ = State::complete;
  Workspace& work = *engine_.work_;
  bool const bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  append_response_head(work.out, response.status, extra_, response.headers,
                       {.version = engine_.version_,
                        .body = bodiless ? BodyKind::none : BodyKind::length,
                        .length = response.body.size(),
                        .after = after,
                        .date = engine_.connection_.shard().date_now()});
  if (!bodiless && engine_.asked_ != Asked::head) work.out.append(response.body);
}

io::Task<void> H1Writer::respond(Response response) {
  if (state_ == State::fresh) put(response, engine_.after_this());
  co_return;
}

io::Task<Result<void>> H1Writer::start(int status, Headers headers) {
  if (state_ != State::fresh) co_return make_error(Code::internal, "an answer has begun already");
  Workspace& work = *engine_.work_;
  state_ = State::streaming;
  streamed_ = true;
  bool const bodiless =
      status == 204 || status == 304 || status < 200 || engine_.asked_ == Asked::head;
  body_ = BodyKind::chunked;
  if (engine_.version_ == Version::http1_0) body_ = BodyKind::until_close;
  if (bodiless) body_ = BodyKind::none;
  after_ = body_ == BodyKind::until_close ? After::close : engine_.after_this();
  append_response_head(work.out, status, extra_, headers,
                       {.version = engine_.version_,
                        .body = body_,
                        .after = after_,
                        .date = engine_.connection_.shard().date_now()});
  engine_.watch();
  co_return co_await engine_.flush();
}

io::Task<Result<void>> H1Writer::write(std::string_view bytes) {
  if (state_ != State::streaming) co_return make_error(Code::internal, "no streamed answer");
  if (engine_.gone_) co_return make_error(Code::interrupted, "the peer is gone");
  if (body_ == BodyKind::chunked) append_chunk(engine_.work_->out, bytes);
  if (body_ == BodyKind::until_close) engine_.work_->out.append(bytes);
  co_return co_await engine_.flush();
}

io::Task<Result<void>> H1Writer::finish(Headers trailers) {
  if (state_ != State::streaming) co_return make_error(Code::internal, "no streamed answer");
  state_ = State::complete;
  if (body_ == BodyKind::chunked) append_last_chunk(engine_.work_->out, trailers);
  co_return Result<void>{};
}

bool H1Writer::peer_gone() const { return engine_.gone_; }

void H1Writer::on_peer_gone(std::function<void()> notify) {
  if (engine_.gone_) {
    if (notify) notify();
    return;
  }
  bool const wanted = static_cast<bool>(notify);
  if (wanted || engine_.watch_ != nullptr) engine_.watch_of().on_gone = std::move(notify);
  if (wanted) engine_.watch();
}

// ---- the engine

io::Task<void> H1Engine::run() {
  for (;;) {
    // An idle connection waits here, in the one frame it needs.
    if (work_ == nullptr || unread().empty()) {
      if (draining_) break;
      become_idle();
      // Who has just been answered has rarely sent more: looking would be a system call for
      // nothing.
      if (auto const ready = co_await connection_.stream().readable(); !ready.ok()) break;
    } else {
      work_->in.erase(0, std::exchange(at_, 0));
      restart();
      phase_ = Phase::idle;
    }
    if (!co_await receive()) break;
    if (!co_await answer()) break;
  }
  if (!connection_.aborted()) connection_.stream().shutdown();
}

void H1Engine::enter(Phase phase, std::chrono::nanoseconds time) {
  phase_ = phase;
  auto const now = steady_now();
  connection_.set_deadline(now, now + time);
}

void H1Engine::become_idle() {
  connection_.shard().give_back(std::move(work_));
  work_ = nullptr;
  at_ = 0;
  enter(Phase::idle, limits().idle_timeout);
}

void H1Engine::restart() {
  head_.reset();
  head_done_ = false;
  said_continue_ = false;
  asked_ = Asked::anything_else;
  version_ = Version::http1_1;
  writer_.reset();
  work_->request.clear();
}

// A whole request; false when the connection is over.
io::Task<bool> H1Engine::receive() {
  for (;;) {
    if (work_ != nullptr) {
      auto const next = advance();
      if (next == Next::request) co_return true;
      if (next == Next::over) {
        co_await refuse(fault_);
        co_return false;
      }
      if (head_done_ && head_.framing().expect_continue && !said_continue_) co_await proceed();
    } else {
      work_ = connection_.shard().take_workspace();
      restart();
    }
    auto const pulled = connection_.pull(work_->in);
    if (pulled == Pull::closed) co_return false;
    if (pulled == Pull::bytes) continue;
    if (work_->in.empty() && !head_done_) {  // a body not here yet needs its head kept
      connection_.shard().give_back(std::move(work_));
      work_ = nullptr;
    } else if (!head_done_ && phase_ != Phase::head) {
      enter(Phase::head, limits().head_timeout);
    } else if (head_done_ && phase_ != Phase::body) {
      enter(Phase::body, limits().body_timeout);
    }
    if (auto const ready = co_await connection_.stream().readable(); !ready.ok()) co_return false;
  }
}

H1Engine::Next H1Engine::advance() {
  if (!head_done_) {
    if (unread().empty()) return Next::more;
    auto const size = head_.parse(unread(), work_->request);
    if (!size) {
      fault_ = size.error();
      return Next::over;
    }
    if (*size == 0) return Next::more;
    at_ += *size;
    head_done_ = true;
    asked_ = work_->request.method == "HEAD" ? Asked::head : Asked::anything_else;
    version_ = work_->request.version;
    if (auto begun = body_.begin(head_.framing(), limits().max_body_bytes); !begun) {
      fault_ = begun.error();
      return Next::over;
    }
  }
  return advance_body();
}

H1Engine::Next H1Engine::advance_body() {
  auto const used = body_.feed(unread(), work_->request.body);
  if (!used) {
    fault_ = used.error();
    return Next::over;
  }
  at_ += *used;
  if (body_.done()) return Next::request;
  // All of it belonged to the body: nothing to keep.
  work_->in.clear();
  at_ = 0;
  return Next::more;
}

// RFC 9110 §10.1.1: the client waits for our word before it sends the body.
io::Task<void> H1Engine::proceed() {
  said_continue_ = true;
  if (!unread().empty() || !work_->request.body.empty()) co_return;
  work_->out.append("HTTP/1.1 100 Continue\r\n\r\n");
  auto const ignored = co_await flush();  // a dead peer shows at the next read
  static_cast<void>(ignored);
}

After H1Engine::after_this() const {
  bool const last = draining_ || connection_.shard().leaving ||
                    requests_ >= limits().max_requests_per_connection ||
                    !head_.framing().keep_alive;
  return last ? After::close : After::keep_alive;
}

// False when the connection is over after it.
io::Task<bool> H1Engine::answer() {
  ++requests_;
  auto& counters = connection_.shard().counters;
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  counters.in_flight.fetch_add(1, std::memory_order_relaxed);
  enter(Phase::handling, limits().request_timeout);
  try {
    co_await connection_.session().handle(work_->request, writer_);
  } catch (std::exception const&) {
    // Cancelled, or the handler's fault: no (whole) answer either way, as seen below.
    writer_.forget();
  }
  counters.in_flight.fetch_sub(1, std::memory_order_relaxed);
  if (watch_ != nullptr) watch_->on_gone = nullptr;
  if (connection_.aborted()) co_return false;
  if (!writer_.started())
    writer_.put(connection_.shard().refusal(Code::internal, 500), After::close);
  // Cut off in the middle: the missing last chunk tells the peer so.
  if (!writer_.complete()) co_return false;
  phase_ = Phase::writing;
  auto flushed = flush_now();
  if (flushed == Flushed::some && (co_await flush_rest()).ok()) flushed = Flushed::all;
  if (watch_ != nullptr && watch_->running) co_await stop_watching();
  co_return flushed == Flushed::all && !gone_ && writer_.after() == After::keep_alive;
}

H1Engine::Flushed H1Engine::flush_now() {
  std::string& out = work_->out;
  if (out.empty()) return Flushed::all;
  auto const sent = connection_.stream().try_write(out);
  if (!sent.ok()) {
    lose_peer();
    return Flushed::failed;
  }
  if (*sent < out.size()) {
    out.erase(0, *sent);
    return Flushed::some;
  }
  out.clear();
  return Flushed::all;
}

io::Task<Result<void>> H1Engine::flush() {
  auto const flushed = flush_now();
  if (flushed == Flushed::failed) co_return make_error(Code::interrupted, "the peer is gone");
  if (flushed == Flushed::some) AW_CO_TRY(co_await flush_rest());
  // A stream may last; what it may not do is stall.
  if (phase_ == Phase::handling) connection_.set_deadline(steady_now(), SteadyTime::max());
  co_return Result<void>{};
}

io::Task<Result<void>> H1Engine::flush_rest() {
  auto const before = phase_;
  enter(Phase::writing, limits().write_timeout);
  auto const rest = std::exchange(work_->out, {});
  auto const written = co_await connection_.stream().write_all(rest);
  phase_ = before;
  if (!written.ok()) {
    lose_peer();
    co_return make_error(Code::interrupted, "the peer is gone");
  }
  co_return Result<void>{};
}

io::Task<void> H1Engine::refuse(Fault fault) {
  connection_.shard().counters.rejected.fetch_add(1, std::memory_order_relaxed);
  phase_ = Phase::writing;
  writer_.put(connection_.shard().refusal(fault.code, fault.status), After::close);
  if (auto const sent = co_await flush(); !sent.ok()) co_return;
  co_await linger();
}

// RFC 9112 §9.6: closing with unread bytes would reset the connection and take the answer with it.
io::Task<void> H1Engine::linger() {
  connection_.stream().shutdown();
  enter(Phase::lingering, kLinger);
  std::size_t thrown = 0;
  while (thrown < kMaxLinger) {
    work_->in.clear();
    auto const pulled = connection_.pull(work_->in);
    if (pulled == Pull::closed) co_return;
    thrown += work_->in.size();
    if (pulled == Pull::bytes) continue;
    if (auto const ready = co_await connection_.stream().readable(); !ready.ok()) co_return;
  }
}

void H1Engine::expired(SteadyTime) {
  bool const early = phase_ == Phase::head || phase_ == Phase::body;
  bool const late = phase_ == Phase::handling && !writer_.started();
  if ((early || late) && work_ != nullptr) {
    // Best effort; whoever stalls may not read either.
    writer_.put(connection_.shard().refusal(early ? Code::request_timeout : Code::timeout,
                                            early ? 408 : 504),
                After::close);
    auto const sent = connection_.stream().try_write(work_->out);
    static_cast<void>(sent.ok());
  }
  connection_.abort();
}

void H1Engine::drain() {
  draining_ = true;
  if (phase_ == Phase::idle) connection_.abort();
}

void H1Engine::abort() { lose_peer(); }

void H1Engine::lose_peer() {
  if (std::exchange(gone_, true)) return;
  if (watch_ == nullptr) return;
  if (auto const notify = std::exchange(watch_->on_gone, nullptr)) notify();
}

H1Engine::Watch& H1Engine::watch_of() {
  if (watch_ == nullptr) watch_ = std::make_unique<Watch>(connection_.shard().loop);
  return *watch_;
}

void H1Engine::watch() {
  Watch& watch = watch_of();
  if (watch.running || gone_) return;
  watch.running = true;
  boost::asio::co_spawn(
      connection_.shard().loop, watch_peer(connection_.shared_from_this()),
      boost::asio::bind_cancellation_slot(
          watch.signal.slot(), [keep = connection_.shared_from_this(), &watch](std::exception_ptr) {
            watch.running = false;
            watch.over.cancel();
          }));
}

io::Task<void> H1Engine::watch_peer(std::shared_ptr<Connection> keep) {
  while (work_ != nullptr && work_->in.size() - at_ < kMaxAhead) {
    auto const pulled = connection_.pull(work_->in);
    if (pulled == Pull::closed) {
      lose_peer();
      co_return;
    }
    if (pulled == Pull::bytes) continue;
    auto const ready = co_await keep->stream().readable();
    if (!ready.ok()) co_return;
  }
}

// At most one reader may wait on the stream: the watch ends before the next request is read.
io::Task<void> H1Engine::stop_watching() {
  watch_->signal.emit(boost::asio::cancellation_type::terminal);
  while (watch_->running) {
    auto const [ignored] = co_await watch_->over.async_wait(io::kNoThrow);
    static_cast<void>(ignored);
  }
}

}  // namespace

std::unique_ptr<Engine> make_h1_engine(Connection& connection, std::string received) {
  return std::make_unique<H1Engine>(connection, std::move(received));
}

}  // namespace aw::http
