// SPDX-License-Identifier: Apache-2.0
#include "core/tls/known.h"

namespace aw::tls {

std::optional<Certificate> KnownCertificates::find(std::string_view der) const {
  std::lock_guard const lock(mutex_);
  auto const found = known_.find(der);
  if (found == known_.end()) return std::nullopt;
  return found->second;
}

void KnownCertificates::keep(std::string_view der, Certificate const& certificate) {
  if (der.size() > kMostBytes) return;
  std::lock_guard const lock(mutex_);
  if (known_.size() >= kMost) known_.clear();
  known_.emplace(der, certificate);
}

}  // namespace aw::tls
