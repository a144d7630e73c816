// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/out_calls.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

namespace aw::runtime {
namespace {

constexpr std::size_t kMostKept = std::size_t{64} << 20;
constexpr std::chrono::seconds kUnwinding{5};
std::string const kFromHere = "in-process";

// Keeps the answer, whole or streamed.
class KeptAnswer final : public http::ResponseWriter {
 public:
  void add_header(std::string_view name, std::string_view value) override {
    extra_.add(name, value);
  }
  io::Task<void> respond(http::Response response) override {
    answer_ = std::move(response);
    answer_.headers.append(extra_);
    complete_ = true;
    co_return;
  }
  io::Task<Result<void>> start(int status, http::Headers headers) override {
    answer_.status = status;
    answer_.headers = std::move(headers);
    answer_.headers.append(extra_);
    started_ = true;
    co_return Result<void>();
  }
  io::Task<Result<void>> write(std::string_view bytes) override {
    if (answer_.body.size() + bytes.size() > kMostKept) {
      too_large_ = true;
      co_return make_error(Code::too_large, "the answer passes 64 MiB");
    }
    answer_.body += bytes;
    co_return Result<void>();
  }
  io::Task<Result<void>> finish(http::Headers trailers) override {
    answer_.trailers = std::move(trailers);
    complete_ = true;
    co_return Result<void>();
  }
  [[nodiscard]] bool started() const override { return started_ || complete_; }
  // Whoever called has given the call up.
  [[nodiscard]] bool peer_gone() const override { return given_up_; }
  void give_up() { given_up_ = true; }
  void on_peer_gone(std::function<void()> /*notify*/) override {}

  Result<http::Response> take() {
    if (complete_) return std::move(answer_);
    if (too_large_) return make_error(Code::too_large, "the answer passes 64 MiB");
    if (started_) return make_error(Code::protocol, "the answer broke off");
    return make_error(Code::internal, "the call gave no answer");
  }

 private:
  http::Response answer_;
  http::Headers extra_;
  bool started_ = false;
  bool complete_ = false;
  bool too_large_ = false;
  bool given_up_ = false;
};

// One call; its signal and writer belong to the loop, `done` to State::mutex.
struct OutCall {
  explicit OutCall(http::Request what) : request(std::move(what)) {}
  http::Request request;
  KeptAnswer writer;
  boost::asio::cancellation_signal signal;
  boost::asio::io_context* loop = nullptr;
  bool done = false;
};

void cancel(std::shared_ptr<OutCall> const& call) {
  boost::asio::post(*call->loop, [call] {
    call->writer.give_up();
    call->signal.emit(boost::asio::cancellation_type::terminal);
  });
}

}  // namespace

struct OutCalls::State {
  explicit State(Gates through) : gates(std::move(through)) {}
  Gates const gates;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<OutCall>> running;  // guarded by mutex
  std::size_t next_loop = 0;                      // guarded by mutex
  bool stopping = false;                          // guarded by mutex

  void ended(std::shared_ptr<OutCall> const& call) {
    {
      std::lock_guard const lock(mutex);
      call->done = true;
      std::erase(running, call);
    }
    changed.notify_all();
  }
};

OutCalls::OutCalls(Gates gates, io::Loops& loops)
    : loops_(loops), state_(std::make_shared<State>(std::move(gates))) {}

OutCalls::~OutCalls() { stop(); }

Result<http::Response> OutCalls::call(http::Request request, std::chrono::nanoseconds patience) {
  auto const call = std::make_shared<OutCall>(std::move(request));
  auto const state = state_;  // not through `this`: `stop` may end us while we wait
  std::unique_lock lock(state->mutex);
  if (state->stopping) return make_error(Code::draining, "the agent is shutting down");
  call->loop = &loops_.at(state->next_loop++ % loops_.size());
  state->running.push_back(call);
  boost::asio::post(*call->loop, [call, state] {
    boost::asio::co_spawn(
        *call->loop, state->gates(call->request, call->writer, kFromHere),
        boost::asio::bind_cancellation_slot(
            call->signal.slot(), [call, state](std::exception_ptr const&) { state->ended(call); }));
  });
  auto const over = [&call] { return call->done; };
  if (state->changed.wait_for(lock, patience, over)) {
    if (state->stopping && !call->writer.started())
      return make_error(Code::draining, "the agent is shutting down");
    return call->writer.take();
  }
  cancel(call);
  state->changed.wait_for(lock, kUnwinding, over);
  return make_error(Code::timeout, "the call took longer than " + format_duration(patience));
}

void OutCalls::stop() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  for (auto const& call : state_->running) cancel(call);
  state_->changed.wait_for(lock, kUnwinding, [this] { return state_->running.empty(); });
}

}  // namespace aw::runtime
