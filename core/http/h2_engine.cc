// SPDX-License-Identifier: Apache-2.0
#include "core/http/h2_engine.h"

#include <algorithm>
#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <utility>

namespace aw::http {

namespace {

// Taken from the session per write: two TLS records.
constexpr std::size_t kAnswerTurn = 32U << 10;
// Between the two GOAWAYs when the client does not answer our PING.
constexpr std::chrono::seconds kNotice{1};

// Bytes on their way from the session to the socket; never held across a wait.
std::string& outgoing() {
  static thread_local std::string bytes;
  return bytes;
}

std::string& incoming() {
  static thread_local std::string bytes;
  return bytes;
}

// What the codec broke off, in the words of the record.
Fault fault_of(H2Error why) {
  Fault fault{.code = Code::request_malformed, .status = 400, .what = "HTTP/2: protocol error"};
  switch (why) {
    case H2Error::flow_control_error:
      fault.what = "HTTP/2: more than the window allows";
      break;
    case H2Error::stream_closed:
      fault.what = "HTTP/2: a frame for a closed stream";
      break;
    case H2Error::frame_size_error:
      fault.what = "HTTP/2: a frame of the wrong size";
      break;
    case H2Error::compression_error:
      fault.what = "HTTP/2: a header block that cannot be read";
      break;
    case H2Error::enhance_your_calm:
      return {.code = Code::rate_limited, .status = 429, .what = "HTTP/2: a flood of frames"};
    case H2Error::no_error:
    case H2Error::protocol_error:
    case H2Error::internal_error:
    case H2Error::refused_stream:
    case H2Error::cancel:
      break;
  }
  return fault;
}

}  // namespace

H2Engine::H2Engine(Connection& connection, std::string received)
    : connection_(connection), received_(std::move(received)), progress_(steady_now()) {}

io::Task<void> H2Engine::run() {
  auto opened = H2Session::open(
      H2Role::server,
      {.head = head_limits(limits()), .max_streams = limits().max_streams_per_connection}, *this);
  if (!opened.ok()) co_return;
  session_ = std::move(opened).value();
  if (!received_.empty()) feed(std::exchange(received_, {}));
  flush();
  while (!over_) {
    auto& bytes = incoming();
    bytes.clear();
    auto const pulled = connection_.pull(bytes);
    if (pulled == Pull::closed) break;
    if (pulled == Pull::bytes) {
      feed(bytes);
      continue;
    }
    rearm(steady_now());
    if (auto const ready = co_await connection_.stream().readable(); !ready.ok()) break;
  }
  over_ = true;
  for (auto const& [key, exchange] : std::map(exchanges_)) exchange->lose();
  rearm(steady_now());  // handlers that are late are still cancelled
  if (!connection_.aborted()) connection_.stream().shutdown();
}

void H2Engine::feed(std::string_view bytes) {
  in_turn_ = true;
  turn_ = steady_now();
  auto const fed = session_->feed(bytes, turn_);
  begin_ready();
  in_turn_ = false;
  if (buffered_ < connection_.held()) static_cast<void>(connection_.hold(buffered_));  // less
  if (heads_ < connection_.held_heads()) static_cast<void>(connection_.hold_heads(heads_));
  flush();
  if (fed.ok()) return;
  if (!told_) {
    tell({.code = Code::request_malformed, .status = 400, .what = fed.error().message}, nullptr);
  }
  shut();
}

// The last words (a GOAWAY) have been offered to the socket; that is all a bad peer gets.
void H2Engine::shut() {
  if (std::exchange(over_, true)) return;
  connection_.stream().shutdown();
  connection_.stream().cancel();
}

// Handlers of reset streams still run: counting only open streams would leave them unbounded. One
// whose answer the peer has whole gives its place back, for the peer counts on that; there may be
// as many of those again.
bool H2Engine::full() const {
  auto const most = limits().max_streams_per_connection;
  if (exchanges_.size() < most) return false;
  auto const answered = std::ranges::count_if(exchanges_, [](auto const& one) {
    return one.second->finished_ && one.second->stream_ == nullptr;
  });
  return exchanges_.size() >= std::size_t{2} * most ||
         exchanges_.size() - static_cast<std::size_t>(answered) >= most;
}

// ---- what the session says

void H2Engine::begun(H2Stream&) { head_due_ = turn_ + limits().head_timeout; }

void H2Engine::head(H2Stream& stream) {
  head_due_ = SteadyTime::max();
  if (stream.fault) return refuse(stream, *stream.fault);
  if (over_ || full()) {
    session_->reset(stream, H2Error::refused_stream);
    return;
  }
  auto exchange = std::make_shared<H2Exchange>(*this, stream);
  std::swap(exchange->request_, stream.request);
  exchange->head_only_ = exchange->request_.method == "HEAD";
  exchange->incoming_ = connection_.session().wants_streaming(exchange->request_);
  exchange->phase_ = H2Exchange::Phase::body;
  exchange->due_ = steady_now() + limits().body_timeout;
  stream.owner = exchange.get();
  // Said at once, rather than after megabytes that nobody will take.
  auto const length = exchange->request_.headers.get("content-length");
  std::uint64_t said = 0;
  if (length) std::from_chars(length->data(), length->data() + length->size(), said);
  bool const hopeless = !exchange->incoming_ && said > limits().max_body_bytes;
  if (exchange->incoming_) ready_.push_back(exchange);
  exchanges_.emplace(exchange.get(), exchange);
  if (hopeless) {
    return refuse(stream, {.code = Code::too_large, .status = 413, .what = "body too large"});
  }
  if (++requests_ == limits().max_requests_per_connection) drain();
  if (exchange->incoming_) return;
  exchange->head_bytes_ = stream.list_bytes;
  heads_ += stream.list_bytes;
  bool const counts = heads_ > connection_.held_heads() + kUncounted;
  if (counts && !connection_.hold_heads(heads_))
    refuse(stream, {.code = Code::overloaded, .status = 503, .what = "too many heads at once"});
}

void H2Engine::data(H2Stream& stream, std::size_t size) {
  auto* const exchange = static_cast<H2Exchange*>(stream.owner);
  if (exchange == nullptr || !exchange->incoming_) session_->consumed(stream, size);
  if (exchange == nullptr) {
    stream.in.clear();
    return;
  }
  if (exchange->incoming_) {
    exchange->readable_.ring();
    return;
  }
  buffered_ += size;
  Fault const large{.code = Code::too_large, .status = 413, .what = "body too large"};
  Fault const full{.code = Code::overloaded, .status = 503, .what = "too many bodies at once"};
  if (stream.in.size() > limits().max_body_bytes) return refuse(stream, large);
  if (buffered_ > 4 * limits().max_body_bytes) return refuse(stream, full);
  bool const counts = buffered_ > connection_.held() + kUncounted;
  if (counts && !connection_.hold(buffered_)) return refuse(stream, full);
}

void H2Engine::ended(H2Stream& stream) {
  auto* const exchange = static_cast<H2Exchange*>(stream.owner);
  if (exchange == nullptr) return;
  if (exchange->incoming_) {
    exchange->readable_.ring();
    return;
  }
  uncount_head(*exchange);
  exchange->request_.body.swap(stream.in);
  buffered_ -= std::min(buffered_, exchange->request_.body.size());
  stream.in.clear();
  ready_.push_back(exchanges_.at(exchange));
}

void H2Engine::sent(H2Stream& stream) {
  progress_ = steady_now();
  if (stream.unsent() == 0) let_go(stream);
  if (auto* const exchange = static_cast<H2Exchange*>(stream.owner)) exchange->writable_.ring();
}

void H2Engine::closed(H2Stream& stream, H2Error) {
  if (!stream.head_done) head_due_ = SteadyTime::max();
  buffered_ -= std::min(buffered_, stream.in.size());
  let_go(stream);
  auto* const exchange = static_cast<H2Exchange*>(stream.owner);
  if (exchange == nullptr) return;
  uncount_head(*exchange);
  exchange->lose();
  if (!exchange->running_) forget(*exchange);
}

void H2Engine::pong() {
  if (drain_ != Drain::noticed) return;
  drain_ = Drain::going;
  going_due_ = SteadyTime::max();
  session_->goaway();
}

void H2Engine::broke_off(H2Stream* stream, H2Error why) {
  if (stream == nullptr) {
    if (std::exchange(told_, true)) return;
    return tell(fault_of(why), nullptr);
  }
  auto const* const exchange = static_cast<H2Exchange*>(stream->owner);
  if (exchange != nullptr && exchange->running_) return;  // its handler sees the end, and tells
  bool const endless = why == H2Error::enhance_your_calm;
  tell(endless ? Fault{.code = Code::too_large, .status = 431, .what = "HTTP/2: head without end"}
               : fault_of(why),
       exchange != nullptr ? &exchange->request_ : nullptr);
}

// ---- requests

// No more than answered refusals are, on one connection.
void H2Engine::tell(Fault const& fault, Request const* head) {
  if (refused_ >= kMostRefusals) return;
  static_cast<void>(connection_.refusal(
      {.code = fault.code, .status = fault.status, .what = fault.what, .head = head}));
  if (++refused_ == kMostRefusals) drain();
}

void H2Engine::refuse(H2Stream& stream, Fault const& fault) {
  auto* exchange = static_cast<H2Exchange*>(stream.owner);
  buffered_ -= std::min(buffered_, stream.in.size());
  stream.in.clear();
  if (exchange != nullptr && exchange->started_) return;
  if (refused_ >= kMostRefusals) {
    session_->reset(stream, H2Error::enhance_your_calm);
  } else {
    answer(stream, connection_.refusal({.code = fault.code,
                                        .status = fault.status,
                                        .what = fault.what,
                                        .head = exchange ? &exchange->request_ : nullptr}));
    if (++refused_ == kMostRefusals) drain();
  }
  if (exchange == nullptr) return;
  uncount_head(*exchange);
  stream.owner = nullptr;
  exchange->stream_ = nullptr;
  forget(*exchange);
}

void H2Engine::answer(H2Stream& stream, Response response) {
  auto const* exchange = static_cast<H2Exchange const*>(stream.owner);
  bool const head_only = exchange ? exchange->head_only_ : stream.request.method == "HEAD";
  if (!head_only) stream.out = std::move(response.body);
  stream.out_finished = true;
  progress_ = steady_now();
  session_->respond(stream, response.status, {}, response.headers, connection_.shard().date_now(),
                    std::nullopt);
}

void H2Engine::begin_ready() {
  for (auto const& exchange : std::exchange(ready_, {})) {
    if (exchange->stream_ == nullptr) continue;  // reset meanwhile
    exchange->running_ = true;
    exchange->phase_ = H2Exchange::Phase::handling;
    exchange->due_ =
        exchange->incoming_ ? SteadyTime::max() : steady_now() + limits().request_timeout;
    boost::asio::co_spawn(
        connection_.shard().loop, serve(exchange),
        boost::asio::bind_cancellation_slot(exchange->signal_.slot(),
                                            [this, exchange, keep = connection_.shared_from_this()](
                                                std::exception_ptr) { end(*exchange); }));
  }
}

io::Task<void> H2Engine::serve(std::shared_ptr<H2Exchange> exchange) {
  auto& counters = connection_.shard().counters;
  counters.requests.fetch_add(1, std::memory_order_relaxed);
  counters.in_flight.fetch_add(1, std::memory_order_relaxed);
  try {
    if (exchange->incoming_) {
      co_await connection_.session().handle_streaming(exchange->request_, *exchange, *exchange);
    } else {
      co_await connection_.session().handle(exchange->request_, *exchange);
    }
  } catch (std::exception const&) {
    // Cancelled, or the handler's fault: no (whole) answer either way, which `end` sees.
  }
  counters.in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void H2Engine::end(H2Exchange& exchange) {
  exchange.on_gone_ = nullptr;
  if (!over_ && exchange.stream_ != nullptr) {
    if (!exchange.started_)
      exchange.put(connection_.shard().refusal(Code::internal, 500, exchange.extra_));
    if (!exchange.finished_) session_->reset(*exchange.stream_, H2Error::internal_error);
    exchange.stream_->owner = nullptr;
    exchange.stream_ = nullptr;
    flush_soon();
  }
  forget(exchange);
  // An answer that stays behind its handler has a deadline of its own.
  if (!over_) rearm(steady_now());
}

void H2Engine::forget(H2Exchange& exchange) { exchanges_.erase(&exchange); }

// ---- bytes out

bool H2Engine::hold(H2Stream& stream, std::size_t bytes, Request const& head) {
  if (bytes <= kUncounted) return true;
  if (connection_.hold_answers(unread_ + bytes)) {
    unread_ += bytes;
    stream.held += bytes;
    return true;
  }
  static_cast<void>(connection_.hold_answers(unread_));  // less is always well
  tell({.code = Code::overloaded, .status = 503, .what = kTooManyAnswers}, &head);
  return false;
}

void H2Engine::let_go(H2Stream& stream) {
  if (stream.held == 0) return;
  unread_ -= std::exchange(stream.held, 0);
  static_cast<void>(connection_.hold_answers(unread_));
}

void H2Engine::flush_soon() {
  if (in_turn_ || flush_posted_ || writing_ || over_) return;
  flush_posted_ = true;
  boost::asio::post(connection_.shard().loop, [this, keep = connection_.shared_from_this()] {
    flush_posted_ = false;
    flush();
  });
}

void H2Engine::flush() {
  if (writing_ || over_) return;
  std::string& out = outgoing();
  for (;;) {
    out.clear();
    in_turn_ = true;  // `sent` may wake writers; they need not ask for another flush
    bool const more = session_->produce(out, kAnswerTurn);
    in_turn_ = false;
    if (!more) break;
    auto const done = connection_.stream().try_write(out);
    if (!done.ok()) return shut();
    if (*done == out.size()) continue;
    unsent_.assign(out, *done);
    return spawn_writer();
  }
  if (session_->finished() || (drain_ == Drain::going && session_->streams() == 0)) shut();
}

void H2Engine::spawn_writer() {
  writing_ = true;
  auto const now = steady_now();
  write_due_ = now + limits().write_timeout;
  rearm(now);
  boost::asio::co_spawn(connection_.shard().loop, write_rest(connection_.shared_from_this()),
                        [](std::exception_ptr) {});  // ends when the stream is cancelled
}

io::Task<void> H2Engine::write_rest(std::shared_ptr<Connection> keep) {
  auto const rest = std::exchange(unsent_, {});
  auto const written = co_await keep->stream().write_all(rest);
  writing_ = false;
  write_due_ = SteadyTime::max();
  if (!written.ok()) {
    shut();
    co_return;
  }
  progress_ = steady_now();
  flush();
}

// ---- time

void H2Engine::rearm(SteadyTime now) {
  auto due = std::min({write_due_, going_due_, head_due_});
  for (auto const& [key, exchange] : exchanges_) due = std::min(due, exchange->due_);
  // Answers that nobody lets out (a window of zero) may not stay for ever.
  if (answers_wait()) {
    due = std::min(due, std::max(progress_, now - limits().write_timeout) + limits().write_timeout);
  }
  if (exchanges_.empty() && session_->streams() == 0)
    due = std::min(due, now + limits().idle_timeout);
  connection_.set_deadline(now, due);
}

bool H2Engine::answers_wait() const {
  std::size_t const coming = head_due_ == SteadyTime::max() ? 0 : 1;
  return session_->streams() > exchanges_.size() + coming;
}

void H2Engine::expired(SteadyTime now) {
  if (now >= write_due_) return connection_.abort();
  if (now >= head_due_) {
    // Nothing else can come before the rest of it.
    tell({.code = Code::request_timeout, .status = 408, .what = "head too slow"}, nullptr);
    session_->goaway();
    flush();
    return shut();
  }
  if (now >= going_due_) pong();
  bool late = false;
  for (auto const& [key, exchange] : std::map(exchanges_)) {
    if (now < exchange->due_) continue;
    late = true;
    exchange->due_ = SteadyTime::max();
    if (exchange->phase_ == H2Exchange::Phase::streaming || exchange->reading_) {
      exchange->stall();
    } else if (exchange->running_) {
      exchange->put(connection_.shard().refusal(Code::timeout, 504, exchange->extra_));
      exchange->signal_.emit(boost::asio::cancellation_type::terminal);
    } else if (exchange->stream_ != nullptr) {
      refuse(*exchange->stream_,
             {.code = Code::request_timeout, .status = 408, .what = "body too slow"});
    }
  }
  if (over_) return;
  bool const idle = exchanges_.empty() && session_->streams() == 0;
  bool const stuck = answers_wait() && now >= progress_ + limits().write_timeout;
  if (stuck && !late) return connection_.abort();
  if (idle && !late && drain_ == Drain::no) {
    session_->goaway();
    flush();
    return shut();
  }
  flush();
  rearm(now);
}

// RFC 9113 §6.8: first say that no new stream is wanted, refuse none; after a round trip, do.
void H2Engine::drain() {
  if (drain_ != Drain::no || session_ == nullptr) return;
  drain_ = Drain::noticed;
  session_->shutdown_notice();
  session_->ping();
  auto const now = steady_now();
  going_due_ = now + kNotice;
  rearm(now);
  flush_soon();
}

void H2Engine::abort() {
  if (session_ != nullptr && !over_ && !writing_) {
    session_->goaway();
    flush();
  }
  over_ = true;
  for (auto const& [key, exchange] : std::map(exchanges_)) {
    exchange->lose();
    exchange->signal_.emit(boost::asio::cancellation_type::terminal);
  }
}

std::unique_ptr<Engine> make_h2_engine(Connection& connection, std::string received) {
  return std::make_unique<H2Engine>(connection, std::move(received));
}

}  // namespace aw::http
