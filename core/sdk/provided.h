// SPDX-License-Identifier: Apache-2.0
// The embedder's providers in the shape the runtime knows. Not installed.
#pragma once

#include <memory>

#include "core/authz/authz.h"
#include "core/identity/provider.h"
#include "core/sdk/authorization_provider.h"
#include "core/sdk/identity_provider.h"

namespace aw::sdk {

// `clock` outlives it.
[[nodiscard]] std::unique_ptr<identity::IdentityProvider> provided_identity(
    std::unique_ptr<IdentityProvider> provider, Clock const& clock);
[[nodiscard]] std::unique_ptr<authz::AuthorizationProvider> provided_authorization(
    std::unique_ptr<AuthorizationProvider> provider);

// Everything that is said in PEM, read and checked. Code::svid_malformed, Code::key_malformed,
// Code::bundle_malformed, Code::no_bundle when the own trust domain's is not there.
[[nodiscard]] Result<identity::Snapshot> read_material(IdentityMaterial const& material,
                                                       WallTime now);
[[nodiscard]] SvidInfo info_of(identity::Svid const& svid);

}  // namespace aw::sdk
