// SPDX-License-Identifier: Apache-2.0
// What the TLS rules of the configuration are. Plain values; the rows of core/config/schema_*.cc
// fill them. There is no switch that turns verification off.
#pragma once

namespace aw::tls {

enum class Version { tls1_2, tls1_3 };  // tls1_2: never in production

// log_only is accepted outside production for old files; peers are verified strictly all the same.
enum class PeerVerification { strict, log_only };

// lean: only the algorithms that mutual TLS with EC, RSA and Ed25519 keys needs, on a library
// context of its own; handshakes cost a third less. standard: the library's default provider.
enum class Crypto { lean, standard };

// The default is the strictest; production refuses anything else (AW1002).
struct Config {
  Version min_version = Version::tls1_3;
  PeerVerification peer_verification = PeerVerification::strict;
  Crypto library = Crypto::lean;
};

}  // namespace aw::tls
