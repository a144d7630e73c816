// SPDX-License-Identifier: Apache-2.0
// A trust bundle in a file, for what is checked offline.
#pragma once

#include <string>

#include "core/base/result.h"
#include "core/identity/snapshot.h"

namespace aw::commands {

struct BundleFileOptions {
  std::string file;          // PEM or SPIFFE JSON
  std::string trust_domain;  // empty = the one that its certificates name, when they all do
};

// Blocks on the disk. Errors: io, bundle_malformed, usage (whose bundle it is cannot be told).
[[nodiscard]] Result<identity::Bundles> read_bundle_file(BundleFileOptions const& options);

}  // namespace aw::commands
