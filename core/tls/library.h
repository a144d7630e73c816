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

// While one lives, certificates that the lean library reads on this thread keep their key unread:
// the handshake takes that from a certificate read before (known.h), or reads it then. Without its
// key a certificate verifies nothing, so to forget that fails closed.
class KeysUnread {
 public:
  KeysUnread();
  ~KeysUnread();
  KeysUnread(KeysUnread const&) = delete;
  KeysUnread& operator=(KeysUnread const&) = delete;

 private:
  bool before_;
};

// Inside of that, while this lives, they are read.
class KeysRead {
 public:
  KeysRead();
  ~KeysRead();
  KeysRead(KeysRead const&) = delete;
  KeysRead& operator=(KeysRead const&) = delete;

 private:
  bool before_;
};

}  // namespace aw::tls
