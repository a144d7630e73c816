// SPDX-License-Identifier: Apache-2.0
#include "core/http/held_bodies.h"

#include <algorithm>
#include <utility>

namespace aw::http {

std::shared_ptr<HeldBodies::Share> HeldBodies::share_of(std::string_view caller) {
  if (caller.empty()) return nullptr;
  std::lock_guard const lock(mutex_);
  auto const at = shares_.find(caller);
  if (at != shares_.end()) {
    if (auto known = at->second.lock()) return known;
  }
  if (shares_.size() >= crowded_) {
    std::erase_if(shares_, [](auto const& entry) { return entry.second.expired(); });
    crowded_ = std::max<std::size_t>(64, 2 * shares_.size());
  }
  auto made = std::make_shared<Share>(0);
  shares_.insert_or_assign(std::string(caller), made);
  return made;
}

bool HeldBodies::change(Share* share, std::uint64_t before, std::uint64_t after) {
  auto const more = after - before;  // wraps where it is less
  auto const all = all_.fetch_add(more, std::memory_order_relaxed) + more;
  std::uint64_t mine = after;
  if (share != nullptr) mine = share->fetch_add(more, std::memory_order_relaxed) + more;
  if (after <= before) return true;
  auto const room = kAtOnce * max_body_;
  if (share == nullptr) return all <= room;
  return all <= room && mine <= (all <= room / 4 * 3 ? room / 4 : max_body_);
}

bool Holding::hold(std::size_t bytes, std::string_view caller) {
  auto const before = std::exchange(bytes_, bytes);
  if (bytes == before) return true;
  if (share_ == nullptr) share_ = all_.share_of(caller);
  return all_.change(share_.get(), before, bytes);
}

void Holding::let_go() {
  if (bytes_ > 0) static_cast<void>(all_.change(share_.get(), std::exchange(bytes_, 0), 0));
}

}  // namespace aw::http
