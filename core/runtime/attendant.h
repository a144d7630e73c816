// SPDX-License-Identifier: Apache-2.0
// Who looks after the command of `agentweave run`: starts it once we serve, waits until it listens,
// starts it again as its policy says, ends it when we have drained.
//
// One owner, one thread, which calls `step` several times a second; `check` may come from any.
// Nothing blocks but `stop`.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/backend/child.h"
#include "core/base/clock.h"
#include "core/config/config.h"
#include "core/server/health.h"

namespace aw::runtime {

// Where the child has to listen before calls can reach it: server.upstream, if a capability goes
// there, and each backend of type http or a2a on this machine. Sorted, each once, as URLs without a
// path.
[[nodiscard]] std::vector<std::string> child_addresses(config::Config const& config);
// Does somebody take connections there now? Waits 200 ms at the most.
[[nodiscard]] bool takes_connections(std::string const& address);

class Attendant {
 public:
  // `clock` outlives it; the functions are called from within its methods.
  struct Needs {
    backend::ChildConfig config;
    backend::ChildSpec spec;
    std::vector<std::string> addresses;  // none: the child only calls
    Clock const& clock;
    // It listens (or runs, with no addresses); `took` is the time since it was started.
    std::function<void(pid_t pid, std::chrono::nanoseconds took)> listening;
    std::function<void(std::string const& line)> say;  // what else people should know
  };
  explicit Attendant(Needs needs);

  // An error when the program cannot be started at all: a mistake, which no restart mends.
  [[nodiscard]] Result<void> start();
  // Looks after it; false once it is over for good.
  [[nodiscard]] bool step();
  // How it is over: an exit status, or Code::timeout when it never listened.
  [[nodiscard]] std::optional<Result<int>> const& over() const { return over_; }

  void signal(int number) const;
  // The environment of the next start; the one that runs keeps its own. `again`: ends the one that
  // runs, and starts anew whatever the policy.
  enum class Again { later, now };
  void set_environment(std::vector<std::string> environment, Again again);
  // Ends it for good. nullopt when none runs. Blocks up to the stop timeout.
  std::optional<backend::ChildEnd> stop();

  [[nodiscard]] server::CheckResult check() const;  // any thread

 private:
  enum class Phase { waiting, serving, paused, over };
  void begin(std::string_view why);
  void look_for_listener();
  void after_end(backend::ChildEnd end);
  void finish(Result<int> result);
  void enter(Phase phase, std::string detail);

  Needs needs_;
  backend::Restarts restarts_;
  std::optional<backend::Child> child_;
  SteadyTime started_{};
  SteadyTime again_at_{};
  std::optional<Result<int>> over_;
  Phase phase_ = Phase::paused;

  mutable std::mutex mutex_;
  server::CheckResult shown_;  // guarded by mutex_
};

}  // namespace aw::runtime
