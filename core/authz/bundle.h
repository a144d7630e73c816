// SPDX-License-Identifier: Apache-2.0
// An OPA bundle: policies and data with a manifest, as a directory or a .tar.gz, signed or not
// (OPA documentation, "Bundle File Format").
//
// a/b/data.json (or data.yaml) holds data.a.b; every .rego is a module; `.manifest` says which
// roots the bundle owns, and nothing may lie outside them. Wasm and plans are for other engines and
// are passed over; delta bundles (patch.json) are refused.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/authz/bundle_archive.h"
#include "core/authz/bundle_signature.h"
#include "core/authz/policy_files.h"
#include "core/base/result.h"

namespace aw::authz {

// Modules and tests sorted by name, data joined into one object.
struct BundleContents {
  std::string revision;
  std::vector<std::string> roots;  // "" is everything
  PolicyFiles files;
};

// A directory (hidden entries left out, but for the manifest and the signature) or an archive.
// Blocks. Code::policy_unreadable.
[[nodiscard]] Result<std::vector<BundleFile>> bundle_files(std::string const& path);

// Pure. Code::policy_unreadable, Code::policy_data, Code::policy_unsupported.
// Roots may not overlap; every module's package and every value of the data lies below one. Rego
// v0 is refused.
[[nodiscard]] Result<BundleContents> parse_bundle(std::span<const BundleFile> files);

// What the configuration asks bundles to be signed with; nullopt when it asks for nothing. Reads
// the key's file. Code::config_unsupported, Code::io.
[[nodiscard]] Result<std::optional<BundleVerifier>> bundle_verifier(
    BundleVerification const& verification);

// Unpacks, verifies (when asked to), parses: nothing of an unverified bundle is looked at but its
// names and digests.
// Errors: those of parse_bundle and bundle_verifier, Code::policy_signature.
[[nodiscard]] Result<BundleContents> open_bundle(std::span<const BundleFile> files,
                                                 BundleVerification const& verification);

}  // namespace aw::authz
