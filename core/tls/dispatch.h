// SPDX-License-Identifier: Apache-2.0
// A provider's tables of functions (OpenSSL's provider(7)), read and written with their types.
// Included by this room's .cc files only.
#pragma once

#include <openssl/core.h>

namespace aw::tls {

template <class Function>
OSSL_DISPATCH entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

// `found` stays as it is when there is none.
template <class Function>
void find(OSSL_DISPATCH const* among, int id, Function*& found) {
  for (; among->function_id != 0; ++among)
    if (among->function_id == id) found = reinterpret_cast<Function*>(among->function);
}

}  // namespace aw::tls
