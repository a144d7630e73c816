// SPDX-License-Identifier: Apache-2.0
#include "core/http/h1_engine.h"

#include <exception>
#include <utility>

namespace aw::http {

namespace {

// What a client may send ahead while a streamed answer is on its way; after that we stop looking.
constexpr std::size_t kMaxAhead = 64U << 10;
// What is read and thrown away after a refusal, so that the client gets to read it.
constexpr std::size_t kMaxLinger = 1U << 20;
constexpr std::chrono::seconds kLinger{2};

}  // namespace

H1Engine::H1Engine(Connection& connection, std::string received)
    : connection_(connection), head_(head_limits(connection.limits())), writer_(*this) {
  if (received.empty()) return;
  work_ = connection.shard().take_workspace();
  work_->in = std::move(received);
}

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
      bool const room =
          connection_.hold(next == Next::more && head_done_ ? work_->request.body.size() : 0);
      if (next == Next::request) co_return true;
      if (!room) {
        co_await refuse(
            {.code = Code::overloaded, .status = 503, .what = "too many bodies at once"});
        co_return false;
      }
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

bool H1Engine::hold(std::size_t bytes) {
  if (bytes <= kUncounted || connection_.hold_answers(bytes)) return true;
  connection_.let_answers_go();
  return false;
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
  if (watch_ != nullptr) watch_->on_gone(nullptr);
  if (connection_.aborted()) co_return false;
  if (!writer_.started())
    writer_.put(connection_.shard().refusal(Code::internal, 500, writer_.added()), After::close);
  // Cut off in the middle: the missing last chunk tells the peer so.
  if (!writer_.complete()) co_return false;
  phase_ = Phase::writing;
  auto flushed = flush_now();
  if (flushed == Flushed::some && (co_await flush_rest()).ok()) flushed = Flushed::all;
  connection_.let_answers_go();
  if (watch_ != nullptr && watch_->running()) co_await watch_->end();
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

EarlyRefusal H1Engine::early(Fault const& fault) const {
  return {.code = fault.code,
          .status = fault.status,
          .what = fault.what,
          .head = head_done_ ? &work_->request : nullptr};
}

io::Task<void> H1Engine::refuse(Fault fault) {
  phase_ = Phase::writing;
  writer_.put(connection_.refusal(early(fault)), After::close);
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
  bool const slow = phase_ == Phase::head || phase_ == Phase::body;
  bool const late = phase_ == Phase::handling && !writer_.started();
  if ((slow || late) && work_ != nullptr) {
    // Best effort; whoever stalls may not read either.
    auto answer =
        slow ? connection_.refusal(early({.code = Code::request_timeout,
                                          .status = 408,
                                          .what = head_done_ ? "body too slow" : "head too slow"}))
             : connection_.shard().refusal(Code::timeout, 504, writer_.added());
    writer_.put(answer, After::close);
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
  if (watch_ != nullptr) watch_->tell();
}

PeerWatch& H1Engine::watch_of() {
  if (watch_ == nullptr) {
    watch_ = std::make_unique<PeerWatch>(
        connection_, [this] { return take_ahead(); }, [this] { lose_peer(); });
  }
  return *watch_;
}

std::optional<Pull> H1Engine::take_ahead() {
  if (work_ == nullptr || work_->in.size() - at_ >= kMaxAhead) return std::nullopt;
  return connection_.pull(work_->in);
}

void H1Engine::watch() {
  if (!gone_) watch_of().begin();
}

std::unique_ptr<Engine> make_h1_engine(Connection& connection, std::string received) {
  return std::make_unique<H1Engine>(connection, std::move(received));
}

}  // namespace aw::http
