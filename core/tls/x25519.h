// SPDX-License-Identifier: Apache-2.0
// X25519 keys made by the library's ladder. Included by this room's .cc files only.
//
// OpenSSL 3.0 makes the public half on the Edwards curve, in portable C: 141 us where its ladder in
// assembler, which it takes for the exchange itself, needs 63 (docs/decisions/handshakes.md). The
// two are the same function: RFC 7748 §6.1 defines the public key as X25519(private key, 9).
#pragma once

#include <openssl/core.h>

namespace aw::tls {

// The same key manager as `manager`, but for how it makes keys; `exchange` is the X25519 of the
// same provider, `provider` what both take for their context. Null when either lacks what is
// needed: the key manager then stays as it is. Called once; what is returned lives as long as the
// process, its functions may be called on any thread.
OSSL_DISPATCH const* x25519_manager(OSSL_DISPATCH const* manager, OSSL_DISPATCH const* exchange,
                                    void* provider);

}  // namespace aw::tls
