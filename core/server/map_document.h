// SPDX-License-Identifier: Apache-2.0
// The trust map as JSON, whole and then by what is new (docs/map.md has its shape).
//
// Pure but for reading the CallMap. A feed belongs to one viewer, on its loop.
#pragma once

#include <cstdint>
#include <string>

#include "core/base/clock.h"
#include "core/server/call_map.h"

namespace aw::server {

// What the map says of the agent that serves it; of the moment it is asked.
struct MapFacts {
  std::string agent_name;
  std::string version;
  std::string spiffe_id;
  SvidLife life;
  std::string policy_mode;
  std::string policy_digest;
  std::uint64_t policy_generation = 0;
  enum class Readiness { not_ready, ready } readiness = Readiness::not_ready;
  WallTime now;
  SteadyTime steady;  // of the same moment
};

class MapFeed {
 public:
  // `map` outlives it.
  explicit MapFeed(CallMap const& map) : map_(map) {}

  // The first is whole; then only edges with new calls, with the slots since the last time. An edge
  // comes with all its names, so that whoever missed one is not lost.
  [[nodiscard]] std::string next(MapFacts const& facts);
  // Was there anything to tell in the last one but the time?
  [[nodiscard]] bool had_news() const { return had_news_; }

 private:
  CallMap const& map_;
  CallMap::Seen seen_;
  CallSlot since_ = 0;
  bool begun_ = false;
  bool had_news_ = false;
};

}  // namespace aw::server
