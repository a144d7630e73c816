// SPDX-License-Identifier: Apache-2.0
// Where bundles come from: the seam to a bundle service, and the one over HTTP.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/authz/config.h"
#include "core/base/result.h"
#include "core/http/client.h"

namespace aw::authz {

// `archive` is as it came: nothing in it was looked at.
struct BundleAnswer {
  bool changed = false;  // false: what was there before is still right
  std::string archive;   // when changed
  std::string etag;
};

// One caller at a time.
class BundleSource {
 public:
  virtual ~BundleSource() = default;
  // `etag` of what is held, or empty. Blocks, up to the configured time or until `stop`. Errors:
  // those of http::Client, Code::policy_unreadable for any status but 200 and 304.
  [[nodiscard]] virtual Result<BundleAnswer> fetch(std::string const& etag,
                                                   std::stop_token stop) = 0;
};

// GET url, with If-None-Match and the bearer token. `security`, when given, secures https (mutual
// TLS with our SVID); else the web's trust or ca_path. `client` outlives it.
// Code::config_unsupported for a url that is none.
[[nodiscard]] Result<std::unique_ptr<BundleSource>> http_bundle_source(
    BundleConfig const& config, http::Client& client, std::optional<http::Security> security);

}  // namespace aw::authz
