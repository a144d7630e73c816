// SPDX-License-Identifier: Apache-2.0
// Waiting that Ctrl-C ends. Blocks the calling thread.
#pragma once

#include <chrono>
#include <stop_token>

namespace aw::commands {

enum class Waited { whole, interrupted };

[[nodiscard]] Waited wait_for(std::stop_token const& stop, std::chrono::nanoseconds duration);

}  // namespace aw::commands
