// SPDX-License-Identifier: Apache-2.0
// The identity provider that the configuration names.
#pragma once

#include <memory>

#include "core/base/log.h"
#include "core/config/config.h"
#include "core/identity/credentials.h"
#include "core/identity/provider.h"

namespace aw::runtime {

// `clock` and `log` outlive it. Errors: config_out_of_range, svid_malformed, key_permissions.
// Made, not started: nothing is fetched or read yet.
[[nodiscard]] Result<std::unique_ptr<identity::IdentityProvider>> make_identity_provider(
    config::Config const& config, Clock const& clock, log::Log& log);

// Whom to accept, and with what rules.
// Code::spiffe_id_malformed for a name that is no trust domain.
[[nodiscard]] Result<identity::CredentialsSpec> credentials_spec(config::Config const& config);

}  // namespace aw::runtime
