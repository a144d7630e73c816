// SPDX-License-Identifier: Apache-2.0
// What federation has learned, as it is kept in `state.directory/federation.json`: the sources that
// were added while the agent ran, and each domain's last bundle with the time it was fetched.
//
// Pure; any thread. What is read comes back from a disk: nothing in it is believed before it
// parses, and a file that does not is refused whole.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/bundle.h"
#include "core/identity/federation.h"

namespace aw::identity {

struct KeptFederation {
  static constexpr std::size_t kMaxBytes = std::size_t{32} << 20;

  std::vector<FederationSource> added;                         // never the configured ones
  std::map<std::string, std::pair<Bundle, WallTime>> bundles;  // by trust domain; fetched when
};

// The file's whole text; of `sources` those that were added, of `bundles` all, each with its time.
[[nodiscard]] std::string kept_federation_text(std::span<FederationSource const> sources,
                                               FetchedBundles const& bundles);

// Error: Code::state_unusable, with the member that is wrong. A domain may come once.
[[nodiscard]] Result<KeptFederation> parse_kept_federation(std::string_view text);

}  // namespace aw::identity
