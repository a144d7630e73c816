// SPDX-License-Identifier: Apache-2.0
// What the TLS rules of the configuration are. Plain values; the rows of core/config/schema.cc fill
// them. There is no switch that turns verification off.
#pragma once

namespace aw::tls {

enum class Version { tls12, tls13 };  // tls12: never in production

// log_only is accepted outside production for old files; peers are verified strictly all the same.
enum class PeerVerification { strict, log_only };

struct Config {
  Version min_version = Version::tls13;
  PeerVerification peer_verification = PeerVerification::strict;
};

}  // namespace aw::tls
