// SPDX-License-Identifier: Apache-2.0
// A process that has no descriptors left: while it lives, `more` files can be opened and no further
// one.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace aw::testing {

// One at a time. A file beyond the bound fails with EMFILE.
class FewFiles {
 public:
  explicit FewFiles(rlim_t more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    int const next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(next);
    rlimit const now{.rlim_cur = static_cast<rlim_t>(next) + more, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~FewFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewFiles(FewFiles const&) = delete;
  FewFiles& operator=(FewFiles const&) = delete;

 private:
  rlimit before_{};
};

}  // namespace aw::testing
