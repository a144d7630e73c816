// SPDX-License-Identifier: Apache-2.0
// A text that may change while others use it: a token that was rotated. Any thread; readers get a
// copy of their own. The old text is zeroed.
#pragma once

#include <mutex>
#include <string>

#include "core/base/secret.h"

namespace aw {

class LiveText {
 public:
  explicit LiveText(std::string text) : text_(std::move(text)) {}

  [[nodiscard]] std::string get() const {
    std::lock_guard const lock(mutex_);
    return std::string(text_.reveal());
  }
  void set(std::string text) {
    std::lock_guard const lock(mutex_);
    text_ = Secret(std::move(text));
  }

 private:
  mutable std::mutex mutex_;
  Secret text_;  // guarded by mutex_
};

}  // namespace aw
