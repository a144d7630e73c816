// SPDX-License-Identifier: Apache-2.0
// `agentweave nonce`: fresh replay-protection headers for callers without an SDK.
#pragma once

#include "commands/support/context.h"

namespace aw::commands {

struct NonceOptions {
  enum class Form { headers, curl } form = Form::headers;
};

Result<void> run_nonce(NonceOptions const& options, Context& context);
void register_nonce(CLI::App& parent, Context& context);

}  // namespace aw::commands
