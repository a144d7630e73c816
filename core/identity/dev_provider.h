// SPDX-License-Identifier: Apache-2.0
// `identity.provider: dev`: this process is its own trust domain. Development only; production
// refuses it at load.
//
// Owns a DevIssuer and, if a socket is given, a WorkloadServer, so that other processes of this
// user get identities of the same trust domain (`call --as client`). Publishes on the issuer's
// thread.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/clock.h"
#include "core/identity/dev_issuer.h"
#include "core/identity/provider.h"
#include "core/identity/workload_server.h"

namespace aw::identity {

// What DevIssuer and WorkloadServer take.
struct DevProviderOptions {
  DevIssuerSpec issuer;
  std::filesystem::path socket;  // empty = in-process only
};

class DevProvider final : public IdentityProvider {
 public:
  // Makes the CA at once. `clock` outlives it.
  static Result<std::unique_ptr<DevProvider>> create(DevProviderOptions options,
                                                     Clock const& clock);
  ~DevProvider() override;  // stops

  // Publishes the first snapshot before it returns. Once. Errors of WorkloadServer::start.
  [[nodiscard]] Result<void> start(io::Watch<Snapshot>& watch) override;
  void stop() override;
  [[nodiscard]] ProviderStatus status() const override;
  [[nodiscard]] Result<void> reload() override;  // renews the SVIDs

  [[nodiscard]] DevIssuer& issuer();  // for drills; lives as long as this
  [[nodiscard]] std::optional<std::string> workload_address() const;  // "unix:///…" when it serves

 private:
  struct Impl;
  explicit DevProvider(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::identity
