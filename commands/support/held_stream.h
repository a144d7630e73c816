// SPDX-License-Identifier: Apache-2.0
// What is written to a descriptor of this process while something else has the first word.
//
// One at a time a descriptor. Any thread may write to it meanwhile; what is held leaves in its
// order, at the latest when this goes; a reader that takes nothing for a second loses the rest. A
// program started meanwhile keeps the held one.
#pragma once

#include "core/base/fs.h"

namespace aw::commands {

class HeldStream {
 public:
  // Holds nothing when the kernel has no memory file for it.
  explicit HeldStream(int descriptor);
  ~HeldStream() { release(); }
  HeldStream(HeldStream const&) = delete;
  HeldStream& operator=(HeldStream const&) = delete;

  // Twice is fine.
  void release();

 private:
  int const descriptor_;
  Fd real_;
  Fd held_;
};

}  // namespace aw::commands
