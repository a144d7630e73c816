// SPDX-License-Identifier: Apache-2.0
// The secrets of a configuration for commands: asked for as the agent would, with the identity it
// would have, and the environment of whoever asks.
#pragma once

#include <memory>

#include "commands/support/context.h"
#include "core/config/config.h"
#include "core/secrets/store.h"

namespace aw::commands {

// `config` and `context` outlive it. The identity is fetched when a keeper wants to know it: from
// the configuration's Workload API, or from its files.
[[nodiscard]] std::unique_ptr<secrets::Store> open_secrets(config::Config const& config,
                                                           Context const& context);

}  // namespace aw::commands
