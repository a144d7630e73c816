// SPDX-License-Identifier: Apache-2.0
#include "core/backend/exec_backend.h"

#include <algorithm>
#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <span>

#include "core/backend/live_pairs.h"
#include "core/backend/process.h"
#include "core/base/json.h"
#include "core/base/text.h"

extern "C" char** environ;  // NOLINT: the machine's own name

namespace aw::backend {
namespace {

using boost::asio::posix::stream_descriptor;
using namespace boost::asio::experimental::awaitable_operators;

constexpr auto kTermGrace = std::chrono::seconds(2);         // from SIGTERM to SIGKILL
constexpr auto kPipeGrace = std::chrono::milliseconds(250);  // from the end to the pipes' end
constexpr std::size_t kMaxErrors = 8U << 10;                 // of stderr into the log
constexpr std::string_view kDefaultPath = "PATH=/usr/local/bin:/usr/bin:/bin";

// The value of one of our own variables, as NAME=value; empty when it is not set.
std::string inherited(std::string_view name) {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    std::string_view const text(*entry);
    if (text.starts_with(name) && text.size() > name.size() && text[name.size()] == '=')
      return std::string(text);
  }
  return {};
}

std::vector<std::string> base_environment(Config const& config) {
  std::vector<std::string> out;
  for (auto const& entry : config.environment) {
    auto made = entry.contains('=') ? entry : inherited(entry);
    if (!made.empty()) out.push_back(std::move(made));
  }
  if (std::ranges::none_of(out, [](auto const& entry) { return entry.starts_with("PATH="); }))
    out.emplace_back(kDefaultPath);
  return out;
}

// A value cannot hold a NUL; anything else arrives as it is.
void add_fact(std::vector<std::string>& environment, std::string_view name,
              std::string_view value) {
  if (!value.contains('\0')) environment.push_back(std::string(name) + '=' + std::string(value));
}

// One call's process and its watchers; all of it on the call's loop.
struct Running {
  Running(Process started, boost::asio::any_io_executor const& loop)
      : process(std::move(started)),
        input(loop, process.input.release()),
        output(loop, process.output.release()),
        errors(loop, process.errors.release()),
        ended(loop, process.ended.release()),
        timer(loop) {}

  Process process;
  stream_descriptor input;
  stream_descriptor output;
  stream_descriptor errors;
  stream_descriptor ended;
  boost::asio::steady_timer timer;
  bool over = false;      // the process has ended
  bool late = false;      // the deadline passed
  bool overflow = false;  // stdout was too much

  void close_pipes() {
    boost::system::error_code ignored;
    input.close(ignored);
    output.close(ignored);
    errors.close(ignored);
  }
};

// SIGTERM at the deadline, SIGKILL after the grace.
void arm_deadline(std::shared_ptr<Running> const& call, SteadyTime deadline) {
  call->timer.expires_at(deadline);
  call->timer.async_wait([weak = std::weak_ptr(call)](boost::system::error_code const& ec) {
    auto const self = weak.lock();
    if (ec || !self || self->over) return;
    self->late = true;
    self->process.signal_group(SIGTERM);
    self->timer.expires_after(kTermGrace);
    self->timer.async_wait([weak](boost::system::error_code const& again) {
      auto const killed = weak.lock();
      if (!again && killed && !killed->over) killed->process.signal_group(SIGKILL);
    });
  });
}

io::Task<void> feed(std::shared_ptr<Running> call, std::string payload) {
  // A command that does not read its input is no error.
  co_await boost::asio::async_write(call->input, boost::asio::buffer(payload), io::kNoThrow);
  boost::system::error_code ignored;
  call->input.close(ignored);
}

// Keeps the first `limit` bytes and reads on, so that the process never blocks on a full pipe.
io::Task<std::string> collect_errors(std::shared_ptr<Running> call) {
  std::string kept;
  std::array<char, 4096> buffer{};
  for (;;) {
    auto const [ec, size] =
        co_await call->errors.async_read_some(boost::asio::buffer(buffer), io::kNoThrow);
    if (ec) co_return kept;
    kept.append(buffer.data(), std::min(size, kMaxErrors - std::min(kMaxErrors, kept.size())));
  }
}

io::Task<std::string> collect_output(std::shared_ptr<Running> call, std::size_t limit) {
  std::string out;
  std::array<char, 16384> buffer{};
  for (;;) {
    auto const [ec, size] =
        co_await call->output.async_read_some(boost::asio::buffer(buffer), io::kNoThrow);
    if (ec) co_return out;
    if (out.size() + size > limit) {
      call->overflow = true;
      call->process.signal_group(SIGKILL);
      co_return std::string();
    }
    out.append(buffer.data(), size);
  }
}

// Waits for the end, then for the pipes a little: a grandchild may hold them open for ever.
io::Task<int> await_end(std::shared_ptr<Running> call) {
  auto const [ec] = co_await call->ended.async_wait(stream_descriptor::wait_read, io::kNoThrow);
  if (ec) co_return -1;  // cancelled: the Process kills and reaps, off this loop
  int const status = call->process.reap();
  call->over = true;
  call->timer.expires_after(kPipeGrace);
  call->timer.async_wait([weak = std::weak_ptr(call)](boost::system::error_code const& stopped) {
    auto const self = weak.lock();
    if (!stopped && self) self->close_pipes();
  });
  co_return status;
}

// JSON as it is; other text as a JSON string without its last line break.
void deliver(std::string text, Output& output) {
  auto const trimmed = text::trim(text);
  if (trimmed.empty()) return;
  if (json::parse(trimmed, {.bytes = std::size_t{64} << 20, .depth = 128}).ok()) {
    output.result(std::string(trimmed));
    return;
  }
  if (text.ends_with('\n')) text.pop_back();
  std::string json;
  json::append_string(json, text);
  output.result(std::move(json));
}

class ExecBackend final : public Backend {
 public:
  ExecBackend(Config config, Tools tools)
      : config_(std::move(config)), environment_(base_environment(config_)), tools_(tools) {
    config_.environment.clear();  // it may hold secrets: one copy is enough
  }

