// SPDX-License-Identifier: Apache-2.0
// Federation as configured, and as added while running: the sources, how their endpoints are asked,
// and what is remembered of them in state.directory/federation.json.
#pragma once

#include <memory>

#include "core/base/log.h"
#include "core/config/config.h"
#include "core/identity/federation.h"

namespace aw::runtime {

// `own` wrapped, with all its sources. Reads bootstrap files. `clock` and `log` outlive it.
// Code::bundle_malformed, Code::config_*; a state file that cannot be read is Code::state_unusable.
[[nodiscard]] Result<std::unique_ptr<identity::FederatedProvider>> federate(
    config::Config const& config, std::unique_ptr<identity::IdentityProvider> own,
    Clock const& clock, log::Log& log);

// One endpoint, asked as its profile says: https_web by its host name, https_spiffe by its SPIFFE
// ID under `trusted`. Blocks, 10 s at the most. Errors of http::Client, Code::no_bundle without
// `trusted`, Code::protocol for an answer other than 200.
[[nodiscard]] Result<std::string> fetch_bundle_document(identity::FederationSource const& source,
                                                        identity::Bundle const* trusted,
                                                        Clock const& clock);

}  // namespace aw::runtime
