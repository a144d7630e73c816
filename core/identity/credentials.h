// SPDX-License-Identifier: Apache-2.0
// A snapshot made ready for handshakes: the server's context, the client's, the check of peers.
//
// Immutable from outside, shared by all loops; built anew for each snapshot (`built_from` tells
// when). Verified chains are remembered (bounded), so that a peer that comes back costs no second
// signature check within one snapshot; validity is looked at every time. Any thread.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/peer.h"
#include "core/identity/snapshot.h"
#include "core/tls/context.h"

namespace aw::identity {

// ALPN names in order of preference. The default accepts the own trust domain alone.
struct CredentialsSpec {
  std::set<TrustDomain> allowed;  // the own trust domain always is
  std::vector<std::string> server_alpn = {"h2", "http/1.1"};
  std::vector<std::string> client_alpn = {"h2", "http/1.1"};
  tls::Version min_version = tls::Version::tls1_3;
  tls::Crypto crypto = tls::Crypto::lean;
};

class Credentials {
 public:
  // Code::no_svid when the snapshot has no SVID, Code::svid_expired when its time is over,
  // Code::tls_setup. `clock` outlives every context made here.
  static Result<std::shared_ptr<const Credentials>> make(std::shared_ptr<const Snapshot> snapshot,
                                                         CredentialsSpec spec, Clock const& clock);
  ~Credentials();
  Credentials(Credentials const&) = delete;
  Credentials& operator=(Credentials const&) = delete;

  // Contexts outlive the credentials they came from.
  [[nodiscard]] std::shared_ptr<const tls::Context> server() const;
  // Accepts any verified peer of an allowed trust domain.
  [[nodiscard]] std::shared_ptr<const tls::Context> client() const;
  // Accepts exactly `expected` (Code::peer_mismatch otherwise), which must be of an allowed trust
  // domain too. Cheap.
  [[nodiscard]] std::shared_ptr<const tls::Context> client_for(SpiffeId const& expected) const;

  // `verify_peer` with this snapshot at the clock's now, `xfcc` filled: for the server after its
  // handshake, and again for live connections when bundles change. Never null; the connections of
  // one caller share it.
  [[nodiscard]] Result<std::shared_ptr<const Peer>> verify(
      std::span<const tls::Certificate> sent) const;

  [[nodiscard]] Snapshot const& snapshot() const;
  [[nodiscard]] SpiffeId const& self() const;
  [[nodiscard]] WallTime not_after() const;  // of our own SVID
  // False as soon as a newer snapshot is published: build anew.
  [[nodiscard]] bool built_from(std::shared_ptr<const Snapshot> const& latest) const;

 private:
  struct Impl;
  explicit Credentials(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;  // shared with the contexts' checks, which may outlive this
};

}  // namespace aw::identity
