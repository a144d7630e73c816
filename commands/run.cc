// SPDX-License-Identifier: Apache-2.0
// `agentweave run`: `serve`, with the program behind it as our child.
#include "commands/run.h"

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "commands/config_options.h"
#include "commands/support/child_words.h"
#include "commands/support/command.h"
#include "commands/support/serving.h"
#include "core/runtime/attendant.h"

namespace aw::commands {
namespace {

struct RunOptions {
  ConfigOptions config;
  std::string restart;
  std::vector<std::string> command;
};

// A directory that only we may enter (mkdtemp makes it 0700), gone when we are.
class PrivateDirectory {
 public:
  static Result<PrivateDirectory> make(Context const& context) {
    std::filesystem::path base = "/tmp";
    for (auto const* const name : {"RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"}) {
      auto const given = context.variable(name);
      if (!given) continue;
      base = given->substr(0, given->find(':'));
      break;
    }
    std::string made = (base / "agentweave-run-XXXXXX").string();
    if (::mkdtemp(made.data()) == nullptr)
      return errno_error(Code::io, "make a directory in " + base.string(), errno);
    return PrivateDirectory(made);
  }
  ~PrivateDirectory() {
    std::error_code ignored;  // what is left is a socket of ours in a directory of ours
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  PrivateDirectory(PrivateDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PrivateDirectory& operator=(PrivateDirectory&&) = delete;
  PrivateDirectory(PrivateDirectory const&) = delete;
  PrivateDirectory& operator=(PrivateDirectory const&) = delete;

  [[nodiscard]] std::string const& path() const { return path_; }

 private:
  explicit PrivateDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// The child and the agent in front of it, for as long as both live.
class Keeper {
 public:
  Keeper(RunOptions const& options, Context& context) : options_(options), context_(context) {}

  runtime::Seams seams(config::Loaded const& loaded) {
    static_cast<void>(loaded);
    runtime::Seams out;
    out.on_child_secret = [this](config::Config const& config) {
      std::lock_guard const lock(mutex_);
      renewed_.emplace(config.child.environment);
    };
    out.checks.push_back({"child", [this] { return check(); }});
    return out;
  }

  void begin(runtime::Runtime& agent, std::chrono::nanoseconds took) {
    agent_ = &agent;
    config_ = agent.config();
    served_after_ = took;
    auto attendant = std::make_unique<runtime::Attendant>(runtime::Attendant::Needs{
        .config = config_.child,
        .spec = {.command = options_.command,
                 .environment = child_environment(context_.env, config_, agent.listening())},
        .addresses = runtime::child_addresses(config_),
        .clock = context_.clock,
        .listening = [this](pid_t pid, std::chrono::nanoseconds took) { introduce(pid, took); },
        .say = [this](std::string const& line) { context_.say(line); }});
    if (auto started = attendant->start(); !started.ok()) outcome_.emplace(started.error());
    {
      std::lock_guard const lock(mutex_);
      attendant_ = std::move(attendant);
    }
  }

  bool tend() {
    if (outcome_) return false;
    renew_environment();
    if (attendant_->step()) return true;
    auto const& over = *attendant_->over();
    if (over.ok()) outcome_.emplace(static_cast<Exit>(*over));
    if (!over.ok()) outcome_.emplace(over.error());
    return false;
  }

  // Does the child serve?
  [[nodiscard]] bool settled() const { return check().state == server::CheckResult::State::ok; }

  void forward(int number) { attendant_->signal(number); }

  void drained(runtime::Drained const& how) {
    auto const end = attendant_->stop();
    context_.say("stopped: " + drain_line(how, end));
    if (end && end->how == backend::ChildEnd::How::killed) {
      outcome_.emplace(make_error(Code::check_failed, "the command was killed: it ignored SIGTERM",
                                  "run.stop_timeout is how long it may take"));
    }
  }

  // The child's own end, when that is why we ended.
  [[nodiscard]] std::optional<Result<Exit>> const& outcome() const { return outcome_; }

 private:
  // A secret of run.environment changed: a child that may be restarted gets it now, another when it
  // is started next.
  void renew_environment() {
    std::optional<std::vector<std::string>> renewed;
    {
      std::lock_guard const lock(mutex_);
      renewed.swap(renewed_);
    }
    if (!renewed) return;
    config_.child.environment = std::move(*renewed);
    bool const now = config_.child.restart != backend::Restart::never;
    context_.say(now ? "child starts again: a secret of run.environment changed"
                     : "a secret of run.environment changed; run.restart is never, so the child "
                       "keeps the old one");
    using Again = runtime::Attendant::Again;
    attendant_->set_environment(child_environment(context_.env, config_, agent_->listening()),
                                now ? Again::now : Again::later);
  }

  server::CheckResult check() const {
    std::lock_guard const lock(mutex_);
    if (!attendant_) return {server::CheckResult::State::failed, "not started yet"};
    return attendant_->check();
  }

  void introduce(pid_t pid, std::chrono::nanoseconds took) {
    auto const addresses = runtime::child_addresses(config_);
    auto const name = "child " + std::to_string(pid);
    if (introduced_) return context_.say(name + " listens again, after " + format_duration(took));
    introduced_ = true;
    std::string where = " runs";
    for (auto const& one : addresses)
      where += (&one == &addresses.front() ? ", listening on " : ", ") + shown(one);
    context_.say(name + where + "; started only after the SVID arrived (" +
                 format_duration(served_after_) + ")");
    for (auto const& line : sidecar_lines(config_, agent_->listening(), agent_->claims_dropped()))
      context_.say(line);
  }

  // unix:/run/app.sock
  static std::string shown(std::string const& address) {
    constexpr std::string_view kUnix = "unix://";
    return address.starts_with(kUnix) ? "unix:" + address.substr(kUnix.size()) : address;
  }

  RunOptions const& options_;
  Context& context_;
  config::Config config_;
  runtime::Runtime* agent_ = nullptr;  // lives until `drained` has returned
  std::chrono::nanoseconds served_after_{0};
  bool introduced_ = false;
  std::optional<Result<Exit>> outcome_;
  mutable std::mutex mutex_;
  std::optional<std::vector<std::string>> renewed_;  // guarded by mutex_
  std::unique_ptr<runtime::Attendant> attendant_;    // guarded by mutex_ against `check`
};

Result<config::LoadRequest> run_request(RunOptions const& options, Context& context,
                                        std::string const& directory) {
  AW_TRY(auto request, load_request(options.config, context));
  if (!options.restart.empty())
    request.flags.push_back({"--restart", "run.restart", options.restart});
  request.defaults = {"server.upstream=unix://" + directory + "/app.sock"};
  return request;
}

Result<Exit> run_run(RunOptions const& options, Context& context) {
  if (options.command.empty())
    return make_error(Code::usage, "no command to run",
                      "agentweave run --config sidecar.yaml -- python app.py");
  AW_TRY(auto const directory, PrivateDirectory::make(context));
  Keeper keeper(options, context);
  Serving serving;
  serving.as = As::keeper;
  AW_TRY(serving.request, run_request(options, context, directory.path()));
  serving.seams = [&keeper](config::Loaded const& loaded) { return keeper.seams(loaded); };
  serving.ready = [&keeper](runtime::Runtime& agent, std::chrono::nanoseconds took) {
    keeper.begin(agent, took);
  };
  serving.tend = [&keeper] { return keeper.tend(); };
  serving.settled = [&keeper] { return keeper.settled(); };
  serving.forward = [&keeper](int number) { keeper.forward(number); };
  serving.drained = [&keeper](runtime::Runtime&, runtime::Drained const& how) {
    keeper.drained(how);
  };
  auto const served = serve_until_stopped(serving, context);
  if (keeper.outcome()) return *keeper.outcome();
  if (!served.ok()) return served.error();
  return Exit::ok;
}

}  // namespace

void register_run(CLI::App& parent, Context& context) {
  auto options = std::make_shared<RunOptions>();
  auto& command = add_command(
      parent,
      {.name = "run",
       .purpose = "Serve a configuration with a command of yours as the backend behind it",
       .examples =
           {"agentweave run --config sidecar.yaml -- python legacy.py",
            "agentweave run --config sidecar.yaml --restart on-failure -- ./server --quiet"},
       .details =
           "The command starts once the SVID is there and we listen; we are ready when it "
           "listens.\n"
           "It gets AGENTWEAVE_APP (where to listen: a unix socket of its own unless "
           "server.upstream\n"
           "says otherwise), AGENTWEAVE_OUTBOUND and HTTP_PROXY (how to call others),\n"
           "AGENTWEAVE_SPIFFE_ID, what run.environment lists, and our environment but for what is\n"
           "meant for us.\n"
           "SIGTERM and SIGINT: we drain, then the command gets SIGTERM, and SIGKILL after\n"
           "run.stop_timeout. SIGUSR1, SIGUSR2 and SIGWINCH are passed on; SIGHUP reloads us.\n"
           "When the command ends by itself and is not started again, its exit code is ours."});
  command.add_option("--config", options->config.file, "The configuration file")->type_name("FILE");
  add_environment_and_overrides(command, options->config);
  command.add_option("--restart", options->restart, "Instead of run.restart")
      ->check(CLI::IsMember({"never", "on-failure", "always"}));
  command.add_option("COMMAND", options->command, "The command and its arguments, after --");
  on_answer(command, context, [options, &context] { return run_run(*options, context); });
}

}  // namespace aw::commands
