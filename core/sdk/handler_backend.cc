// SPDX-License-Identifier: Apache-2.0
#include "core/sdk/handler_backend.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/sdk/capability.h"

namespace aw::sdk {
namespace {

// Where a call's words go as long as it lasts. Belongs to the call's loop.
struct Ear {
  explicit Ear(backend::Output& to) : output(&to) {}
  backend::Output* output;  // null once the call has ended
  bool answered = false;    // input_required or rejected
};

class PostedProgress final : public Progress {
 public:
  PostedProgress(boost::asio::any_io_executor loop, std::shared_ptr<Ear> ear)
      : loop_(std::move(loop)), ear_(std::move(ear)) {}

  void status(std::string_view text) override {
    say([text = std::string(text)](Ear& ear) { ear.output->status(text); });
  }
  void artifact(std::string_view name, std::string_view text) override {
    say([name = std::string(name), text = std::string(text)](Ear& ear) {
      backend::Chunk chunk;
      chunk.artifact_id = name;
      chunk.name = name;
      chunk.value = text;
      ear.output->artifact(std::move(chunk));
    });
  }
  void input_required(std::string_view text) override {
    say([text = std::string(text)](Ear& ear) {
      ear.answered = true;
      ear.output->input_required(text);
    });
  }
  void rejected(std::string_view text) override {
    say([text = std::string(text)](Ear& ear) {
      ear.answered = true;
      ear.output->rejected(text);
    });
  }

 private:
  template <class Words>
  void say(Words words) {
    boost::asio::post(loop_, [ear = ear_, words = std::move(words)] {
      if (ear->output != nullptr && !ear->answered) words(*ear);
    });
  }

  boost::asio::any_io_executor const loop_;
  std::shared_ptr<Ear> const ear_;  // shared with words on their way, which may come too late
};

// However the call ends (answered, cancelled, timed out), its handler hears of it and is not heard.
class EndOfCall {
 public:
  EndOfCall(std::shared_ptr<Ear> ear, std::stop_source stop)
      : ear_(std::move(ear)), stop_(std::move(stop)) {}
  ~EndOfCall() {
    ear_->output = nullptr;
    stop_.request_stop();
  }
  EndOfCall(EndOfCall const&) = delete;
  EndOfCall& operator=(EndOfCall const&) = delete;

 private:
  std::shared_ptr<Ear> const ear_;
  std::stop_source stop_;
};

Call call_for(backend::Call&& from, std::stop_token cancelled) {
  return {.capability = std::move(from.capability),
          .payload = std::move(from.payload),
          .caller = std::move(from.caller),
          .task_id = std::move(from.task_id),
          .context_id = std::move(from.context_id),
          .decision_id = std::move(from.decision_id),
          .traceparent = std::move(from.traceparent),
          .deadline = from.deadline,
          .cancelled = std::move(cancelled)};
}

class HandlerBackend final : public backend::Backend {
 public:
  HandlerBackend(Handler handler, io::BlockingPool& pool)
      : handler_(std::make_shared<const Handler>(std::move(handler))), pool_(pool) {}

  io::Task<Result<void>> run(backend::Call call, backend::Output& output) override {
    auto const loop = co_await boost::asio::this_coro::executor;
    auto const ear = std::make_shared<Ear>(output);
    std::stop_source stop;
    EndOfCall const end(ear, stop);
    auto const progress = std::make_shared<PostedProgress>(loop, ear);
    auto const asked = std::make_shared<const Call>(call_for(std::move(call), stop.get_token()));
    std::function<Result<std::string>()> work = [handler = handler_, asked, progress] {
      return run_handler(*handler, *asked, *progress);
    };
    AW_CO_TRY(auto answer, co_await pool_.run<std::string>(std::move(work)));
    // What the handler said stands in the loop's queue before its answer.
    if (!ear->answered) output.result(std::move(answer));
    co_return Result<void>();
  }

 private:
  // Shared with the threads: a cancelled call's handler may outlive the backend's interest in it.
  std::shared_ptr<const Handler> const handler_;
  io::BlockingPool& pool_;
};

}  // namespace

std::unique_ptr<backend::Backend> handler_backend(Handler handler, io::BlockingPool& pool) {
  return std::make_unique<HandlerBackend>(std::move(handler), pool);
}

}  // namespace aw::sdk
