// needs: aw_identity
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a SPIFFE ID: what is accepted must come back as it was, and be made again of its
// parts.
#include "core/identity/spiffe_id.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using aw::identity::SpiffeId;
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const id = SpiffeId::parse(text);
  if (!id.ok()) return 0;
  if (id->text() != text || size > SpiffeId::kMaxBytes) std::abort();
  auto const again = SpiffeId::make(id->trust_domain(), id->path());
  if (!again.ok() || !(*again == *id)) std::abort();
  return 0;
}
