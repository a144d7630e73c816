// SPDX-License-Identifier: Apache-2.0
#include "core/http/web_security.h"

#include <utility>

namespace aw::http {

Result<Security> web_security(std::string const& ca_file) {
  AW_TRY(auto context, tls::Context::web_client({.ca_file = ca_file, .alpn = {"h2", "http/1.1"}}));
  Security out;
  out.name = "web " + ca_file;
  out.context = [context = std::move(context)]() -> Result<std::shared_ptr<const tls::Context>> {
    return context;
  };
  // The context itself checked the chain and the name.
  out.check = [](std::span<const tls::Certificate>) { return Result<void>{}; };
  return out;
}

}  // namespace aw::http
