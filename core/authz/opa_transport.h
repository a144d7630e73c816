// SPDX-License-Identifier: Apache-2.0
// One exchange with one OPA server. The seam between deciding whom to ask and asking.
#pragma once

#include <cstddef>
#include <string>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/io/task.h"

namespace aw::authz {

// One exchange. `body` only with post.
struct OpaRequest {
  enum class Method { post, get };
  Method method = Method::post;
  std::size_t endpoint = 0;  // index into the configured ones
  std::string target;        // "/v1/data/agentweave/authz"
  std::string body;
  SteadyTime deadline;
  std::size_t max_bytes = 1U << 20;  // of the answer's body; more is an error
};

struct OpaAnswer {
  int status = 0;
  std::string body;
};

// Several exchanges at once; any loop.
class OpaTransport {
 public:
  virtual ~OpaTransport() = default;
  // Runs on the awaiter's loop and ends by the deadline. An error says that no whole answer came.
  [[nodiscard]] virtual io::Task<Result<OpaAnswer>> send(OpaRequest request) = 0;
};

}  // namespace aw::authz
