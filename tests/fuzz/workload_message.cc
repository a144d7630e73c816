// needs: aw_identity
// SPDX-License-Identifier: Apache-2.0
// A Workload API's answer, as bytes: never a crash, and what is taken obeys what the header
// promises.
#include "core/identity/workload_message.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  auto const snapshot = aw::identity::read_x509_wire(bytes, aw::WallTime{});
  if (!snapshot.ok()) return 0;
  for (auto const& svid : snapshot->svids) {
    bool const sound = svid.key.matches(svid.leaf()) && svid.leaf().uri_sans().size() == 1 &&
                       svid.leaf().uri_sans().front() == svid.id.text() &&
                       snapshot->bundles.contains(svid.id.trust_domain());
    if (!sound) std::abort();
  }
  return 0;
}
