// SPDX-License-Identifier: Apache-2.0
// What systemd is told (sd_notify(3), Type=notify) and what it hands over (sd_listen_fds(3)): a
// datagram and two environment variables, not worth a library.
//
// One owner, one thread. Nothing blocks; without a supervisor everything does nothing.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::runtime {

// How this process's variables are asked; called in the constructor only.
using Environment = std::function<std::optional<std::string>(std::string const& name)>;

class Supervisor {
 public:
  // Reads NOTIFY_SOCKET, and WATCHDOG_USEC where WATCHDOG_PID is this process or absent.
  Supervisor(Environment const& environment, Clock const& clock);

  void ready(std::string_view status);  // READY=1
  void reloading();                     // RELOADING=1 with its time; end it with `ready`
  void stopping();                      // STOPPING=1
  // WATCHDOG=1 when half of the supervisor's patience has passed; call it more often than that.
  void alive();

  [[nodiscard]] bool present() const { return !socket_.empty(); }
  [[nodiscard]] std::chrono::microseconds patience() const { return patience_; }

 private:
  void tell(std::string const& state) const;

  std::string socket_;
  std::chrono::microseconds patience_{0};  // zero: no watchdog
  Clock const& clock_;
  SteadyTime told_{};
};

// The listening socket that was opened for us (LISTEN_PID, LISTEN_FDS=1): its descriptor, or none.
// Code::address_in_use when there is more than one, or what is there is no listening stream socket.
// Descriptor 3, made non-blocking and close-on-exec; the caller owns it from then on.
[[nodiscard]] Result<std::optional<int>> inherited_socket(Environment const& environment);

}  // namespace aw::runtime
