// SPDX-License-Identifier: Apache-2.0
// Everything for tests of such a program: #include <agentweave/testing.h>.
#pragma once

#include "core/testing/manual_clock.h"
#include "core/testing/mock_authorization_provider.h"
#include "core/testing/mock_identity_provider.h"
#include "core/testing/mock_secure_agent.h"

namespace agentweave::testing {
using namespace aw::testing;
}  // namespace agentweave::testing
