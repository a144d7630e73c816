// SPDX-License-Identifier: Apache-2.0
// The outside of an OPA bundle: a gzipped tar archive of small text files. Pure; bounded.
//
// Strict where it keeps a truncated, padded or hostile archive out: checksums are verified, the end
// marks of tar and gzip must be there, names may not leave the bundle or come twice, and only
// regular files and directories are entries.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace aw::authz {

struct BundleFile {
  std::string name;  // "policies/authz.rego"; no leading slash
  std::string bytes;
};

// Bytes of the archive and of the tar in it; entries; bytes of a name.
struct ArchiveLimits {
  std::size_t packed = std::size_t{64} << 20;
  std::size_t unpacked = std::size_t{256} << 20;
  std::size_t files = 4096;
  std::size_t name = 512;
};

// In the archive's order. Code::policy_unreadable, with what is wrong and where.
[[nodiscard]] Result<std::vector<BundleFile>> read_archive(std::string_view gzip,
                                                           ArchiveLimits const& limits = {});
// The same bytes for the same files: no times, no owners.
// Code::policy_unreadable for a name of more than 99 characters.
[[nodiscard]] Result<std::string> write_archive(std::span<const BundleFile> files);

// "/a/./b" -> "a/b"; an error for what leaves the bundle, is empty, or has control characters.
[[nodiscard]] Result<std::string> bundle_name(std::string_view name);

}  // namespace aw::authz
