// needs: aw_identity
// SPDX-License-Identifier: Apache-2.0
// Any bytes as federation.json: what is accepted is kept again as it was, source for source and
// bundle for bundle.
#include "core/identity/federation_kept.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

bool same(aw::identity::FederationSource const& a, aw::identity::FederationSource const& b) {
  return a.domain == b.domain && a.url == b.url && a.profile == b.profile &&
         a.endpoint_id == b.endpoint_id && a.ca_file == b.ca_file && a.from == b.from;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace aw::identity;
  auto const kept = parse_kept_federation({reinterpret_cast<char const*>(data), size});
  if (!kept.ok()) {
    if (kept.error().code != aw::Code::state_unusable) std::abort();
    return 0;
  }
  FetchedBundles bundles;
  for (auto const& [name, known] : kept->bundles)
    bundles.emplace(known.first.trust_domain(), known);
  auto const again = parse_kept_federation(kept_federation_text(kept->added, bundles));
  if (!again.ok() || again->added.size() != kept->added.size()) std::abort();
  for (std::size_t i = 0; i < again->added.size(); ++i)
    if (!same(again->added[i], kept->added[i]) || again->added[i].profile ==
                                                      EndpointProfile::https_spiffe !=
                                                      again->added[i].endpoint_id.has_value())
      std::abort();
  for (auto const& [name, known] : kept->bundles)
    if (!(again->bundles.at(name).first == known.first)) std::abort();
  return 0;
}
