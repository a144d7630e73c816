// SPDX-License-Identifier: Apache-2.0
// From what a person calls an agent to who it is and where it listens. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/a2a/config.h"
#include "core/base/result.h"
#include "core/http/client.h"
#include "core/identity/spiffe_id.h"

namespace aw::a2a {

// A SPIFFE ID with a path, or a short name: "search" is spiffe://<own domain>/agent/search.
// Code::usage.
[[nodiscard]] Result<identity::SpiffeId> target_id(std::string_view target,
                                                   identity::TrustDomain const& own);

// `address` ("https://host:port", "host:port") when it is given, else the peers' table, else the
// template. What comes out is always https: the peer must prove its SPIFFE ID. Code::usage for an
// address that is none, Code::config_out_of_range when table or template make none.
[[nodiscard]] Result<http::Endpoint> target_endpoint(identity::SpiffeId const& id,
                                                     DiscoveryConfig const& discovery,
                                                     std::string_view address);

}  // namespace aw::a2a
