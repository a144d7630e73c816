// SPDX-License-Identifier: Apache-2.0
// The unix socket a Workload API is served on: private to this user from its first moment.
//
// The directory is made 0700 where it is missing, the file is 0600 before anyone can connect, and
// each connection's user is asked of the kernel: only this user and root get in. Owner: one; `stop`
// joins the accepting thread and may be called twice; the destructor calls it.
#pragma once

#include <filesystem>
#include <functional>
#include <thread>

#include "core/base/fs.h"
#include "core/base/result.h"

namespace aw::identity {

class WorkloadSocket {
 public:
  // Replaces a socket nobody answers on. A live one is refused with Code::address_in_use, anything
  // that is no socket with Code::io.
  static Result<std::unique_ptr<WorkloadSocket>> bind(std::filesystem::path const& path);
  ~WorkloadSocket();
  WorkloadSocket(WorkloadSocket const&) = delete;
  WorkloadSocket& operator=(WorkloadSocket const&) = delete;

  // Calls `accepted` with each new connection (non-blocking, close-on-exec) on this object's own
  // thread. Once.
  // A connection of another user is closed before `accepted` hears of it.
  void start(std::function<void(Fd)> accepted);
  // Removes the file, unless another process has taken the name since.
  void stop();

 private:
  WorkloadSocket(std::filesystem::path path, Fd listener, Fd wake);
  void accept_all(std::function<void(Fd)> const& accepted);
  void remove_file() const;

  std::filesystem::path const path_;
  Fd listener_;
  Fd wake_;  // an eventfd, written once by `stop`
  std::uint64_t inode_ = 0;
  std::thread thread_;
};

}  // namespace aw::identity
