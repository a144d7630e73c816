// SPDX-License-Identifier: Apache-2.0
// One long-lived program behind us: the command of `agentweave run`.
//
// It has our standard output and error, nothing on its input, no other descriptor, default signals
// and a process group of its own, so that a Ctrl-C meant for us does not end it before its work is
// done. The kernel kills it when we die. One owner, one thread: the one that started it, which must
// live as long (PR_SET_PDEATHSIG is about threads).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/backend/config.h"
#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/io/backoff.h"

namespace aw::backend {

struct ChildSpec {
  std::vector<std::string> command;      // program and arguments; searched in our PATH; no shell
  std::vector<std::string> environment;  // NAME=value, all of it
};

// What ended, and how: `status` is the exit status (0–255), or 128 + the signal that ended it.
struct ChildEnd {
  int status = 0;
  enum class How { by_itself, asked, killed } how = How::by_itself;
};

class Child {
 public:
  // Blocks for a moment, until the program is loaded. Code::backend_unreachable when it cannot be.
  [[nodiscard]] static Result<Child> start(ChildSpec const& spec);
  ~Child();  // kills the whole group, and reaps it
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Its end, once it has ended; what it left behind in its group is killed then. Does not block.
  [[nodiscard]] std::optional<ChildEnd> ended();
  // To the program alone: what the others of its group do with a signal is its business.
  void signal(int number) const;
  // SIGTERM to the group, SIGKILL after `grace`. Blocks until it is gone. Afterwards the same
  // answer.
  ChildEnd end(std::chrono::nanoseconds grace);

 private:
  Child(pid_t pid, Fd watch) : pid_(pid), watch_(std::move(watch)) {}
  void reap();
  void clear_group() const;

  pid_t pid_ = -1;  // also its group; -1 = moved from
  Fd watch_;        // readable when it has ended
  std::optional<ChildEnd> end_;
};

// Whether a child that ended is started again, and after which pause: exponential up to 30 s, from
// the beginning again after a minute of life.
class Restarts {
 public:
  explicit Restarts(Restart policy) : policy_(policy) {}
  // nullopt: not again. One owner.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> pause_after(int status,
                                                                    std::chrono::nanoseconds lived);
  [[nodiscard]] unsigned count() const { return count_; }

 private:
  Restart policy_;
  io::Backoff backoff_{std::chrono::milliseconds(200), std::chrono::seconds(30)};
  unsigned count_ = 0;
};

}  // namespace aw::backend
