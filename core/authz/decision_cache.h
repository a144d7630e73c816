// SPDX-License-Identifier: Apache-2.0
// Remembers decisions for a while: bounded, least recently used goes first, in shards with a short
// lock each. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/authz/authz.h"
#include "core/authz/config.h"
#include "core/authz/meters.h"
#include "core/base/clock.h"

namespace aw::authz {

// Everything of the question but its time and the request's own ids: two requests with the same key
// get the same answer.
// The caller's port is left out as well. A policy that looks at the clock is remembered for the
// ttl all the same.
[[nodiscard]] std::string cache_key(AuthzContext const& context);

// Only what a policy really decided: no failure, no malformed result, nothing already cached.
[[nodiscard]] bool cacheable(AuthzDecision const& decision);

// Entries are divided among sixteen shards, each with its share of max_entries.
class DecisionCache {
 public:
  explicit DecisionCache(CacheConfig const& config);

  // A view of what `cache_key` made, hashed once for all that is done with it.
  struct Key {
    static Key of(std::string_view text);
    bool operator==(Key const& other) const { return text == other.text; }
    std::string_view text;
    std::size_t hash = 0;
  };

  // `revision`: of the policy in force; what was decided under another one is dropped.
  [[nodiscard]] std::optional<AuthzDecision> find(Key key, std::uint64_t revision, SteadyTime now);
  // Nothing for what is not cacheable, or with a ttl of zero.
  void put(Key key, AuthzDecision const& decision, std::uint64_t revision, SteadyTime now);
  [[nodiscard]] std::size_t size() const;
  void clear();

 private:
  struct Entry {
    std::string key;
    AuthzDecision decision;
    std::uint64_t revision = 0;
    SteadyTime expires;
  };
  struct HashOf {
    std::size_t operator()(Key const& key) const { return key.hash; }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> entries;                                           // most recently used first
    std::unordered_map<Key, std::list<Entry>::iterator, HashOf> index;  // views into entries
  };
  static constexpr std::size_t kShards = 16;
  [[nodiscard]] Shard& shard(Key const& key) { return shards_[key.hash % kShards]; }

  std::chrono::nanoseconds const ttl_;
  std::size_t const most_;  // in one shard
  std::array<Shard, kShards> shards_;
};

// Answers from the cache, or asks and remembers.
// Two callers that ask the same at once both ask; the later answer stays.
class CachedAuthorization final : public AuthorizationProvider {
 public:
  // `inner` and `clock` outlive it.
  CachedAuthorization(AuthorizationProvider& inner, CacheConfig const& config, Clock const& clock,
                      std::shared_ptr<Meters> meters);
  [[nodiscard]] io::Task<AuthzDecision> authorize(AuthzContext const& context) override;
  [[nodiscard]] ProviderStatus status() const override { return inner_.status(); }
  [[nodiscard]] std::uint64_t revision() const override { return inner_.revision(); }
  void clear() { cache_.clear(); }

 private:
  AuthorizationProvider& inner_;
  DecisionCache cache_;
  Clock const& clock_;
  std::shared_ptr<Meters> const meters_;
};

}  // namespace aw::authz
