// SPDX-License-Identifier: Apache-2.0
// The last decisions, for people who look: GET /v1/data/system/decisions on the admin port.
//
// A bounded ring in memory; the audit log is the record. Any thread; one short lock.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/authz/authz.h"
#include "core/base/clock.h"
#include "core/decisions/entry.h"

namespace aw::server {

class RecentDecisions {
 public:
  // A decision as the gates know it. The views are copied by `add`.
  struct Entry {
    std::string_view decision_id;
    WallTime time;
    std::string_view trace_id;
    std::string_view caller;
    std::string_view callee;
    std::string_view action;
    std::string_view method;
    std::string_view remote_address;
    std::string_view gate;  // how far it came
    authz::AuthzDecision const& decision;
  };

  // At least one.
  explicit RecentDecisions(std::size_t most) : most_(most) {}
  void add(Entry const& entry);
  // {"result":[newest, …]}, as OPA shapes its data documents.
  // Made under the lock: for people who look, not for scrapes.
  [[nodiscard]] std::string document() const;
  // As the decision store would have it, without what only that keeps (the input).
  [[nodiscard]] std::optional<decisions::Entry> find(std::string_view decision_id) const;

 private:
  // Kept as they came: JSON is made for who looks, not for every request.
  struct Item {
    std::string texts;  // of the entry, one after the other
    std::vector<std::uint32_t> ends;
    WallTime time;
    authz::AuthzDecision decision;
  };
  static std::string_view text_of(Item const& item, std::size_t index);
  static std::string json_of(Item const& item);

  std::size_t const most_;
  mutable std::mutex mutex_;
  std::vector<Item> items_;  // a ring: the oldest is overwritten, and keeps its memory
  std::size_t next_ = 0;
};

}  // namespace aw::server
