// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/supervisor.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstring>
#include <ctime>

#include "core/base/fs.h"

namespace aw::runtime {
namespace {

constexpr int kFirstInherited = 3;  // SD_LISTEN_FDS_START

std::optional<std::int64_t> number(std::optional<std::string> const& text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  auto const* const end = text->data() + text->size();
  auto const [rest, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc{} || rest != end || value < 0) return std::nullopt;
  return value;
}

// systemd counts in CLOCK_MONOTONIC microseconds.
std::int64_t monotonic_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

Supervisor::Supervisor(Environment const& environment, Clock const& clock) : clock_(clock) {
  socket_ = environment("NOTIFY_SOCKET").value_or("");
  if (!socket_.starts_with('/') && !socket_.starts_with('@')) socket_.clear();
  auto const whose = number(environment("WATCHDOG_PID"));
  if (whose && *whose != ::getpid()) return;
  if (auto const micros = number(environment("WATCHDOG_USEC"))) {
    patience_ = std::chrono::microseconds(*micros);
  }
}

void Supervisor::ready(std::string_view status) { tell("READY=1\nSTATUS=" + std::string(status)); }

void Supervisor::reloading() {
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_micros()));
}

void Supervisor::stopping() { tell("STOPPING=1"); }

void Supervisor::alive() {
  if (patience_.count() == 0) return;
  auto const now = clock_.steady();
  if (now - told_ < patience_ / 2) return;
  told_ = now;
  tell("WATCHDOG=1");
}

void Supervisor::tell(std::string const& state) const {
  if (socket_.empty()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  Fd const to(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  auto const size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  // A supervisor that does not listen is no reason to stop serving.
  static_cast<void>(::sendto(to.get(), state.data(), state.size(), MSG_NOSIGNAL,
                             reinterpret_cast<sockaddr const*>(&address), size));
}

Result<std::optional<int>> inherited_socket(Environment const& environment) {
  auto const whose = number(environment("LISTEN_PID"));
  auto const count = number(environment("LISTEN_FDS"));
  if (!whose || *whose != ::getpid() || !count || *count == 0) return std::optional<int>();
  if (*count != 1) {
    return make_error(Code::address_in_use,
                      "socket activation handed over " + std::to_string(*count) + " sockets",
                      "give the unit one ListenStream=, for the agent's port");
  }
  int listening = 0;
  socklen_t size = sizeof listening;
  if (::getsockopt(kFirstInherited, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
      listening == 0) {
    return make_error(Code::address_in_use, "descriptor 3 of socket activation does not listen",
                      "ListenStream= with Accept=no");
  }
  ::fcntl(kFirstInherited, F_SETFD, FD_CLOEXEC);
  ::fcntl(kFirstInherited, F_SETFL, ::fcntl(kFirstInherited, F_GETFL) | O_NONBLOCK);
  return std::optional<int>(kFirstInherited);
}

}  // namespace aw::runtime
