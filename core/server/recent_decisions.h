// SPDX-License-Identifier: Apache-2.0
// The last decisions, for people who look: GET /v1/data/system/decisions on the admin port.
//
// A bounded ring in memory; the audit log is the record. Any thread; one short lock.
#pragma once

#include <deque>
#include <mutex>
#include <string>

namespace aw::server {

class RecentDecisions {
 public:
  explicit RecentDecisions(std::size_t most) : most_(most) {}
  // `json`: one JSON object.
  void add(std::string json);
  // {"result":[newest, …]}, as OPA shapes its data documents.
  [[nodiscard]] std::string document() const;

 private:
  std::size_t const most_;
  mutable std::mutex mutex_;
  std::deque<std::string> items_;
};

}  // namespace aw::server
