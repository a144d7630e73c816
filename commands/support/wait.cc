// SPDX-License-Identifier: Apache-2.0
#include "commands/support/wait.h"

#include <condition_variable>
#include <mutex>

namespace aw::commands {

Waited wait_for(std::stop_token const& stop, std::chrono::nanoseconds duration) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  bool const stopped =
      changed.wait_for(lock, stop, duration, [&] { return stop.stop_requested(); });
  return stopped ? Waited::interrupted : Waited::whole;
}

}  // namespace aw::commands
