// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

extern char** environ;  // NOLINT: POSIX declares it so

namespace aw::runtime {
namespace {

std::vector<char*> pointers(std::vector<std::string> const& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  // posix_spawn takes char* const[] for C's sake and writes to none of them.
  for (auto const& word : words) out.push_back(const_cast<char*>(word.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<void> spawn_detached(std::vector<std::string> const& command,
                            std::vector<std::string> const& extra) {
  std::vector<std::string> environment = extra;
  for (char** each = environ; *each != nullptr; ++each) environment.emplace_back(*each);
  auto const arguments = pointers(command);
  auto const variables = pointers(environment);

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t none;
  sigset_t all;  // what we ignore (SIGPIPE) is our business, not the command's
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setsigmask(&attributes, &none);
  pid_t child = -1;
  int const failed = ::posix_spawnp(&child, arguments[0], nullptr, &attributes, arguments.data(),
                                    variables.data());
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) return errno_error(Code::io, "run " + command.front(), failed);
  // Reaped off the caller's thread; the hook may take as long as it likes.
  std::thread([child] { ::waitpid(child, nullptr, 0); }).detach();
  return {};
}

}  // namespace aw::runtime
