// SPDX-License-Identifier: Apache-2.0
// mtls-static: an identity from files on this machine, for development and tests.
//
// The key must be readable by its owner only (Code::key_permissions); the certificate's SPIFFE ID
// must be the configured one, if one is (Code::peer_mismatch). Files are read again by `reload` and
// when they change; a bad set keeps the last good one and shows in `status`.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/provider.h"
#include "core/identity/spiffe_id.h"

namespace aw::identity {

struct StaticBundle {
  TrustDomain domain;
  std::filesystem::path path;  // PEM or SPIFFE JSON
};

// `expected_id` absent: whatever the certificate says.
struct StaticFiles {
  std::filesystem::path certificate;  // PEM, leaf first
  std::filesystem::path key;          // PEM
  std::filesystem::path authorities;  // of the own trust domain: PEM or SPIFFE JSON
  std::vector<StaticBundle> federated;
  std::optional<SpiffeId> expected_id;
};

// One reading of the files, checked; generation is left 0. Blocks on the disk.
// Also Code::svid_expired, Code::bundle_malformed, Code::io. A file that begins with a brace is
// SPIFFE JSON.
[[nodiscard]] Result<Snapshot> load_static(StaticFiles const& files, WallTime now);

class StaticProvider final : public IdentityProvider {
 public:
  // Looks at the files' times and sizes every `poll`. `clock` outlives it.
  StaticProvider(StaticFiles files, Clock const& clock,
                 std::chrono::milliseconds poll = std::chrono::seconds(1));
  ~StaticProvider() override;

  // Reads the files at once: a bad set is an error.
  [[nodiscard]] Result<void> start(io::Watch<Snapshot>& watch) override;
  void stop() override;
  [[nodiscard]] ProviderStatus status() const override;
  [[nodiscard]] Result<void> reload() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::identity
