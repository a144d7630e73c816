// SPDX-License-Identifier: Apache-2.0
// Where an identity comes from: the Workload API, files, the embedded development issuer.
//
// A provider publishes whole snapshots into the Watch it was started with, from threads of its own,
// until it is stopped. It keeps the last good snapshot while the source is unreachable, and
// publishes one without SVIDs when the source withdraws the identity (PermissionDenied).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/identity/snapshot.h"
#include "core/io/watch.h"

namespace aw::identity {

enum class ProviderState {
  waiting,      // started, nothing received yet
  serving,      // the latest snapshot holds a valid SVID
  denied,       // the source says: no identity for this workload
  unreachable,  // the source does not answer; the last snapshot still stands
  expired,      // the latest SVID's time is over
};
[[nodiscard]] std::string_view state_name(ProviderState state);

// A moment's copy; one outage counts as one failure.
struct ProviderStatus {
  ProviderState state = ProviderState::waiting;
  std::optional<Error> last_error;  // of the latest failure, cleared by the next success
  WallTime last_update{};           // of the latest snapshot; zero before the first
  std::uint64_t rotations = 0;      // snapshots after the first whose SVID differed
  std::uint64_t failures = 0;
};

// Embedders write one for a source of their own.
class IdentityProvider {
 public:
  virtual ~IdentityProvider() = default;
  // Does not wait for the first snapshot. An error means it can never work (a bad address, an
  // unreadable key); what may heal by itself is retried and shows in `status`. `watch` outlives the
  // provider's `stop`. Once.
  [[nodiscard]] virtual Result<void> start(io::Watch<Snapshot>& watch) = 0;
  // Joins the provider's threads; nothing is published after it. Twice is fine.
  virtual void stop() = 0;
  [[nodiscard]] virtual ProviderStatus status() const = 0;  // any thread
  // Looks at the source again now (SIGHUP); keeps the last good snapshot on error. Any thread.
  [[nodiscard]] virtual Result<void> reload() { return {}; }
};

}  // namespace aw::identity
