// SPDX-License-Identifier: Apache-2.0
// A private key from a file that nobody but its owner can read.
//
// Blocks on the disk. The text is zeroed; only the key stays.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/tls/private_key.h"

namespace aw::tls {

// PEM. Code::io, Code::key_permissions (group or others may use the file), Code::key_malformed.
// The permissions checked are those of the very file that is read; at most PrivateKey::kMaxBytes
// of it.
[[nodiscard]] Result<PrivateKey> load_private_key(std::filesystem::path const& path);

}  // namespace aw::tls
