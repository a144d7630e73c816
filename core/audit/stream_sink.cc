// SPDX-License-Identifier: Apache-2.0
#include "core/audit/stream_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace aw::audit {
namespace {

constexpr int kWaitMilliseconds = 1000;

bool becomes_writable(int fd) {
  pollfd waiting{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&waiting, 1, kWaitMilliseconds) == 1 && (waiting.revents & POLLOUT) != 0;
}

}  // namespace

Result<void> StreamSink::append(Record const& record) {
  std::string const line = (torn_ ? "\n" : "") + std::string(record.line);
  std::size_t done = 0;
  while (done < line.size()) {
    auto const n = ::write(fd_, line.data() + done, line.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    if (errno == EINTR) continue;
    if ((errno == EAGAIN || errno == EWOULDBLOCK) && becomes_writable(fd_)) continue;
    torn_ = torn_ || done > 0;
    return errno_error(Code::audit_unavailable, "write audit record to " + name_, errno);
  }
  torn_ = false;
  return {};
}

}  // namespace aw::audit
