// SPDX-License-Identifier: Apache-2.0
#include "core/backend/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace aw::backend {
namespace {

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return errno_error(Code::backend_unreachable, "make a pipe", errno);
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

void set_nonblocking(Fd const& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// By number: the C library's own declaration of it has C++ linkage in glibc 2.36.
Fd open_pidfd(pid_t pid) { return Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

// What the child sets up between fork and exec.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(SpawnPlan const&) = delete;
  SpawnPlan& operator=(SpawnPlan const&) = delete;

  void streams(int input, int output, int errors) {
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    // Everything of ours is close-on-exec already; this holds even if something is not.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
  }
  void directory(std::string const& path) {
    if (!path.empty()) ::posix_spawn_file_actions_addchdir_np(&actions_, path.c_str());
  }
  void clean_signals() {
    sigset_t all;
    sigset_t none;
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  int spawn(pid_t& pid, ProcessSpec spec) const {
    auto arguments = pointers(spec.command);
    auto environment = pointers(spec.environment);
    return ::posix_spawnp(&pid, arguments.front(), &actions_, &attributes_, arguments.data(),
                          environment.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

Result<Process> Process::start(ProcessSpec const& spec, io::BlockingPool& pool) {
  AW_TRY(auto in, make_pipe());
  AW_TRY(auto out, make_pipe());
  AW_TRY(auto err, make_pipe());
  SpawnPlan plan;
  plan.directory(spec.directory);
  plan.streams(in.read.get(), out.write.get(), err.write.get());
  plan.clean_signals();
  pid_t pid = -1;
  if (int const failed = plan.spawn(pid, spec); failed != 0)
    return errno_error(Code::backend_unreachable, "start " + spec.command.front(), failed);
  Process process(pid, pool);
  process.input = std::move(in.write);
  process.output = std::move(out.read);
  process.errors = std::move(err.read);
  process.ended = open_pidfd(pid);
  if (!process.ended.open())
    return errno_error(Code::backend_unreachable, "watch a process", errno);
  for (auto const* const fd : {&process.input, &process.output, &process.errors, &process.ended})
    set_nonblocking(*fd);
  return process;
}

Process::Process(Process&& other) noexcept
    : input(std::move(other.input)),
      output(std::move(other.output)),
      errors(std::move(other.errors)),
      ended(std::move(other.ended)),
      pid_(std::exchange(other.pid_, -1)),
      pool_(other.pool_) {}

Process::~Process() {
  if (pid_ < 0) return;
  signal_group(SIGKILL);
  auto const wait = [pid = pid_] {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  };
  // A killed process is gone in moments; only a pool that is full or stopping makes us wait for it.
  if (!pool_->submit(wait)) wait();
}

void Process::signal_group(int signal) const {
  if (pid_ > 0) ::kill(-pid_, signal);
}

int Process::reap() {
  // Before waitpid: until then the group's number cannot belong to anyone else.
  signal_group(SIGKILL);
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return 128 + WTERMSIG(status);
}

}  // namespace aw::backend
