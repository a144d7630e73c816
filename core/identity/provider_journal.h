// SPDX-License-Identifier: Apache-2.0
// A provider's memory of how it went: from what happens to the ProviderStatus others see.
//
// Any thread; one short lock. Internal to this folder.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "core/identity/provider.h"

namespace aw::identity {

class ProviderJournal {
 public:
  enum class Change { none, first, rotated };

  // A usable snapshot arrived. Tells whether its default SVID is the first, a new one, or the one
  // we had.
  // The snapshot has an SVID.
  Change arrived(Snapshot const& snapshot);
  // The source said no. True when that is news.
  bool denied(Error error, WallTime now);
  // The source does not answer, and what we have stands. True when that is news.
  bool unreachable(Error error);
  // Something came that cannot be used.
  void malformed(Error error);

  [[nodiscard]] ProviderStatus status(WallTime now) const;

 private:
  mutable std::mutex mutex_;
  ProviderStatus status_;
  std::string fingerprint_;               // of the default SVID's leaf
  std::optional<WallTime> svid_expires_;  // unset without an SVID
};

}  // namespace aw::identity
