// SPDX-License-Identifier: Apache-2.0
// The last line of defence for secrets that text may quote: puts [redacted] in their place.
//
// Any thread. Keeps its own copies, which are zeroed with it. Costs a search per secret and text,
// so it is for logs and errors, which are few. What is shorter than four bytes would hide half of
// every text and is not kept.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/secret.h"

namespace aw {

class Mask {
 public:
  static constexpr std::size_t kLeast = 4;

  void add(Secret const& secret);
  [[nodiscard]] std::string applied(std::string_view text) const;
  // Message, hint and context.
  [[nodiscard]] Error applied(Error error) const;

 private:
  std::atomic<bool> any_{false};  // most agents have none: then nobody waits for the mutex
  mutable std::mutex mutex_;
  std::vector<Secret> secrets_;  // guarded by mutex_
};

}  // namespace aw
