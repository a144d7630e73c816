// needs: aw_identity
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a SPIFFE JSON bundle: what is accepted must survive being written and read again.
#include <cstdint>
#include <cstdlib>

#include "core/identity/bundle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using aw::identity::Bundle;
  auto const domain = aw::identity::TrustDomain::parse("example.org");
  if (!domain.ok()) std::abort();
  auto const bundle =
      Bundle::parse_json(*domain, std::string_view(reinterpret_cast<char const*>(data), size));
  if (!bundle.ok()) return 0;
  auto const again = Bundle::parse_json(*domain, bundle->json());
  if (!again.ok() || !(*again == *bundle)) std::abort();
  static_cast<void>(bundle->pem() + bundle->jwt_json());
  return 0;
}
