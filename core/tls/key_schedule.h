// SPDX-License-Identifier: Apache-2.0
// The key derivation of TLS 1.3 (RFC 8446 §7.1) on the library's own SHA-2. Included by this room's
// .cc files only.
//
// A handshake derives nineteen secrets. OpenSSL 3.0 needs 6.3 us for one, of which the hashing is
// 1.9: it looks up the derivation, the digest and the code that makes HMAC of it by name, each time
// (docs/decisions/handshakes.md).
#pragma once

#include <openssl/core.h>

namespace aw::tls {

// The functions of a key derivation "TLS13-KDF" for OpenSSL's libssl: everything is given with the
// call that derives. `sha256` and `sha384` are the implementations of one provider, `provider` what
// they take for their context. Null when they lack what is needed. Called once; what is returned
// lives as long as the process, its functions may be called on any thread.
OSSL_DISPATCH const* key_schedule(OSSL_DISPATCH const* sha256, OSSL_DISPATCH const* sha384,
                                  void* provider);

}  // namespace aw::tls
