// SPDX-License-Identifier: Apache-2.0
// `agentweave nonce`: fresh replay-protection headers for callers without an SDK.
#pragma once

#include "commands/support/context.h"

namespace aw::commands {

struct NonceOptions {
  enum class Form { headers, curl } form = Form::headers;
};

// The two headers of core/a2a/replay_headers.h, a line each. Never fails.
Result<void> run_nonce(NonceOptions const& options, Context& context);
void register_nonce(CLI::App& parent, Context& context);

}  // namespace aw::commands
