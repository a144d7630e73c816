// SPDX-License-Identifier: Apache-2.0
// TLS to whoever a public authority vouches for: the host's name is checked, nobody proves a SPIFFE
// ID.
#pragma once

#include <string>

#include "core/http/client.h"

namespace aw::http {

// `ca_file`: the authorities (PEM) instead of the machine's; empty = those, which SSL_CERT_FILE and
// SSL_CERT_DIR replace. Blocks on that file. Code::tls_setup.
[[nodiscard]] Result<Security> web_security(std::string const& ca_file = {});

}  // namespace aw::http
