// SPDX-License-Identifier: Apache-2.0
#include "core/server/grpc_aside.h"

#include <boost/asio/steady_timer.hpp>

#include "core/a2a/answer.h"
#include "core/a2a/grpc_answer.h"
#include "core/a2a/grpc_frame.h"
#include "core/a2a/grpc_reflection.h"
#include "core/a2a/refusal.h"

namespace aw::server {
namespace {

constexpr std::size_t kReflectionMessage = 64U << 10U;
constexpr int kReflectionQuestions = 1'000;
constexpr auto kWatchLook = std::chrono::seconds(1);
constexpr int kWatchLooks = 3'600;

a2a::Serving serving_of(std::function<bool()> const& ready) {
  return !ready || ready() ? a2a::Serving::yes : a2a::Serving::no;
}

std::string framed(std::string_view message) {
  std::string out;
  a2a::append_grpc_frame(out, message);
  return out;
}

http::Headers trailers_of(Error const& error) { return a2a::error_trailers({.code = error.code}); }

http::Response failed_call(Error const& error) {
  http::Response response;
  response.headers = a2a::grpc_headers();
  response.trailers = trailers_of(error);
  return response;
}

io::Task<void> check(AsideCall call) {
  auto answer = a2a::health_answer(call.request.body, serving_of(call.ready));
  if (!answer.ok()) co_return co_await call.writer.respond(failed_call(answer.error()));
  http::Response response;
  response.headers = a2a::grpc_headers();
  response.body = framed(*answer);
  response.trailers = a2a::grpc_ok_trailers();
  co_await call.writer.respond(std::move(response));
}

io::Task<void> watch(AsideCall call) {
  auto serving = serving_of(call.ready);
  auto answer = a2a::health_answer(call.request.body, serving);
  if (!answer.ok()) co_return co_await call.writer.respond(failed_call(answer.error()));
  if (auto begun = co_await call.writer.start(200, a2a::grpc_headers()); !begun.ok()) co_return;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (int looks = 0; looks < kWatchLooks; ++looks) {
    if (!(co_await call.writer.write(framed(*answer))).ok()) co_return;
    if (serving == a2a::Serving::no) break;
    while (serving_of(call.ready) == serving && looks < kWatchLooks) {
      if (call.writer.peer_gone()) co_return;
      timer.expires_after(kWatchLook);
      auto const [ignored] = co_await timer.async_wait(io::kNoThrow);
      static_cast<void>(ignored);
      ++looks;
    }
    serving = serving_of(call.ready);
    answer = a2a::health_answer(call.request.body, serving);
  }
  (void)co_await call.writer.finish(a2a::grpc_ok_trailers());  // the caller may be gone
}

// What one call holds; given back with it, also when it is cut.
class Lease {
 public:
  Lease(http::HeldBodies& held, http::HeldBodies::Share* share) : held_(held), share_(share) {}
  ~Lease() { static_cast<void>(held_.change(share_, taken_, 0)); }  // less is always well
  Lease(Lease const&) = delete;
  Lease& operator=(Lease const&) = delete;
  [[nodiscard]] bool more(std::size_t bytes) {
    auto const before = taken_;
    taken_ += bytes;
    return held_.change(share_, before, taken_);
  }

 private:
  http::HeldBodies& held_;
  http::HeldBodies::Share* share_;
  std::size_t taken_ = 0;
};

// The next message of a conversation; an empty optional at its end.
io::Task<Result<std::optional<std::string>>> next_message(http::BodyReader& body,
                                                          a2a::GrpcFrames& frames) {
  for (;;) {
    AW_CO_TRY(auto message, frames.next());
    if (message) co_return message;
    AW_CO_TRY(auto const piece, co_await body.read());
    if (!piece.empty()) {
      frames.feed(piece);
      continue;
    }
    if (!frames.empty()) co_return make_error(Code::request_malformed, "half a message");
    co_return std::optional<std::string>();
  }
}

io::Task<void> converse(AsideCall call) {
  if (call.body == nullptr) co_return;
  if (auto begun = co_await call.writer.start(200, a2a::grpc_headers()); !begun.ok()) co_return;
  a2a::GrpcFrames frames(kReflectionMessage);
  auto trailers = a2a::grpc_ok_trailers();
  for (int i = 0; i < kReflectionQuestions; ++i) {
    auto const asked = co_await next_message(*call.body, frames);
    auto const answer = asked.ok()
                            ? (*asked ? a2a::reflect(**asked) : Result<std::string>(std::string()))
                            : Result<std::string>(asked.error());
    if (!answer.ok()) trailers = trailers_of(answer.error());
    if (!answer.ok() || !*asked) break;
    if (!(co_await call.writer.write(framed(*answer))).ok()) co_return;
  }
  (void)co_await call.writer.finish(std::move(trailers));  // the caller may be gone
}

}  // namespace

io::Task<Result<std::string>> read_grpc_message(http::BodyReader& body, std::size_t max_message,
                                                http::HeldBodies& held,
                                                http::HeldBodies::Share* share) {
  a2a::GrpcFrames frames(max_message);
  Lease lease(held, share);
  std::optional<std::string> message;
  for (;;) {
    AW_CO_TRY(auto const piece, co_await body.read());
    if (piece.empty()) break;
    if (!lease.more(piece.size()))
      co_return make_error(Code::overloaded, "too many messages are being received");
    frames.feed(piece);
    AW_CO_TRY(auto next, frames.next());
    if (!next) continue;
    if (message || !frames.empty())
      co_return make_error(Code::request_malformed, "the call has more than one message");
    message = std::move(next);
  }
  if (!message || !frames.empty())
    co_return make_error(Code::request_malformed, "the call has no whole message");
  co_return std::move(*message);
}

io::Task<void> serve_grpc_aside(AsideCall call) {
  switch (call.asked.what) {
    case a2a::GrpcAside::What::health_check:
      co_return co_await check(call);
    case a2a::GrpcAside::What::health_watch:
      co_return co_await watch(call);
    case a2a::GrpcAside::What::reflection:
      co_return co_await converse(call);
  }
}

}  // namespace aw::server
