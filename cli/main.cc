// SPDX-License-Identifier: Apache-2.0
// The process: hands the real streams, environment, clock and signals to cli::run.
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "cli/app.h"
#include "core/tls/cipher_names.h"

namespace {

// How often Ctrl-C or SIGTERM came. Global, because a handler is given nothing.
sem_t asked_to_stop;

extern "C" void on_stop_signal(int /*number*/) { sem_post(&asked_to_stop); }

void await_stop_signal() {
  while (sem_wait(&asked_to_stop) != 0) {
  }
}

// Ctrl-C and SIGTERM as a stop token. Armed on first use, so that commands which do not ask keep
// the default death. A handler and not sigwait: threads that a library began before would not have
// the signal blocked, and one of them would die of it for all. The thread ends with the process.
class Interrupt {
 public:
  std::stop_token arm() {
    if (!armed_) {
      armed_ = true;
      sem_init(&asked_to_stop, 0, 0);
      std::thread([source = source_]() mutable {
        await_stop_signal();
        source.request_stop();
        await_stop_signal();  // once more means now
        _exit(130);
      }).detach();
      struct sigaction action = {};
      action.sa_handler = on_stop_signal;
      action.sa_flags = SA_RESTART;
      for (int const number : {SIGINT, SIGTERM}) sigaction(number, &action, nullptr);
    }
    return source_.get_token();
  }

 private:
  std::stop_source source_;
  bool armed_ = false;
};

// A standard stream that came closed would be given to the next file or socket, and what we say
// written into it. Opened the wrong way round, so that using it still fails.
void hold_standard_streams() {
  for (int const fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    int const opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened != fd && opened >= 0) close(opened);
  }
}

aw::commands::Terminal terminal(int fd) {
  return isatty(fd) == 1 ? aw::commands::Terminal::yes : aw::commands::Terminal::no;
}

}  // namespace

// What jemalloc reads at its start: memory that a burst of connections needed goes back to the
// kernel within a second or two, not ten; and two arenas are enough for a few threads.
extern "C" {
extern char const* malloc_conf;
[[gnu::used, gnu::visibility("default")]] char const* malloc_conf =
    "dirty_decay_ms:1500,muzzy_decay_ms:0,narenas:2";
}

int main(int argc, char** argv) {
  hold_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error of write, not our death
  std::ios::sync_with_stdio(false);
  aw::tls::leave_out_cipher_names();
  auto const env = aw::commands::process_environment();
  aw::SystemClock const clock;
  Interrupt interrupt;
  aw::commands::World const world{.in = std::cin,
                                  .out = std::cout,
                                  .err = std::cerr,
                                  .env = env,
                                  .clock = clock,
                                  .out_terminal = terminal(STDOUT_FILENO),
                                  .err_terminal = terminal(STDERR_FILENO),
                                  .interrupt = [&interrupt] { return interrupt.arm(); }};
  return aw::cli::run(std::vector<std::string>(argv + 1, argv + argc), world);
}
