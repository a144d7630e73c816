// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <set>
#include <utility>

#include "core/http/client_calls.h"

namespace aw::http {

namespace {

constexpr std::size_t kWriteTurn = 32U << 10;
constexpr H2Limits kLimits{.head = {.bytes = 64U << 10, .fields = 200, .target = 8U << 10},
                           .max_streams = 1000};

class H2ClientWire;

class H2Call final : public Call {
 public:
  explicit H2Call(std::shared_ptr<H2ClientWire> wire);
  ~H2Call() override;
  H2Call(H2Call const&) = delete;
  H2Call& operator=(H2Call const&) = delete;

  io::Task<Result<void>> begin(Request const& request, std::string const& authority,
                               SteadyTime deadline) override;
  io::Task<Result<std::string>> more(SteadyTime deadline) override;

  // The wire says:
  void attach(H2Stream& stream) { stream_ = &stream; }
  void head_came();
  void ring() { timer_.cancel(); }
  void over(std::optional<Error> why);

 private:
  io::Task<void> wait(SteadyTime deadline);

  std::shared_ptr<H2ClientWire> wire_;  // shared with the pool and other calls
  H2Stream* stream_ = nullptr;          // null before `begin` and after the end
  boost::asio::steady_timer timer_;
  std::string rest_;  // of the body, when the stream is gone
  std::optional<Error> error_;
  bool head_done_ = false;
  bool ended_ = false;
};

class H2ClientWire final : public H2Wire,
                           public H2Events,
                           public std::enable_shared_from_this<H2ClientWire> {
 public:
  H2ClientWire(boost::asio::any_io_executor executor, Wire wire, std::function<void()> changed)
      : executor_(std::move(executor)), wire_(std::move(wire)), changed_(std::move(changed)) {}

  Result<void> open();
  std::unique_ptr<Call> call() override;
  bool usable() override;
  [[nodiscard]] bool idle() const override { return session_->streams() == 0; }
  [[nodiscard]] Wire const& wire() const override { return wire_; }
  void close() override;
  [[nodiscard]] Error failure() const override { return failure_; }

  // For calls.
  bool submit(Request const& request, std::string const& authority, H2Call& call);
  void consumed(H2Stream& stream, std::size_t bytes);
  void drop(H2Stream& stream);
  [[nodiscard]] boost::asio::any_io_executor const& executor() const { return executor_; }

  void head(H2Stream& stream) override;
  void data(H2Stream& stream, std::size_t) override { ring(stream); }
  void ended(H2Stream& stream) override { ring(stream); }
  void sent(H2Stream&) override {}
  void closed(H2Stream& stream, H2Error why) override;
  void pong() override {}
  void going_away() override {}

 private:
  static void ring(H2Stream& stream);
  void flush();
  void pump();
  io::Task<void> read(std::shared_ptr<H2ClientWire> keep);
  io::Task<void> write(std::shared_ptr<H2ClientWire> keep, std::string rest);
  void fail(Error const& error);

  boost::asio::any_io_executor executor_;
  Wire wire_;
  std::function<void()> changed_;
  std::unique_ptr<H2Session> session_;
  std::set<H2Stream*> streams_;  // open ones
  boost::asio::cancellation_signal stop_reading_;
  bool reading_ = false;
  bool writing_ = false;
  bool flushing_ = false;
  bool dead_ = false;
  Error failure_ = make_error(Code::io, "the server takes no requests");
};

// ---- a call

H2Call::H2Call(std::shared_ptr<H2ClientWire> wire)
    : wire_(std::move(wire)), timer_(wire_->executor()) {}

H2Call::~H2Call() {
  if (stream_ != nullptr) wire_->drop(*std::exchange(stream_, nullptr));
}

io::Task<void> H2Call::wait(SteadyTime deadline) {
  timer_.expires_at(deadline);
  auto const [ignored] = co_await timer_.async_wait(io::kNoThrow);
  static_cast<void>(ignored);
}

void H2Call::head_came() {
  head_done_ = true;
  reached = Reached::answer;
  first_byte = steady_now();
  response.status = stream_->response.status;
  response.headers = std::move(stream_->response.headers);
  ring();
}

void H2Call::over(std::optional<Error> why) {
  if (stream_ != nullptr) {
    ended_ = stream_->ended;
    rest_.append(stream_->in);
    response.trailers = std::move(stream_->response.trailers);
    stream_ = nullptr;
  }
  if (why) error_ = std::move(why);
  ring();
}

io::Task<Result<void>> H2Call::begin(Request const& request, std::string const& authority,
                                     SteadyTime deadline) {
  reached = Reached::server;
  if (!wire_->submit(request, authority, *this)) {
    reached = Reached::nothing;
    co_return make_error(Code::io, "the connection takes no more requests");
  }
  while (!head_done_ && stream_ != nullptr && steady_now() < deadline) co_await wait(deadline);
  if (head_done_) co_return Result<void>{};
  if (error_) co_return *error_;
  if (stream_ == nullptr) co_return make_error(Code::io, "the server closed without an answer");
  co_return make_error(Code::timeout, "no answer before the deadline");
}

io::Task<Result<std::string>> H2Call::more(SteadyTime deadline) {
  for (;;) {
    if (stream_ != nullptr && !stream_->in.empty()) {
      auto bytes = std::exchange(stream_->in, {});
      wire_->consumed(*stream_, bytes.size());
      co_return bytes;
    }
    if (stream_ == nullptr) {
      if (!rest_.empty()) co_return std::exchange(rest_, {});
      if (ended_) co_return std::string();
      if (error_) co_return *error_;
      co_return make_error(Code::io, "the answer was cut off");
    }
    if (steady_now() >= deadline) {
      co_return make_error(Code::timeout, "the answer did not go on before the deadline");
    }
    co_await wait(deadline);
  }
}

// ---- the wire

Result<void> H2ClientWire::open() {
  AW_TRY(session_, H2Session::open(H2Role::client, kLimits, *this));
  return {};
}

std::unique_ptr<Call> H2ClientWire::call() {
  if (!usable()) return nullptr;
  return std::make_unique<H2Call>(shared_from_this());
}

bool H2ClientWire::usable() {
  // While nobody reads for a call, what the server said meanwhile (GOAWAY, its end) is unheard.
  while (!dead_ && !reading_) {
    std::string bytes;
    auto const heard = hear(*wire_.stream, bytes);
    if (!heard.ok()) {
      fail(heard.error());
    } else if (*heard == Heard::end) {
      fail(make_error(Code::io, "the server closed the connection"));
    } else if (*heard == Heard::nothing) {
      break;
    } else if (auto fed = session_->feed(bytes, steady_now()); !fed.ok()) {
      fail(fed.error());
    }
  }
  return !dead_ && session_->accepts_requests();
}

void H2ClientWire::close() { fail(make_error(Code::interrupted, "the connection was given up")); }

bool H2ClientWire::submit(Request const& request, std::string const& authority, H2Call& call) {
  if (dead_) return false;
  H2Stream* stream =
      session_->request(request, wire_.stream->secure() ? "https" : "http", authority, &call);
  if (stream == nullptr) return false;
  streams_.insert(stream);
  call.attach(*stream);  // first: the answer may be here before `pump` returns
  flush();
  pump();
  return true;
}

void H2ClientWire::consumed(H2Stream& stream, std::size_t bytes) {
  session_->consumed(stream, bytes);
  flush();
}

// The caller lost interest.
void H2ClientWire::drop(H2Stream& stream) {
  stream.owner = nullptr;
  session_->reset(stream, H2Error::cancel);
  flush();
  if (session_->streams() == 0) stop_reading_.emit(boost::asio::cancellation_type::terminal);
}

void H2ClientWire::ring(H2Stream& stream) {
  if (stream.owner != nullptr) static_cast<H2Call*>(stream.owner)->ring();
}

void H2ClientWire::head(H2Stream& stream) {
  if (stream.fault) return session_->reset(stream, H2Error::cancel);
  if (stream.owner != nullptr) static_cast<H2Call*>(stream.owner)->head_came();
}

void H2ClientWire::closed(H2Stream& stream, H2Error why) {
  streams_.erase(&stream);
  if (stream.owner != nullptr) {
    auto& call = *static_cast<H2Call*>(stream.owner);
    std::optional<Error> error;
    if (why == H2Error::refused_stream) {
      // RFC 9113 §8.7: the server did nothing with it.
      call.reached = Reached::nothing;
      error = make_error(Code::io, "the server refused the stream");
    } else if (why != H2Error::no_error) {
      error = make_error(Code::io, "the server reset the stream");
    }
    call.over(std::move(error));
  }
  if (changed_) changed_();
}

void H2ClientWire::flush() {
  if (writing_ || flushing_ || dead_) return;
  flushing_ = true;
  std::string out;
  while (!dead_ && session_->produce(out, kWriteTurn)) {
    auto const sent = wire_.stream->try_write(out);
    if (!sent.ok()) {
      flushing_ = false;
      return fail(sent.error());
    }
    if (*sent < out.size()) {
      writing_ = true;
      boost::asio::co_spawn(executor_, write(shared_from_this(), out.substr(*sent)),
                            [](std::exception_ptr) {});  // ends when the stream is cancelled
      break;
    }
    out.clear();
  }
  flushing_ = false;
}

io::Task<void> H2ClientWire::write(std::shared_ptr<H2ClientWire> keep, std::string rest) {
  auto const written = co_await keep->wire_.stream->write_all(rest);
  writing_ = false;
  if (written.ok()) {
    flush();
  } else {
    fail(written.error());
  }
}

// Reads as long as calls wait, and no longer: a loop that only waits for an idle peer never ends.
void H2ClientWire::pump() {
  if (reading_ || dead_ || session_->streams() == 0) return;
  reading_ = true;
  boost::asio::co_spawn(executor_, read(shared_from_this()),
                        boost::asio::bind_cancellation_slot(
                            stop_reading_.slot(), [keep = shared_from_this()](std::exception_ptr) {
                              keep->reading_ = false;
                              keep->pump();
                            }));
}

io::Task<void> H2ClientWire::read(std::shared_ptr<H2ClientWire> keep) {
  while (!dead_ && session_->streams() > 0) {
    std::string bytes;
    auto const heard = hear(*wire_.stream, bytes);
    if (!heard.ok()) {
      fail(heard.error());
    } else if (*heard == Heard::end) {
      fail(make_error(Code::io, "the server closed the connection"));
    } else if (*heard == Heard::nothing) {
      if (auto ready = co_await keep->wire_.stream->readable(); !ready.ok()) co_return;
    } else {
      auto const fed = session_->feed(bytes, steady_now());
      flush();
      if (!fed.ok()) fail(fed.error());
    }
  }
}

void H2ClientWire::fail(Error const& error) {
  if (std::exchange(dead_, true)) return;
  failure_ = error;
  wire_.stream->cancel();
  for (H2Stream* stream : std::exchange(streams_, {})) {
    if (stream->owner == nullptr) continue;
    auto& call = *static_cast<H2Call*>(std::exchange(stream->owner, nullptr));
    call.over(error);
  }
  if (changed_) changed_();
}

}  // namespace

Result<std::shared_ptr<H2Wire>> make_h2_wire(boost::asio::any_io_executor const& executor,
                                             Wire wire, std::function<void()> changed) {
  auto made = std::make_shared<H2ClientWire>(executor, std::move(wire), std::move(changed));
  AW_TRY(made->open());
  return std::shared_ptr<H2Wire>(std::move(made));
}

}  // namespace aw::http
