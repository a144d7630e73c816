// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "core/http/h2_engine.h"

namespace aw::http {

namespace {

// A streamed answer that far ahead of its reader waits.
constexpr std::size_t kHighWater = 64U << 10;

Error gone() { return make_error(Code::interrupted, "the peer is gone"); }

}  // namespace

io::Task<void> Bell::wait() {
  auto const [ignored] = co_await timer_.async_wait(io::kNoThrow);
  static_cast<void>(ignored);
}

H2Exchange::H2Exchange(H2Engine& engine, H2Stream& stream)
    : engine_(engine),
      stream_(&stream),
      writable_(engine.connection_.shard().loop),
      readable_(engine.connection_.shard().loop) {}

void H2Exchange::add_header(std::string_view name, std::string_view value) {
  if (!started_) extra_.add(name, value);
}

void H2Exchange::put(Response response) {
  if (started_) return;
  started_ = true;
  finished_ = true;
  on_gone_ = nullptr;
  if (stream_ == nullptr) return;
  engine_.progress_ = steady_now();
  if (!head_only_ && !engine_.hold(*stream_, response.body.size(), request_))
    response = engine_.connection_.shard().refusal(Code::overloaded, 503, extra_);
  bool const bodiless = response.status == 204 || response.status == 304 || response.status < 200;
  std::optional<std::uint64_t> length;
  stream_->out_trailers = std::move(response.trailers);
  // With trailers the end is not where the length says.
  if (!bodiless && stream_->out_trailers.empty()) length = response.body.size();
  if (!bodiless && !head_only_) stream_->out = std::move(response.body);
  stream_->out_at = 0;
  stream_->out_finished = true;
  engine_.session_->respond(*stream_, response.status, extra_, response.headers,
                            engine_.connection_.shard().date_now(), length);
  engine_.flush_soon();
}

io::Task<void> H2Exchange::respond(Response response) {
  put(std::move(response));
  co_return;
}

io::Task<Result<void>> H2Exchange::start(int status, Headers headers) {
  if (started_) co_return make_error(Code::internal, "an answer has begun already");
  started_ = true;
  if (stream_ == nullptr) co_return gone();
  phase_ = Phase::streaming;
  due_ = SteadyTime::max();  // it may last; what it may not do is stall
  if (head_only_) stream_->out_finished = finished_ = true;
  engine_.session_->respond(*stream_, status, extra_, headers,
                            engine_.connection_.shard().date_now(), std::nullopt);
  engine_.flush_soon();
  co_return Result<void>{};
}

io::Task<Result<void>> H2Exchange::write(std::string_view bytes) {
  if (!started_) co_return make_error(Code::internal, "no streamed answer");
  if (stream_ == nullptr) co_return gone();
  if (finished_) co_return Result<void>{};  // HEAD
  if (!engine_.hold(*stream_, bytes.size(), request_))
    co_return make_error(Code::overloaded, std::string(kTooManyAnswers));
  stream_->out.append(bytes);
  engine_.session_->resume(*stream_);
  engine_.flush_soon();
  while (stream_ != nullptr && stream_->unsent() > kHighWater && !stalled_) {
    auto const now = steady_now();
    due_ = now + engine_.limits().write_timeout;
    engine_.rearm(now);
    co_await writable_.wait();
  }
  due_ = SteadyTime::max();
  if (stalled_) co_return make_error(Code::timeout, "the peer does not read");
  if (stream_ == nullptr) co_return gone();
  co_return Result<void>{};
}

io::Task<Result<void>> H2Exchange::finish(Headers trailers) {
  if (!started_) co_return make_error(Code::internal, "no streamed answer");
  if (stream_ == nullptr) co_return gone();
  if (std::exchange(finished_, true)) co_return Result<void>{};
  on_gone_ = nullptr;
  engine_.progress_ = steady_now();
  stream_->out_trailers = std::move(trailers);
  stream_->out_finished = true;
  engine_.session_->resume(*stream_);
  engine_.flush_soon();
  co_return Result<void>{};
}

void H2Exchange::on_peer_gone(std::function<void()> notify) {
  if (stream_ != nullptr) {
    on_gone_ = std::move(notify);
  } else if (notify) {
    notify();
  }
}

io::Task<Result<std::string>> H2Exchange::read() {
  if (!incoming_) co_return std::exchange(request_.body, {});
  while (stream_ != nullptr && stream_->in.empty() && !stream_->ended && !stalled_) {
    auto const now = steady_now();
    reading_ = true;
    due_ = now + engine_.limits().body_timeout;
    engine_.rearm(now);
    co_await readable_.wait();
    reading_ = false;
    due_ = SteadyTime::max();
  }
  if (stream_ == nullptr) co_return gone();
  if (stalled_) co_return make_error(Code::timeout, "the peer stalls");
  auto bytes = std::exchange(stream_->in, {});
  engine_.session_->consumed(*stream_, bytes.size());
  engine_.flush_soon();
  co_return bytes;
}

void H2Exchange::lose() {
  if (stream_ == nullptr) return;
  stream_->owner = nullptr;
  stream_ = nullptr;
  writable_.ring();
  readable_.ring();
  if (auto const notify = std::exchange(on_gone_, nullptr)) notify();
}

void H2Exchange::stall() {
  stalled_ = true;
  writable_.ring();
  readable_.ring();
}

}  // namespace aw::http
