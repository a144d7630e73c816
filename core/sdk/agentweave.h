// SPDX-License-Identifier: Apache-2.0
// Everything a program needs that is an agent: #include <agentweave/agentweave.h>.
#pragma once

#include "core/authz/decision.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/spiffe_id.h"
#include "core/sdk/agent.h"
#include "core/sdk/authorization_provider.h"
#include "core/sdk/identity_provider.h"
#include "core/sdk/secure_agent.h"

// The public names in one place, by the product's name. The inner namespaces say which room a name
// is from; programs need not.
namespace agentweave {
using namespace aw::sdk;
using aw::Clock;
using aw::Code;
using aw::Error;
using aw::make_error;
using aw::Result;
using aw::Secret;
using aw::authz::allow;
using aw::authz::deny;
using aw::identity::SpiffeId;
using aw::identity::TrustDomain;
}  // namespace agentweave
