// SPDX-License-Identifier: Apache-2.0
// Between the Workload API's messages and our own values.
//
// Pure; any thread. Reading is strict: one bad SVID or bundle makes the whole message bad, because
// a message is one state. Internal to this folder.
#pragma once

#include <string_view>

#include "core/base/result.h"
#include "core/identity/snapshot.h"

// workload.proto has no package.
class X509SVIDResponse;
class X509BundlesResponse;
class JWTBundlesResponse;

namespace aw::identity {

inline constexpr int kMaxSvids = 1000;
inline constexpr std::size_t kMaxBundles = 1000;

// Each SVID obeys X.509-SVID, its key fits, its ID is the one announced; each trust domain has one
// bundle. Of SVIDs with the same hint the first counts (Workload API §5.2.1). No SVID at all =
// withdrawn. Errors: Code::svid_malformed, Code::key_malformed, Code::bundle_malformed,
// Code::spiffe_id_malformed.
Result<Snapshot> read_message(X509SVIDResponse const& message, WallTime received);
Result<Bundles> read_message(X509BundlesResponse const& message);
// JWT authorities only.
Result<Bundles> read_message(JWTBundlesResponse const& message);

// Overwrites the private keys in it.
void wipe_keys(X509SVIDResponse& message);

// Errors: Code::key_malformed.
Result<void> write_message(Snapshot const& snapshot, X509SVIDResponse& message);
void write_message(Snapshot const& snapshot, X509BundlesResponse& message);
void write_message(Snapshot const& snapshot, JWTBundlesResponse& message);

// For fuzzing: the wire form of an X509SVIDResponse.
Result<Snapshot> read_x509_wire(std::string_view bytes, WallTime received);

}  // namespace aw::identity
