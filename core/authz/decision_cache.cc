// SPDX-License-Identifier: Apache-2.0
#include "core/authz/decision_cache.h"

#include <algorithm>
#include <bit>

#include "core/authz/input.h"

namespace aw::authz {

std::string cache_key(AuthzContext const& context) {
  std::string out;
  out.reserve(256 + context.context_json.size());
  // Lengths before the parts, so that no two questions can run together into one key.
  auto const add = [&out](std::string_view part) {
    auto const size = std::bit_cast<std::array<char, 4>>(static_cast<std::uint32_t>(part.size()));
    out.append(size.data(), size.size()).append(part);
  };
  add(context.caller.text());
  add(context.callee.text());
  add(context.action);
  out.push_back(context.direction == Direction::inbound ? 'i' : 'o');
  add(context.method);
  add(context.binding);
  add(context.skill);
  add(context.task_id);
  add(context.context_id);
  add(address_without_port(context.remote_address));
  add(context.context_json);
  return out;
}

bool cacheable(AuthzDecision const& decision) {
  if (decision.cached || decision.would_deny) return false;
  return decision.allowed() || decision.code == Code::denied_by_policy;
}

DecisionCache::DecisionCache(CacheConfig const& config)
    : ttl_(config.ttl), most_(std::max<std::size_t>(config.max_entries / kShards, 1)) {}

DecisionCache::Key DecisionCache::Key::of(std::string_view text) {
  return {.text = text, .hash = std::hash<std::string_view>{}(text)};
}

std::optional<AuthzDecision> DecisionCache::find(Key key, std::uint64_t revision, SteadyTime now) {
  auto& part = shard(key);
  std::lock_guard const lock(part.mutex);
  auto const found = part.index.find(key);
  if (found == part.index.end()) return std::nullopt;
  auto const entry = found->second;
  if (entry->revision != revision || now >= entry->expires) {
    part.index.erase(found);
    part.entries.erase(entry);
    return std::nullopt;
  }
  part.entries.splice(part.entries.begin(), part.entries, entry);
  auto out = entry->decision;
  out.cached = true;
  return out;
}

void DecisionCache::put(Key key, AuthzDecision const& decision, std::uint64_t revision,
                        SteadyTime now) {
  if (ttl_.count() <= 0 || !cacheable(decision)) return;
  auto& part = shard(key);
  std::lock_guard const lock(part.mutex);
  if (auto const found = part.index.find(key); found != part.index.end()) {
    auto const entry = found->second;
    part.index.erase(found);
    part.entries.erase(entry);
  }
  if (part.entries.size() >= most_) {
    part.index.erase(Key::of(part.entries.back().key));
    part.entries.pop_back();
  }
  part.entries.push_front(Entry{.key = std::string(key.text),
                                .decision = decision,
                                .revision = revision,
                                .expires = now + ttl_});
  part.index.emplace(Key{.text = part.entries.front().key, .hash = key.hash}, part.entries.begin());
}

std::size_t DecisionCache::size() const {
  std::size_t out = 0;
  for (auto const& part : shards_) {
    std::lock_guard const lock(part.mutex);
    out += part.entries.size();
  }
  return out;
}

void DecisionCache::clear() {
  for (auto& part : shards_) {
    std::lock_guard const lock(part.mutex);
    part.index.clear();
    part.entries.clear();
  }
}

CachedAuthorization::CachedAuthorization(AuthorizationProvider& inner, CacheConfig const& config,
                                         Clock const& clock, std::shared_ptr<Meters> meters)
    : inner_(inner), cache_(config), clock_(clock), meters_(std::move(meters)) {}

io::Task<AuthzDecision> CachedAuthorization::authorize(AuthzContext const& context) {
  auto const started = clock_.steady();
  auto const text = cache_key(context);
  auto const key = DecisionCache::Key::of(text);
  // Taken before asking: a policy that comes into force meanwhile makes the answer old at once.
  auto const revision = inner_.revision();
  if (auto hit = cache_.find(key, revision, started); hit) {
    meters_->cache_hit();
    hit->duration = clock_.steady() - started;
    co_return std::move(*hit);
  }
  meters_->cache_miss();
  auto decision = co_await inner_.authorize(context);
  cache_.put(key, decision, revision, clock_.steady());
  co_return decision;
}

}  // namespace aw::authz
