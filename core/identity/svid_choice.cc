// SPDX-License-Identifier: Apache-2.0
#include "core/identity/svid_choice.h"

#include <algorithm>
#include <string>

#include "core/base/text.h"

namespace aw::identity {
namespace {

constexpr std::size_t kNamesShown = 10;

std::string known_names(Snapshot const& snapshot) {
  std::string out;
  for (std::size_t i = 0; i < std::min(snapshot.svids.size(), kNamesShown); ++i)
    out += (i == 0 ? "" : ", ") + snapshot.svids[i].id.text();
  if (snapshot.svids.size() > kNamesShown) out += ", …";
  return "this workload has " + out;
}

}  // namespace

Result<Svid> choose_svid(Snapshot const& snapshot, std::string_view name) {
  if (!snapshot.has_identity()) return make_error(Code::no_svid, "this workload has no SVID");
  if (name.empty()) return snapshot.svid();
  auto const first = [&](auto const& fits) -> Svid const* {
    auto const found = std::ranges::find_if(snapshot.svids, fits);
    return found == snapshot.svids.end() ? nullptr : &*found;
  };
  auto const* svid = first([&](Svid const& one) { return one.id.text() == name; });
  if (svid == nullptr) svid = first([&](Svid const& one) { return one.hint == name; });
  if (svid == nullptr) svid = first([&](Svid const& one) { return one.id.last_segment() == name; });
  if (svid != nullptr) return *svid;
  return make_error(Code::no_svid, "no SVID is called \"" + text::printable(name) + "\"",
                    known_names(snapshot));
}

}  // namespace aw::identity
