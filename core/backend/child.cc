// SPDX-License-Identifier: Apache-2.0
#include "core/backend/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace aw::backend {
namespace {

constexpr auto kSteadyLife = std::chrono::minutes(1);

std::vector<char*> words_of(std::vector<std::string> const& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  // exec takes char* const[] for C's sake and writes to none of them.
  for (auto const& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

// Between fork and exec: system calls only, since other threads may hold any lock of the library.
class Newborn {
 public:
  Newborn(char* const* command, char* const* environment, int report, pid_t parent)
      : command_(command), environment_(environment), report_(report), parent_(parent) {}

  [[noreturn]] void become() const {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent_) ::_exit(127);  // we died before the kernel knew
    for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    int const nothing = ::open("/dev/null", O_RDONLY);
    if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
    constexpr unsigned kOnExec = 4;  // CLOSE_RANGE_CLOEXEC: the report must live until then
    ::syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, kOnExec);
    ::execvpe(command_[0], command_, environment_);
    int const failed = errno;
    static_cast<void>(::write(report_, &failed, sizeof failed));
    ::_exit(127);
  }

 private:
  char* const* command_;
  char* const* environment_;
  int report_;
  pid_t parent_;
};

// The number of the error that kept the program from loading; 0 when it runs.
int reported(int from) {
  int number = 0;
  ssize_t got = 0;
  do got = ::read(from, &number, sizeof number);
  while (got < 0 && errno == EINTR);
  return got == sizeof number ? number : 0;
}

int status_of(int raw) { return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw); }

}  // namespace

Result<Child> Child::start(ChildSpec const& spec) {
  if (spec.command.empty() || spec.command.front().empty())
    return make_error(Code::usage, "no command to run");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return errno_error(Code::backend_unreachable, "make a pipe", errno);
  Fd const report(ends[0]);
  Fd write(ends[1]);
  auto const command = words_of(spec.command);
  auto const environment = words_of(spec.environment);
  Newborn const newborn(command.data(), environment.data(), write.get(), ::getpid());
  pid_t const pid = ::fork();
  if (pid < 0)
    return errno_error(Code::backend_unreachable, "start " + spec.command.front(), errno);
  if (pid == 0) newborn.become();
  write.reset();
  if (int const failed = reported(report.get()); failed != 0) {
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return errno_error(Code::backend_unreachable, "start " + spec.command.front(), failed);
  }
  Child child(pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  if (!child.watch_.open()) return errno_error(Code::backend_unreachable, "watch a process", errno);
  return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), watch_(std::move(other.watch_)), end_(other.end_) {}

Child::~Child() {
  if (pid_ < 0 || end_) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  clear_group();
}

// Before the program itself is reaped its group's number cannot belong to anybody else; so the rest
// of the group is killed first.
void Child::reap() {
  ::kill(-pid_, SIGKILL);
  int raw = 0;
  while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
  }
  end_ = ChildEnd{.status = status_of(raw), .how = ChildEnd::How::by_itself};
  clear_group();
}

// Those of the group that became ours when their parent ended: so it is where we are process 1 of a
// container; elsewhere they are init's. Killed already.
void Child::clear_group() const {
  while (::waitpid(-pid_, nullptr, WNOHANG) > 0) {
  }
}

std::optional<ChildEnd> Child::ended() {
  if (end_) return end_;
  pollfd watched{.fd = watch_.get(), .events = POLLIN, .revents = 0};
  if (::poll(&watched, 1, 0) != 1) return std::nullopt;
  reap();
  return end_;
}

void Child::signal(int number) const {
  if (pid_ > 0 && !end_) ::kill(pid_, number);
}

ChildEnd Child::end(std::chrono::nanoseconds grace) {
  if (end_) return *end_;
  ::kill(-pid_, SIGTERM);
  auto const until = steady_now() + grace;
  for (;;) {
    auto const left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - steady_now()).count();
    pollfd watched{.fd = watch_.get(), .events = POLLIN, .revents = 0};
    int const ready = ::poll(&watched, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready < 0 && errno == EINTR) continue;
    reap();  // kills what is still there
    end_->how = ready == 1 ? ChildEnd::How::asked : ChildEnd::How::killed;
    return *end_;
  }
}

std::optional<std::chrono::nanoseconds> Restarts::pause_after(int status,
                                                              std::chrono::nanoseconds lived) {
  if (policy_ == Restart::never) return std::nullopt;
  if (policy_ == Restart::on_failure && status == 0) return std::nullopt;
  if (lived >= kSteadyLife) backoff_.reset();
  ++count_;
  return backoff_.next();
}

}  // namespace aw::backend
