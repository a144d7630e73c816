// SPDX-License-Identifier: Apache-2.0
#include "core/http/client.h"

#include <algorithm>
#include <utility>

#include "core/http/client_pool.h"

namespace aw::http {

struct Client::Impl : ClientShared {
  using ClientShared::ClientShared;
};

namespace {

Result<void> check(Endpoint const& endpoint, Request const& request) {
  if (!is_token(request.method) || request.method == "CONNECT") {
    return make_error(Code::usage, "malformed request method");
  }
  if (!is_origin_target(request.target) && request.target != "*") {
    return make_error(Code::usage, "malformed request target");
  }
  if (endpoint.scheme == Scheme::unix_socket ? endpoint.socket_path.empty()
                                             : endpoint.host.empty() || endpoint.port == 0) {
    return make_error(Code::usage, "incomplete endpoint");
  }
  return {};
}

bool idempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS" || method == "PUT" ||
         method == "DELETE";
}

// A kept connection may die just as it is used: that says nothing about the server.
bool may_repeat(Reached reached, bool reused, Repeat repeat, std::string_view method,
                Error const& error) {
  if (error.code != Code::io || reached == Reached::answer) return false;
  if (reached == Reached::nothing) return true;  // nobody did anything with it
  if (!reused || repeat == Repeat::never) return false;
  return repeat == Repeat::always || idempotent(method);
}

// What a call needs that outlives a retry.
struct Asking {
  std::shared_ptr<ClientShared> shared;
  Endpoint endpoint;
  Request request;
  CallOptions options;
  SteadyTime began{};
};

// Until the head of an answer.
io::Task<Result<std::unique_ptr<Call>>> ask(Asking asking) {
  auto const& options = asking.options;
  AW_CO_TRY(check(asking.endpoint, asking.request));
  auto const pool = pool_on(co_await boost::asio::this_coro::executor, asking.shared);
  PoolKey const key{.endpoint = asking.endpoint,
                    .security = options.security != nullptr ? options.security->name : "",
                    .protocol = options.protocol};
  auto const authority =
      asking.request.authority.empty() ? asking.endpoint.authority() : asking.request.authority;
  auto kept = Kept::allowed;
  for (int attempt = 0;; ++attempt) {
    WireNeeds const needs{.endpoint = asking.endpoint,
                          .security = options.security,
                          .protocol = options.protocol,
                          .deadline = options.deadline,
                          .report = options.report};
    AW_CO_TRY(auto taken, co_await pool->take(key, needs, kept));
    auto const sent = steady_now();
    auto begun = co_await taken.call->begin(asking.request, authority, options.deadline);
    if (options.report != nullptr) {
      options.report->total = steady_now() - asking.began;
      if (taken.call->first_byte != SteadyTime{}) {
        options.report->first_byte = taken.call->first_byte - sent;
      }
    }
    if (begun.ok()) co_return std::move(taken.call);
    bool const again = attempt == 0 && may_repeat(taken.call->reached, taken.reused, options.repeat,
                                                  asking.request.method, begun.error());
    if (!again) {
      co_return std::move(begun).error().within(asking.request.method + " " +
                                                asking.endpoint.text());
    }
    kept = Kept::unwanted;
  }
}

class Streamed final : public ResponseStream {
 public:
  explicit Streamed(std::unique_ptr<Call> call) : call_(std::move(call)) {}
  [[nodiscard]] int status() const override { return call_->response.status; }
  [[nodiscard]] Headers const& headers() const override { return call_->response.headers; }
  io::Task<Result<std::string>> read(SteadyTime until) override { return call_->more(until); }
  [[nodiscard]] Headers const& trailers() const override { return call_->response.trailers; }

 private:
  std::unique_ptr<Call> call_;
};

}  // namespace

Client::Client(ClientConfig config, io::BlockingPool& pool, Clock const& clock)
    : impl_(std::make_shared<Impl>(std::move(config), pool)) {
  static_cast<void>(clock);  // deadlines are steady time, which the loops keep themselves
}

Client::~Client() = default;

io::Task<Result<Response>> Client::send(Endpoint endpoint, Request request, CallOptions options) {
  auto const began = steady_now();
  if (options.deadline == SteadyTime::max()) options.deadline = began + impl_->config.timeout;
  AW_CO_TRY(auto call, co_await ask({.shared = impl_,
                                     .endpoint = std::move(endpoint),
                                     .request = std::move(request),
                                     .options = options,
                                     .began = began}));
  std::string body;
  for (;;) {
    AW_CO_TRY(auto const piece, co_await call->more(options.deadline));
    if (piece.empty()) break;
    if (body.size() + piece.size() > options.max_body) {
      co_return make_error(Code::too_large, "the answer is larger than allowed");
    }
    body.append(piece);
  }
  if (options.report != nullptr) options.report->total = steady_now() - began;
  Response response = std::move(call->response);
  response.body = std::move(body);
  co_return response;
}

io::Task<Result<std::unique_ptr<ResponseStream>>> Client::open(Endpoint endpoint, Request request,
                                                               CallOptions options) {
  auto const began = steady_now();
  if (options.deadline == SteadyTime::max()) options.deadline = began + impl_->config.timeout;
  AW_CO_TRY(auto call, co_await ask({.shared = impl_,
                                     .endpoint = std::move(endpoint),
                                     .request = std::move(request),
                                     .options = options,
                                     .began = began}));
  co_return std::unique_ptr<ResponseStream>(std::make_unique<Streamed>(std::move(call)));
}

void Client::close_idle() { impl_->generation.fetch_add(1); }

}  // namespace aw::http
