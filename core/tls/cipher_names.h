// SPDX-License-Identifier: Apache-2.0
// OpenSSL's global table of cipher names, which nobody here reads.
#pragma once

namespace aw::tls {

// Before this process uses OpenSSL otherwise; later it does nothing. Ciphers are then found by
// fetching them only, as TLS does: not by EVP_get_cipherbyname, nor in a PEM file that is
// encrypted in the old way. For a program that is ours alone, so not in the SDK.
//
// Each look at a key's type walks over all names there are, ten times a handshake, and two thirds
// of them are those (docs/decisions/handshakes.md).
void leave_out_cipher_names();

}  // namespace aw::tls
