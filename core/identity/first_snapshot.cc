// SPDX-License-Identifier: Apache-2.0
#include "core/identity/first_snapshot.h"

#include <algorithm>

namespace aw::identity {
namespace {

// How soon a stop request is noticed; a snapshot ends the wait at once.
constexpr std::chrono::nanoseconds kSnapshotLook = std::chrono::milliseconds(50);

}  // namespace

Result<std::shared_ptr<const Snapshot>> wait_first_snapshot(io::Watch<Snapshot> const& watch,
                                                            IdentityProvider const& provider,
                                                            std::chrono::nanoseconds timeout,
                                                            std::stop_token const& stop) {
  auto const deadline = std::chrono::steady_clock::now() + timeout;
  auto seen = watch.latest();
  while (true) {
    if (seen.value && seen.value->has_identity()) return seen.value;
    if (stop.stop_requested())
      return make_error(Code::interrupted, "interrupted while waiting for an SVID");
    std::chrono::nanoseconds const left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) break;
    seen = watch.wait_newer(seen.version, std::min(left, kSnapshotLook));
  }
  auto error = provider.status().last_error.value_or(
      make_error(Code::no_svid, "the identity provider said nothing",
                 "is the SPIRE agent running and healthy?"));
  return std::move(error).within("no SVID within " + format_duration(timeout));
}

}  // namespace aw::identity
