// SPDX-License-Identifier: Apache-2.0
#include "core/server/call_line.h"

#include <algorithm>
#include <cstring>

namespace aw::server {
namespace {

constexpr std::size_t kIdBytes = 32;
constexpr std::size_t kIdsKept = 8;
constexpr std::uint64_t kMostInSlot = 0xFFFF'FFFFU;

// A slot's number and its count in one word, so that both change at once.
struct Cell {
  CallSlot slot = 0;
  std::uint32_t count = 0;
  static Cell of(std::uint64_t word) {
    return {static_cast<CallSlot>(word >> 32U), static_cast<std::uint32_t>(word & kMostInSlot)};
  }
  [[nodiscard]] std::uint64_t word() const {
    return (std::uint64_t{slot} << 32U) | std::uint64_t{count};
  }
};

// A decision's id that is read while it may be written: an odd version says so.
struct IdPlace {
  std::atomic<std::uint32_t> version{0};
  std::array<std::atomic<std::uint64_t>, kIdBytes / 8> words{};

  void put(std::string_view id) {
    auto before = version.load(std::memory_order_relaxed);
    // Another writer came all the way round: its id is as good.
    if ((before & 1U) != 0 || !version.compare_exchange_strong(before, before + 1)) return;
    std::array<std::uint64_t, kIdBytes / 8> raw{};
    std::memcpy(raw.data(), id.data(), id.size());
    for (std::size_t i = 0; i < raw.size(); ++i) words[i].store(raw[i]);
    version.store(before + 2);
  }
  [[nodiscard]] std::string get() const {
    auto const before = version.load();
    std::array<std::uint64_t, kIdBytes / 8> raw{};
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = words[i].load();
    if ((before & 1U) != 0 || version.load() != before) return {};
    std::string out(kIdBytes, '\0');
    std::memcpy(out.data(), raw.data(), kIdBytes);
    out.resize(std::min(out.find('\0'), kIdBytes));
    return out;
  }
};

bool is_replay(Code code) {
  return code == Code::replayed || code == Code::replay_outside_window ||
         code == Code::replay_headers_missing;
}

}  // namespace

struct CallLine::Series {
  std::atomic<std::uint64_t> total{0};
  std::array<std::atomic<std::uint64_t>, kCallSlots> cells{};
  std::atomic<std::uint32_t> next{0};
  std::array<IdPlace, kIdsKept> ids;

  void add(CallSlot slot) {
    total.fetch_add(1, std::memory_order_relaxed);
    auto& cell = cells[slot % kCallSlots];
    auto word = cell.load(std::memory_order_relaxed);
    while (true) {
      auto seen = Cell::of(word);
      if (seen.slot > slot && seen.count > 0) return;  // a newer one stands there already
      if (seen.slot != slot) seen = {.slot = slot, .count = 0};
      if (seen.count == kMostInSlot) return;
      ++seen.count;
      if (cell.compare_exchange_weak(word, seen.word(), std::memory_order_relaxed)) return;
    }
  }
};

std::string_view call_outcome_name(CallOutcome outcome) {
  switch (outcome) {
    case CallOutcome::allowed:
      return "allowed";
    case CallOutcome::would_deny:
      return "would_deny";
    case CallOutcome::denied:
      return "denied";
    case CallOutcome::replay:
      return "replay";
    case CallOutcome::refused_tls:
      return "refused_tls";
  }
  return "denied";
}

CallOutcome call_outcome(authz::AuthzDecision const& decision) {
  if (!decision.allowed())
    return is_replay(decision.code) ? CallOutcome::replay : CallOutcome::denied;
  bool const doubted = decision.would_deny || decision.shadow_says == authz::ShadowSays::would_deny;
  return doubted ? CallOutcome::would_deny : CallOutcome::allowed;
}

CallSlot call_slot(SteadyTime now) {
  return static_cast<CallSlot>(now.time_since_epoch() / kCallSlot);
}

CallLine::~CallLine() {
  for (auto& one : series_) delete one.load();
}

CallLine::Series& CallLine::series(CallOutcome outcome) {
  auto& place = series_[static_cast<std::size_t>(outcome)];
  if (auto* const there = place.load(std::memory_order_acquire)) return *there;
  auto made = std::make_unique<Series>();
  Series* nobody = nullptr;
  if (place.compare_exchange_strong(nobody, made.get())) return *made.release();
  return *nobody;  // another thread was first
}

void CallLine::count(CallOutcome outcome, SteadyTime now, std::string_view decision_id) {
  auto& one = series(outcome);
  one.add(call_slot(now));
  if (decision_id.empty() || decision_id.size() > kIdBytes) return;
  one.ids[one.next.fetch_add(1, std::memory_order_relaxed) % kIdsKept].put(decision_id);
}

std::uint64_t CallLine::total(CallOutcome outcome) const {
  auto const* const one = series_[static_cast<std::size_t>(outcome)].load();
  return one == nullptr ? 0 : one->total.load();
}

CallLine::Tally CallLine::tally(CallOutcome outcome, SteadyTime now, CallSlot since) const {
  Tally out;
  auto const* const one = series_[static_cast<std::size_t>(outcome)].load();
  if (one == nullptr) return out;
  out.total = one->total.load();
  auto const last = call_slot(now);
  auto const first = std::max(since, last >= kCallSlots ? last - kCallSlots + 1 : 0);
  for (auto slot = first; slot <= last; ++slot) {
    auto const cell = Cell::of(one->cells[slot % kCallSlots].load());
    if (cell.slot == slot && cell.count > 0) out.counts.emplace_back(slot, cell.count);
  }
  auto const next = one->next.load();
  for (std::uint32_t back = 1; back <= std::min<std::uint32_t>(next, kIdsKept); ++back) {
    if (auto id = one->ids[(next - back) % kIdsKept].get(); !id.empty())
      out.decisions.push_back(std::move(id));
  }
  return out;
}

bool CallLine::idle(SteadyTime now) const {
  for (std::size_t i = 0; i < kCallOutcomes; ++i) {
    if (!tally(static_cast<CallOutcome>(i), now, 0).counts.empty()) return false;
  }
  return true;
}

}  // namespace aw::server
