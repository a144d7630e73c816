// SPDX-License-Identifier: Apache-2.0
// The PEM blocks of a text (RFC 7468), and what the crypto builtins take from them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/rego/builtin_keys.h"

namespace aw::rego {

// Owns its bytes, which may be a key's: they are not wiped.
struct PemBlock {
  std::string type;  // "CERTIFICATE"
  std::string der;
};

// At most 64; text around blocks and malformed blocks are skipped.
[[nodiscard]] std::vector<PemBlock> pem_blocks(std::string_view text);

using X509Bytes = std::vector<std::string>;
// DER of each certificate of a PEM text, or of base64 of one or of DER.
// In the order of the text, not parsed yet; other blocks are left out. Code::policy_builtin for
// what is neither PEM nor base64.
[[nodiscard]] Result<X509Bytes> pem_or_der_certificates(std::string_view text);

}  // namespace aw::rego
