// SPDX-License-Identifier: Apache-2.0
// Identities made up on the spot, for tests: a real CA and real X.509-SVIDs, valid for nobody else.
//
// Two agents with identities of one MockTrustDomain can call each other over real mutual TLS. A
// SPIFFE ID that is none throws std::invalid_argument: the test is wrong.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/sdk/identity_provider.h"

namespace aw::testing {

// A CA in memory. Immutable; any thread.
class MockTrustDomain {
 public:
  // `clock` outlives it; null = the machine's.
  explicit MockTrustDomain(std::string_view name = "test.local", Clock const* clock = nullptr);
  ~MockTrustDomain();
  MockTrustDomain(MockTrustDomain const&) = delete;
  MockTrustDomain& operator=(MockTrustDomain const&) = delete;

  [[nodiscard]] std::string const& name() const;
  [[nodiscard]] std::string bundle_pem() const;
  // A new key and its SVID, valid from a minute ago for `lifetime`. The bundle is in it.
  [[nodiscard]] sdk::IdentityMaterial issue(std::string_view spiffe_id,
                                            std::chrono::nanoseconds lifetime) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Publishes an SVID of such a domain and, on demand, what goes wrong with identities. Any thread.
class MockIdentityProvider final : public sdk::IdentityProvider {
 public:
  // Of a trust domain of its own.
  explicit MockIdentityProvider(std::string_view spiffe_id = "spiffe://test.local/agent/mock",
                                std::chrono::nanoseconds lifetime = std::chrono::hours(1));
  // Of `domain`, which is shared with the other identities of it.
  MockIdentityProvider(std::shared_ptr<const MockTrustDomain> domain, std::string_view spiffe_id,
                       std::chrono::nanoseconds lifetime = std::chrono::hours(1));
  ~MockIdentityProvider() override;

  Result<void> start(Publish publish) override;
  void stop() override;

  [[nodiscard]] std::string const& spiffe_id() const;
  [[nodiscard]] int rotations() const;

  // The next three are published at once, if it was started; what the agent said to it.
  Result<void> rotate();
  Result<void> withdraw();
  // From now on members of `other` can prove who they are.
  Result<void> federate(MockTrustDomain const& other);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::testing
