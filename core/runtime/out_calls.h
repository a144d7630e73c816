// SPDX-License-Identifier: Apache-2.0
// Calls that code of this very process makes: through the same gates as the outbound listener's,
// without a socket in between.
//
// Any thread but the loops': `call` blocks. What it is given outlives it.
#pragma once

#include <chrono>
#include <memory>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/io/loops.h"
#include "core/server/outbound.h"

namespace aw::runtime {

class OutCalls {
 public:
  OutCalls(server::Outbound& outbound, io::Loops& loops);
  ~OutCalls();  // stops
  OutCalls(OutCalls const&) = delete;
  OutCalls& operator=(OutCalls const&) = delete;

  // The whole answer, whatever its status. Code::timeout after `patience`, Code::draining once
  // stopped, Code::too_large past 64 MiB, Code::internal when none was given.
  [[nodiscard]] Result<http::Response> call(http::Request request,
                                            std::chrono::nanoseconds patience);
  // Cancels what runs and waits for it; later calls are refused. Twice is fine.
  void stop();

 private:
  struct State;
  server::Outbound& outbound_;
  io::Loops& loops_;
  std::shared_ptr<State> state_;  // shared with the calls, which end on their loops
};

}  // namespace aw::runtime
