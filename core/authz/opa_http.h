// SPDX-License-Identifier: Apache-2.0
// OpaTransport over the pooled HTTP client: http://, https:// (the system's trust, a CA file, or
// whatever security the caller brings, such as mutual TLS with our SVID) and unix:// endpoints.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/authz/config.h"
#include "core/authz/opa_transport.h"
#include "core/base/live_text.h"
#include "core/base/result.h"
#include "core/http/client.h"

namespace aw::authz {

// `client` outlives the transport. `security`, when given, is used for every https endpoint in
// place of the web's; `token`, when given, instead of config.opa_token. Errors: config_unsupported
// for an endpoint that is no URL, tls_setup for a CA file that cannot be used.
[[nodiscard]] Result<std::unique_ptr<OpaTransport>> http_opa_transport(
    Config const& config, http::Client& client, std::optional<http::Security> security,
    std::shared_ptr<LiveText const> token = nullptr);

}  // namespace aw::authz
