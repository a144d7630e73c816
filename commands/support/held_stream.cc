// SPDX-License-Identifier: Apache-2.0
#include "commands/support/held_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace aw::commands {
namespace {

// How long one who reads, but not now, is waited for: at the start of a program.
constexpr int kPatienceMs = 1000;

bool has_room(int to) {
  pollfd waiting{.fd = to, .events = POLLOUT, .revents = 0};
  for (;;) {
    auto const ready = ::poll(&waiting, 1, kPatienceMs);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

// False: nobody reads there any more. Others may have made the descriptor non-blocking: a
// terminal's is shared with the shell.
bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const written = ::write(to, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN && has_room(to)) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

HeldStream::HeldStream(int descriptor)
    : descriptor_(descriptor),
      real_(::fcntl(descriptor, F_DUPFD_CLOEXEC, 3)),
      held_(::memfd_create("held", MFD_CLOEXEC)) {
  if (!real_.open() || !held_.open() || ::dup2(held_.get(), descriptor_) < 0) real_ = Fd();
}

void HeldStream::release() {
  if (!real_.open()) return;
  std::array<char, 4096> bytes{};
  off_t at = 0;
  bool heard = true;
  auto const pass_on = [&] {
    while (heard) {
      auto const got = ::pread(held_.get(), bytes.data(), bytes.size(), at);
      if (got <= 0) return;
      heard = write_all(real_.get(), {bytes.data(), static_cast<std::size_t>(got)});
      at += got;
    }
  };
  pass_on();
  ::dup2(real_.get(), descriptor_);
  pass_on();  // what came meanwhile
  real_ = Fd();
}

}  // namespace aw::commands
