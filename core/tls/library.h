// SPDX-License-Identifier: Apache-2.0
// Which library context TLS runs on. Included by this room's .cc files only.
#pragma once

#include <openssl/crypto.h>

#include "core/tls/context.h"

namespace aw::tls {

// The library context for `crypto`; null is the library's own default. The lean one is built once,
// by whoever asks first, and never freed; any thread. Falls back to the default if the lean one
// cannot be built.
// Objects of one library context do not mix with another's: certificates and keys are copied in
// with copy_into (openssl.h) first. What the lean one leaves out, handshakes then fail to agree
// on: its lists are in library.cc.
OSSL_LIB_CTX* library(Crypto crypto);

}  // namespace aw::tls
