// SPDX-License-Identifier: Apache-2.0
#include "core/server/recent_decisions.h"

namespace aw::server {

void RecentDecisions::add(std::string json) {
  std::lock_guard const lock(mutex_);
  items_.push_front(std::move(json));
  if (items_.size() > most_) items_.pop_back();
}

std::string RecentDecisions::document() const {
  std::lock_guard const lock(mutex_);
  std::string out = "{\"result\":[";
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (i > 0) out += ',';
    out += items_[i];
  }
  return out + "]}";
}

}  // namespace aw::server
