// SPDX-License-Identifier: Apache-2.0
#include "core/server/call_map.h"

#include <utility>

#include "core/base/text.h"

namespace aw::server {
namespace {

constexpr std::size_t kLongestReason = 300;

}  // namespace

CallMap::CallMap(Clock const& clock, metrics::Registry& registry)
    : clock_(clock),
      others_(registry.counter("agentweave_trust_map_overflow_total",
                               "Connections and calls shown as \"other\" on the trust map: more "
                               "pairs than it holds.")) {}

std::shared_ptr<CallLine> CallMap::line(Pair const& pair) {
  bool const called = pair.we == We::called;
  std::string const other(kOther);
  Key const overflow = called ? Key(other, pair.callee) : Key(pair.caller, other);
  std::lock_guard const lock(mutex_);
  auto& found = entry(pairs_, Key(pair.caller, pair.callee), overflow);
  if (pair.life) {
    found.life = pair.life;
    found.whose = called ? pair.caller : pair.callee;
  }
  return found.line;
}

void CallMap::refused(std::string_view address, std::string_view callee, Error const& error) {
  auto const now = clock_.now();
  std::lock_guard const lock(mutex_);
  auto const& found =
      entry(addresses_, Key(address, callee), Key(std::string(kOther) + " addresses", callee));
  found.line->count(CallOutcome::refused_tls, clock_.steady(), {});
  refusals_.push_front({.time = now,
                        .address = std::string(address),
                        .code = error.code,
                        .reason = text::printable(error.message).substr(0, kLongestReason)});
  if (refusals_.size() > kRefusalsKept) refusals_.pop_back();
}

// The overflow's own entry is beyond the bound: there is one for each identity of ours.
CallMap::Entry& CallMap::entry(Entries& among, Key key, Key other) {
  auto& map = among.map;
  if (auto const found = map.find(key); found != map.end()) return found->second;
  if (map.size() >= among.most) make_room(among);
  if (map.size() >= among.most) {
    others_.add();
    key = std::move(other);
    if (auto const found = map.find(key); found != map.end()) return found->second;
  }
  return map.emplace(std::move(key), Entry{.id = next_id_++}).first->second;
}

// Looks at every entry, so at most once a slot.
void CallMap::make_room(Entries& among) {
  auto const now = clock_.steady();
  if (std::exchange(among.swept, call_slot(now)) == call_slot(now)) return;
  std::erase_if(among.map, [now](auto const& one) {
    return one.second.line.use_count() == 1 && one.second.line->idle(now);
  });
}

CallMap::Picture CallMap::picture(SteadyTime now, CallSlot since, Seen* seen) const {
  Picture out;
  std::lock_guard const lock(mutex_);
  for (auto const* among : {&pairs_, &addresses_}) {
    for (auto const& [key, entry] : among->map) {
      if (entry.life) out.lives[entry.whose] = *entry.life;
      for (std::size_t i = 0; i < kCallOutcomes; ++i) {
        auto const outcome = static_cast<CallOutcome>(i);
        auto const id = entry.id * kCallOutcomes + i;
        auto const total = entry.line->total(outcome);
        if (total == 0 || (seen != nullptr && std::exchange((*seen)[id], total) == total)) continue;
        auto tally = entry.line->tally(outcome, now, since);
        if (tally.counts.empty()) continue;
        out.edges.push_back({.id = id,
                             .caller = key.first,
                             .callee = key.second,
                             .outcome = outcome,
                             .tally = std::move(tally)});
      }
    }
  }
  out.refusals.assign(refusals_.begin(), refusals_.end());
  out.others = others_.value();
  return out;
}

}  // namespace aw::server
