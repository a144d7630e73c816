// SPDX-License-Identifier: Apache-2.0
#include "core/io/task.h"

namespace aw::io {

Task<void> sleep_until(SteadyTime when) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, when);
  co_await timer.async_wait(kNoThrow);
}

}  // namespace aw::io
