// SPDX-License-Identifier: Apache-2.0
// `call_agent` as an HTTP request, and its result in the answer. Pure. Not installed.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/http/message.h"
#include "core/sdk/agent.h"

namespace aw::sdk {

// Code::usage for a capability that cannot be one, Code::request_malformed for a payload that is
// no JSON.
[[nodiscard]] Result<http::Request> agent_request(std::string_view target,
                                                  std::string_view capability,
                                                  std::string_view payload,
                                                  CallOptions const& options);
// Errors of Agent::call_agent; Code::backend_answer_malformed for what is no task.
[[nodiscard]] Result<std::string> agent_result(http::Response const& response);

}  // namespace aw::sdk
