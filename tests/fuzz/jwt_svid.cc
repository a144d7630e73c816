// needs: aw_identity
// SPDX-License-Identifier: Apache-2.0
// Any bytes as a JWT-SVID: reading never fails badly, and no key at hand means no token is true.
#include "core/identity/jwt_svid.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aw::identity;
  std::string_view const token(reinterpret_cast<char const*>(data), size);
  auto const svid = read_jwt_svid(token);
  if (!svid.ok()) return 0;
  Bundles bundles;
  auto bundle = Bundle::make(svid->id.trust_domain(), {});
  if (!bundle.ok()) std::abort();
  bundles.emplace(svid->id.trust_domain(), *bundle);
  if (verify_jwt_svid(token, svid->audience.front(), bundles, {}).ok()) std::abort();
  return 0;
}
