// SPDX-License-Identifier: Apache-2.0
// Who called whom within the last fifteen minutes, as this agent saw it: what the trust map draws.
//
// Any thread. One lock, taken once a connection, an outgoing call or a refused handshake; requests
// count on their connection's line (call_line.h) without it. Bounded: so many pairs, so many
// addresses; what is more counts on the lines of `kOther`, and in a metric. The map proves nothing:
// that is the audit log's business.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/metrics/registry.h"
#include "core/server/call_line.h"

namespace aw::server {

// The life of an SVID that was shown to us.
struct SvidLife {
  WallTime not_before{};
  WallTime not_after{};
};

class CallMap {
 public:
  static constexpr std::size_t kMostPairs = 1000;     // of verified identities
  static constexpr std::size_t kMostAddresses = 256;  // that never proved one
  static constexpr std::size_t kRefusalsKept = 64;
  static constexpr std::string_view kOther = "other";

  // `clock` and `registry` outlive it.
  CallMap(Clock const& clock, metrics::Registry& registry);

  // Which end of a pair is ourselves: `kOther` takes the place of the other one when it is full.
  enum class We { called, calling };
  struct Pair {
    std::string_view caller;  // SPIFFE IDs, verified
    std::string_view callee;
    We we = We::called;
    std::optional<SvidLife> life;  // the other end's, where it is known
  };
  // Never null. Counts for the pair as long as it is held.
  [[nodiscard]] std::shared_ptr<CallLine> line(Pair const& pair);

  // Somebody at `address` (without its port) did not become a peer of `callee`.
  void refused(std::string_view address, std::string_view callee, Error const& error);

  struct Edge {
    std::uint64_t id = 0;  // of this process
    std::string caller;    // a SPIFFE ID, an address, kOther
    std::string callee;
    CallOutcome outcome = CallOutcome::denied;
    CallLine::Tally tally;
  };
  struct Refusal {
    WallTime time;
    std::string address;
    Code code = Code::handshake_failed;
    std::string reason;  // may hold foreign text
  };
  struct Picture {
    std::vector<Edge> edges;  // with a call in a slot that was asked for
    std::map<std::string, SvidLife, std::less<>> lives;
    std::vector<Refusal> refusals;  // newest first
    std::uint64_t others = 0;       // calls that had no line of their own
  };
  // Edges whose total is not what `seen` (by edge id; may be null) says, with slots from `since`
  // on; `seen` is brought up to date. Holds the lock for about a microsecond an edge.
  using Seen = std::map<std::uint64_t, std::uint64_t>;
  [[nodiscard]] Picture picture(SteadyTime now, CallSlot since, Seen* seen) const;

 private:
  struct Entry {
    std::uint64_t id = 0;
    std::shared_ptr<CallLine> line = std::make_shared<CallLine>();
    std::optional<SvidLife> life = std::nullopt;
    std::string whose = {};  // the end that `life` is of
  };
  using Key = std::pair<std::string, std::string>;
  struct Entries {
    std::size_t most;
    std::map<Key, Entry> map = {};
    std::optional<CallSlot> swept = std::nullopt;
  };

  Entry& entry(Entries& among, Key key, Key other);
  void make_room(Entries& among);

  Clock const& clock_;
  metrics::Counter& others_;
  mutable std::mutex mutex_;
  // Guarded by mutex_. Apart, so that strangers push nobody out.
  Entries pairs_{.most = kMostPairs};
  Entries addresses_{.most = kMostAddresses};
  std::deque<Refusal> refusals_;
  std::uint64_t next_id_ = 1;
};

}  // namespace aw::server
