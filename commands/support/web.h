// SPDX-License-Identifier: Apache-2.0
// One plain request to an operator's port (metrics, health, admin), for commands.
//
// Blocks up to its timeout. Never follows redirects, never uses a proxy, reads at most 16 MiB.
#pragma once

#include <chrono>
#include <string>

#include "core/base/result.h"

namespace aw::commands {

struct WebAnswer {
  long status = 0;
  std::string body;
  std::chrono::nanoseconds duration{0};
};

// http:// only: what is behind TLS wants our identity and goes through core/a2a/client.h. Errors:
// Code::usage (not such a URL), Code::connect, Code::timeout, Code::protocol, Code::too_large.
[[nodiscard]] Result<WebAnswer> web_get(std::string const& url, std::chrono::nanoseconds timeout);
// The same, with a JSON body.
[[nodiscard]] Result<WebAnswer> web_post(std::string const& url, std::string const& json,
                                         std::chrono::nanoseconds timeout);

}  // namespace aw::commands
