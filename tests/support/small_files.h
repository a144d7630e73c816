// SPDX-License-Identifier: Apache-2.0
// A full disk, for files that are larger than others: while it lives, this process can make no file
// longer than `most`.
#pragma once

#include <sys/resource.h>

#include <csignal>

namespace aw::testing {

// One at a time. A write beyond the bound fails with EFBIG.
class SmallFiles {
 public:
  explicit SmallFiles(rlim_t most) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit const now{.rlim_cur = most, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SmallFiles(SmallFiles const&) = delete;
  SmallFiles& operator=(SmallFiles const&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

}  // namespace aw::testing
