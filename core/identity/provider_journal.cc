// SPDX-License-Identifier: Apache-2.0
#include "core/identity/provider_journal.h"

#include <utility>

namespace aw::identity {

ProviderJournal::Change ProviderJournal::arrived(Snapshot const& snapshot) {
  std::lock_guard const lock(mutex_);
  auto const fingerprint = snapshot.svid().leaf().fingerprint_sha256();
  auto change = Change::none;
  if (fingerprint_.empty()) {
    change = Change::first;
  } else if (fingerprint != fingerprint_) {
    change = Change::rotated;
    ++status_.rotations;
  }
  fingerprint_ = fingerprint;
  svid_expires_ = snapshot.svid().not_after();
  status_.state = ProviderState::serving;
  status_.last_error.reset();
  status_.last_update = snapshot.received;
  return change;
}

bool ProviderJournal::denied(Error error, WallTime now) {
  std::lock_guard const lock(mutex_);
  bool const news = status_.state != ProviderState::denied;
  if (news) {
    ++status_.failures;
    status_.last_update = now;
  }
  status_.state = ProviderState::denied;
  status_.last_error = std::move(error);
  svid_expires_.reset();
  return news;
}

bool ProviderJournal::unreachable(Error error) {
  std::lock_guard const lock(mutex_);
  bool const news = status_.state != ProviderState::unreachable;
  // One outage is one failure, however often it is tried meanwhile.
  if (news) ++status_.failures;
  status_.state = ProviderState::unreachable;
  status_.last_error = std::move(error);
  return news;
}

void ProviderJournal::malformed(Error error) {
  std::lock_guard const lock(mutex_);
  ++status_.failures;
  status_.last_error = std::move(error);
}

ProviderStatus ProviderJournal::status(WallTime now) const {
  std::lock_guard const lock(mutex_);
  auto out = status_;
  if (svid_expires_ && now >= *svid_expires_) out.state = ProviderState::expired;
  return out;
}

}  // namespace aw::identity
