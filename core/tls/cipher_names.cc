// SPDX-License-Identifier: Apache-2.0
#include "core/tls/cipher_names.h"

#include <openssl/crypto.h>

namespace aw::tls {

void leave_out_cipher_names() { OPENSSL_init_crypto(OPENSSL_INIT_NO_ADD_ALL_CIPHERS, nullptr); }

}  // namespace aw::tls
