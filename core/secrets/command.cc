// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/secret.h"

namespace aw::secrets {
namespace {

std::vector<char*> spawn_words(std::vector<std::string> const& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  // posix_spawn takes char* const[] for C's sake and writes to none of them.
  for (auto const& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// Killed with its group, and reaped, when it goes.
class Started {
 public:
  explicit Started(pid_t pid) : pid_(pid) {}
  ~Started() {
    if (pid_ > 0) static_cast<void>(finish());
  }
  Started(Started&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Started& operator=(Started&&) = delete;
  Started(Started const&) = delete;
  Started& operator=(Started const&) = delete;

  void kill() const { ::kill(-pid_, SIGKILL); }
  // Its exit status. Blocks until it has ended; the rest of its group goes first.
  int finish() {
    siginfo_t info{};
    // Without reaping: until then the group's number is its own.
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR) {
    }
    kill();
    int raw = 0;
    while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  }

 private:
  pid_t pid_;
};

Result<Started> launch(CommandSpec const& spec, int output) {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  sigset_t all;
  sigset_t none;
  sigfillset(&all);
  sigemptyset(&none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  auto const words = spawn_words(spec.command);
  auto const environment = spawn_words(spec.environment);
  pid_t pid = -1;
  int const failed =
      ::posix_spawnp(&pid, words.front(), &actions, &attributes, words.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0)
    return errno_error(Code::secret_unavailable, "start " + spec.command.front(), failed);
  return Started(pid);
}

enum class Reading { whole, late, too_much };

// Until the other end is closed: by the command, and by all it started that holds it.
Reading read_until_closed(int fd, SteadyTime until, std::size_t limit, std::string& out) {
  std::array<char, 4096> buffer{};
  for (;;) {
    auto const left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_now()).count();
    if (left <= 0) return Reading::late;
    pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
    int const ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready <= 0) continue;  // interrupted, or another look at the time
    auto const got = ::read(fd, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) {
      wipe(buffer);
      return Reading::whole;
    }
    if (out.size() + static_cast<std::size_t>(got) > limit) return Reading::too_much;
    out.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::string> command_output(CommandSpec const& spec) {
  if (spec.command.empty() || spec.command.front().empty())
    return make_error(Code::secret_unavailable, "there is no command");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return errno_error(Code::secret_unavailable, "make a pipe", errno);
  Fd const output(ends[0]);
  Fd write(ends[1]);
  AW_TRY(auto started, launch(spec, write.get()));
  write.reset();
  std::string out;
  out.reserve(spec.limit);  // grows nowhere: no copy of it is left behind
  auto const read = read_until_closed(output.get(), steady_now() + spec.timeout, spec.limit, out);
  auto const& name = spec.command.front();
  if (read != Reading::whole) {
    started.kill();
    wipe(out);
    if (read == Reading::late)
      return make_error(Code::secret_unavailable,
                        name + " took longer than " + format_duration(spec.timeout));
    return make_error(Code::secret_malformed, name + " printed more than 64 KiB");
  }
  if (int const status = started.finish(); status != 0) {
    wipe(out);
    return make_error(Code::secret_unavailable,
                      name + " ended with status " + std::to_string(status));
  }
  return out;
}

}  // namespace aw::secrets
