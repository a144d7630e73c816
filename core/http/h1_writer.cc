// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "core/http/h1_engine.h"

namespace aw::http {

namespace {

constexpr Fault kUnread{.code = Code::overloaded, .status = 503, .what = kTooManyAnswers};

}  // namespace

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
  auto added = std::exchange(extra_, {});
  reset();
  extra_ = std::move(added);
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
  if (state_ != State::fresh) co_return;
  if (engine_.hold(response.body.size())) {
    put(response, engine_.after_this());
  } else {
    extra_.clear();  // of the answer that is not given: the refusal brings its own
    put(engine_.connection_.refusal(engine_.early(kUnread)), After::close);
  }
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
  if (!engine_.hold(bytes.size())) {
    static_cast<void>(engine_.connection_.refusal(engine_.early(kUnread)));  // on record
    co_return make_error(Code::overloaded, std::string(kTooManyAnswers));
  }
  if (body_ == BodyKind::chunked) append_chunk(engine_.work_->out, bytes);
  if (body_ == BodyKind::until_close) engine_.work_->out.append(bytes);
  auto written = co_await engine_.flush();
  engine_.connection_.let_answers_go();
  co_return written;
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
  if (wanted || engine_.watch_ != nullptr) engine_.watch_of().on_gone(std::move(notify));
  if (wanted) engine_.watch();
}

}  // namespace aw::http
