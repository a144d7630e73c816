// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "core/http/client_calls.h"
#include "core/http/h1_encode.h"

namespace aw::http {

namespace {

// Head and body leave in one write up to here; above it the copy costs more than the call.
constexpr std::size_t kOneWrite = 64U << 10;
constexpr int kMaxInterim = 8;
constexpr HeadLimits kAnswerHead{.bytes = 64U << 10, .fields = 200, .target = 0};

Error malformed(Fault const& fault) {
  return make_error(fault.code == Code::too_large ? Code::too_large : Code::protocol,
                    "malformed answer: " + std::string(fault.what));
}

class H1Call final : public Call {
 public:
  H1Call(Wire wire, std::function<void(Wire)> free)
      : wire_(std::move(wire)), free_(std::move(free)), head_(kAnswerHead) {}

  io::Task<Result<void>> begin(Request const& request, std::string const& authority,
                               SteadyTime deadline) override;
  io::Task<Result<std::string>> more(SteadyTime deadline) override;

 private:
  io::Task<Result<void>> send(Request const& request, std::string const& authority);
  io::Task<Result<void>> read_head(Asked asked);
  io::Task<Result<std::string>> read_body();
  Result<void> head_complete();
  void done();

  Wire wire_;
  std::function<void(Wire)> free_;
  ResponseHead head_;
  BodyDecoder body_;
  std::string in_;
  bool complete_ = false;
};

io::Task<Result<void>> H1Call::begin(Request const& request, std::string const& authority,
                                     SteadyTime deadline) {
  Guard const guard(co_await boost::asio::this_coro::executor, deadline,
                    [this] { wire_.stream->cancel(); });
  auto const asked = request.method == "HEAD" ? Asked::head : Asked::anything_else;
  auto const sent = co_await send(request, authority);
  // A server that refuses early may have stopped reading; its answer says more than our error.
  auto read =
      guard.expired() ? Result<void>(make_error(Code::timeout, "")) : co_await read_head(asked);
  if (guard.expired()) co_return make_error(Code::timeout, "no answer before the deadline");
  if (!read.ok() && !sent.ok() && read.error().code == Code::io) co_return sent;
  co_return read;
}

io::Task<Result<void>> H1Call::send(Request const& request, std::string const& authority) {
  std::string out;
  out.reserve(256 + request.headers.bytes() + 4 * request.headers.size() +
              (request.body.size() <= kOneWrite ? request.body.size() : 0));
  append_request_head(out, request, authority);
  bool const together = request.body.size() <= kOneWrite;
  if (together) out.append(request.body);
  AW_CO_TRY(auto const gone, wire_.stream->try_write(out));
  if (gone > 0) reached = Reached::server;
  if (gone < out.size()) {
    reached = Reached::server;
    AW_CO_TRY(co_await wire_.stream->write_all(std::string_view(out).substr(gone)));
  }
  if (!together) AW_CO_TRY(co_await wire_.stream->write_all(request.body));
  co_return Result<void>{};
}

io::Task<Result<void>> H1Call::read_head(Asked asked) {
  int interim = 0;
  // What was just asked is not answered yet: looking would be a system call for nothing.
  if (in_.empty()) AW_CO_TRY(co_await wire_.stream->readable());
  for (;;) {
    if (!in_.empty()) {
      auto const size = head_.parse(in_, asked, response);
      if (!size) co_return malformed(size.error());
      if (*size > 0) {
        in_.erase(0, *size);
        if (response.status >= 200) co_return head_complete();
        if (response.status == 101 || ++interim > kMaxInterim) {
          co_return make_error(Code::protocol, "malformed answer: unasked interim answers");
        }
        head_.reset();
        response.clear();
        continue;
      }
    }
    AW_CO_TRY(auto const heard, hear(*wire_.stream, in_));
    if (heard == Heard::end) co_return make_error(Code::io, "the server closed without an answer");
    if (heard == Heard::nothing) {
      AW_CO_TRY(co_await wire_.stream->readable());
    } else if (reached != Reached::answer) {
      reached = Reached::answer;
      first_byte = steady_now();
    }
  }
}

Result<void> H1Call::head_complete() {
  // The caller bounds the body; here it may be as long as it says.
  if (auto begun = body_.begin(head_.framing(), std::string::npos); !begun) {
    return malformed(begun.error());
  }
  if (body_.done()) done();
  return {};
}

io::Task<Result<std::string>> H1Call::more(SteadyTime deadline) {
  if (complete_) co_return std::string();
  Guard const guard(co_await boost::asio::this_coro::executor, deadline,
                    [this] { wire_.stream->cancel(); });
  auto bytes = co_await read_body();
  if (!bytes.ok() && guard.expired()) {
    co_return make_error(Code::timeout, "the answer did not go on before the deadline");
  }
  co_return bytes;
}

io::Task<Result<std::string>> H1Call::read_body() {
  std::string out;
  for (;;) {
    if (!in_.empty()) {
      auto const used = body_.feed(in_, out);
      if (!used) co_return malformed(used.error());
      in_.erase(0, *used);
    }
    if (body_.done()) done();
    if (body_.done() || !out.empty()) co_return out;
    AW_CO_TRY(auto const heard, hear(*wire_.stream, in_));
    if (heard == Heard::nothing) AW_CO_TRY(co_await wire_.stream->readable());
    if (heard != Heard::end) continue;
    if (auto closed = body_.closed(); !closed) {
      co_return make_error(Code::io, "the answer was cut off");
    }
  }
}

void H1Call::done() {
  if (std::exchange(complete_, true)) return;
  response.trailers = body_.trailers();
  // Bytes nobody asked for are the next request's answer in somebody's plan, not in ours.
  if (head_.framing().keep_alive && in_.empty() && free_) free_(std::move(wire_));
}

}  // namespace

std::unique_ptr<Call> make_h1_call(Wire wire, std::function<void(Wire)> free) {
  return std::make_unique<H1Call>(std::move(wire), std::move(free));
}

}  // namespace aw::http
