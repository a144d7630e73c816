// SPDX-License-Identifier: Apache-2.0
// Calls that code of this very process makes: through the same gates as the outbound listener's,
// without a socket in between.
//
// Any thread but the loops': `call` blocks. What it is given outlives it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/http/server.h"
#include "core/io/loops.h"
#include "core/io/task.h"

namespace aw::runtime {

class OutCalls {
 public:
  // What a call goes through (server::Outbound::serve): on a loop; request and writer outlive it.
  using Gates = std::function<io::Task<void>(http::Request& request, http::ResponseWriter& writer,
                                             std::string const& from)>;
  OutCalls(Gates gates, io::Loops& loops);
  ~OutCalls();  // stops
  OutCalls(OutCalls const&) = delete;
  OutCalls& operator=(OutCalls const&) = delete;

  // The whole answer, whatever its status. Code::timeout after `patience`, Code::draining once
  // stopped, Code::too_large past 64 MiB, Code::protocol when it broke off, Code::internal when
  // none was given.
  [[nodiscard]] Result<http::Response> call(http::Request request,
                                            std::chrono::nanoseconds patience);
  // Cancels what runs and waits for it; later calls are refused. Twice is fine.
  void stop();

 private:
  struct State;
  io::Loops& loops_;
  std::shared_ptr<State> state_;  // shared with the calls, which end on their loops
};

}  // namespace aw::runtime
