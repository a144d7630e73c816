// SPDX-License-Identifier: Apache-2.0
// Four trust domains and the credentials of a server among them. Minted once a test program; the
// world's clock stands, so nothing in it ever expires by itself. Read-only: any thread.
#pragma once

#include <memory>

#include "core/identity/credentials.h"
#include "tests/fixtures/ca.h"

namespace aw::fixtures {

// example.org runs the server; partner.org is federated and allowed; listed.org is federated but
// not allowed; stranger.org is nothing.
struct World {
  TestCa own{"example.org"};
  TestCa partner{"partner.org"};
  TestCa listed{"listed.org"};
  TestCa stranger{"stranger.org"};
  StandingClock clock{own.now()};
};
inline World const& world() {
  static World const one;
  return one;
}

inline std::shared_ptr<const identity::Credentials> credentials(
    Clock const& clock = world().clock, tls::Crypto crypto = tls::Crypto::lean) {
  identity::CredentialsSpec spec;
  spec.allowed = {trust_domain("partner.org")};
  spec.crypto = crypto;
  return must(identity::Credentials::make(
      snapshot(world().own, "/server", {&world().partner, &world().listed}), spec, clock));
}

}  // namespace aw::fixtures