  [[nodiscard]] bool renew(Config const& config) override {
    environment_.set(base_environment(config));
    return true;
  }

  io::Task<Result<void>> run(Call call, Output& output) override {
    auto const loop = co_await boost::asio::this_coro::executor;
    auto spec = spec_for(call);
    auto started = co_await start(std::move(spec));
    if (!started.ok()) co_return std::move(started).error();
    auto running = std::make_shared<Running>(std::move(***started), loop);
    started->reset();
    arm_deadline(running, call.deadline);
    auto const task_id = call.task_id;
    auto [text, errors, status] = co_await (feed(running, std::move(call.payload)) &&
                                            collect_output(running, config_.max_output_bytes) &&
                                            collect_errors(running) && await_end(running));
    running->timer.cancel();
    log_errors(task_id, errors, status);
    if (running->late) co_return make_error(Code::backend_timeout, "the command took too long");
    if (running->overflow)
      co_return make_error(Code::backend_answer_malformed, "the command's output is too large");
    if (status != 0)
      co_return make_error(Code::backend_failed,
                           "the command ended with status " + std::to_string(status));
    deliver(std::move(text), output);
    co_return Result<void>{};
  }

 private:
  [[nodiscard]] ProcessSpec spec_for(Call const& call) const {
    ProcessSpec spec{config_.command, {}, config_.working_directory};
    environment_.each([&spec](std::string_view name, std::string_view value) {
      spec.environment.push_back(std::string(name) + '=' + std::string(value));
    });
    add_fact(spec.environment, "AGENTWEAVE_CAPABILITY", call.capability);
    add_fact(spec.environment, "AGENTWEAVE_TASK_ID", call.task_id);
    add_fact(spec.environment, "AGENTWEAVE_CONTEXT_ID", call.context_id);
    add_fact(spec.environment, "AGENTWEAVE_CALLER", call.caller);
    add_fact(spec.environment, "AGENTWEAVE_DECISION_ID", call.decision_id);
    if (!call.traceparent.empty()) add_fact(spec.environment, "TRACEPARENT", call.traceparent);
    return spec;
  }

  // The pool's result must be copyable; a process is not.
  io::Task<Result<std::shared_ptr<std::optional<Process>>>> start(ProcessSpec spec) {
    using Held = std::shared_ptr<std::optional<Process>>;
    std::function<Result<Held>()> work = [spec = std::move(spec),
                                          pool = &tools_.pool]() -> Result<Held> {
      AW_TRY(auto process, Process::start(spec, *pool));
      return std::make_shared<std::optional<Process>>(std::move(process));
    };
    co_return co_await tools_.pool.run<Held>(std::move(work));
  }

  void log_errors(std::string_view task_id, std::string_view errors, int status) {
    if (errors.empty() && status == 0) return;
    tools_.log.write(log::Component::backend, status == 0 ? log::Level::info : log::Level::warning,
                     "command said",
                     {{"task_id", task_id},
                      {"command", config_.command.front()},
                      {"status", std::to_string(status)},
                      {"stderr", text::printable(errors)}});
  }

  Config config_;
  LivePairs environment_;
  Tools tools_;
};

}  // namespace

Result<std::unique_ptr<Backend>> make_exec_backend(Config const& config, Tools tools) {
  if (config.command.empty() || config.command.front().empty())
    return make_error(Code::config_conflict, "an exec backend needs a command",
                      "command: [\"./report.sh\"]");
  return std::unique_ptr<Backend>(std::make_unique<ExecBackend>(config, tools));
}

}  // namespace aw::backend
