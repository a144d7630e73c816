// SPDX-License-Identifier: Apache-2.0
// One child process with pipes on its standard streams.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/io/pool.h"

namespace aw::backend {

// `command` is not empty. Nothing of our environment is added.
struct ProcessSpec {
  std::vector<std::string> command;      // program and arguments; searched in PATH
  std::vector<std::string> environment;  // NAME=value, all of it
  std::string directory;                 // empty = ours
};

// Owns the process: destroying it kills the whole group and has it reaped on the pool. One owner.
class Process {
 public:
  // Blocks for a moment (until the program is loaded). Code::backend_unreachable.
  [[nodiscard]] static Result<Process> start(ProcessSpec const& spec, io::BlockingPool& pool);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  Process(Process const&) = delete;
  Process& operator=(Process const&) = delete;

  // Pipes, non-blocking; each may be taken (moved out) once.
  Fd input;
  Fd output;
  Fd errors;
  // Readable when the process has ended.
  Fd ended;

  // To the process and all it started, unless they left its group; nothing after `reap`.
  void signal_group(int signal) const;
  // After `ended` is readable: the exit status (0–255), or 128 + the signal that ended it. Does not
  // block. Kills what the process left behind in its group.
  [[nodiscard]] int reap();

 private:
  Process(pid_t pid, io::BlockingPool& pool) : pid_(pid), pool_(&pool) {}
  pid_t pid_ = -1;  // also its group; -1 = reaped
  io::BlockingPool* pool_;
};

}  // namespace aw::backend
