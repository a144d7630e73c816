// SPDX-License-Identifier: Apache-2.0
#include "core/server/replay.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/text.h"
#include "core/server/replay_journal.h"
#include "core/tls/digest.h"

namespace aw::server {
namespace {

constexpr std::size_t kShards = 16;
constexpr std::size_t kLeastNonce = 22;  // base64url characters of 128 bits
constexpr std::size_t kLeastNonceBytes = 16;
constexpr std::size_t kMostNonce = 256;

using Digest = std::array<char, 16>;

Digest digest(std::string_view text) {
  Digest out{};
  auto const whole = tls::sha256_raw(text);
  std::memcpy(out.data(), whole.data(), out.size());
  return out;
}

struct DigestHash {
  std::size_t operator()(Digest const& d) const {
    std::size_t out = 0;
    std::memcpy(&out, d.data(), sizeof out);
    return out;
  }
};

std::int64_t to_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// The nonces of the callers whose digest falls into this shard.
class Shard {
 public:
  enum class Outcome { fresh, seen, full };

  Outcome insert(ReplayEntry const& entry, std::int64_t now_ms, std::size_t share) {
    std::lock_guard const lock(mutex_);
    expire(now_ms);
    auto& caller = callers_[entry.caller];
    if (caller.contains(entry.nonce)) return Outcome::seen;
    if (caller.size() >= share) return Outcome::full;
    caller.emplace(entry.nonce, entry.expires_ms);
    due_[entry.expires_ms / 1000].emplace_back(entry.caller, entry.nonce);
    ++size_;
    return Outcome::fresh;
  }

  // From the journal. No share is applied: forgetting an entry because others came first would open
  // a window. Of two records of one nonce the one that lasts longer counts.
  void restore(ReplayEntry const& entry) {
    std::lock_guard const lock(mutex_);
    auto& expires_ms = callers_[entry.caller][entry.nonce];
    if (expires_ms >= entry.expires_ms) return;
    if (expires_ms == 0) ++size_;
    expires_ms = entry.expires_ms;
    due_[entry.expires_ms / 1000].emplace_back(entry.caller, entry.nonce);
  }

  // Takes back an entry that could not be made durable. It stays among those that are due, where it
  // may meet the same nonce again, sent later.
  void forget(ReplayEntry const& entry) {
    std::lock_guard const lock(mutex_);
    drop(entry.caller, entry.nonce, entry.expires_ms / 1000);
  }

  std::size_t size() {
    std::lock_guard const lock(mutex_);
    return size_;
  }

 private:
  void expire(std::int64_t now_ms) {
    while (!due_.empty() && due_.begin()->first < now_ms / 1000) {
      for (auto const& [caller, nonce] : due_.begin()->second) {
        drop(caller, nonce, due_.begin()->first);
      }
      due_.erase(due_.begin());
    }
  }

  // Unless it was sent again since, to be remembered longer.
  void drop(Digest const& caller, Digest const& nonce, std::int64_t second) {
    auto const of_caller = callers_.find(caller);
    if (of_caller == callers_.end()) return;
    auto const entry = of_caller->second.find(nonce);
    if (entry == of_caller->second.end() || entry->second / 1000 > second) return;
    of_caller->second.erase(entry);
    --size_;
    if (of_caller->second.empty()) callers_.erase(of_caller);
  }

  std::mutex mutex_;
  std::unordered_map<Digest, std::unordered_map<Digest, std::int64_t, DigestHash>, DigestHash>
      callers_;
  std::map<std::int64_t, std::vector<std::pair<Digest, Digest>>> due_;  // second -> entries
  std::size_t size_ = 0;
};

// A nonce is its bytes: padding, or bits that no byte uses (RFC 4648 §3.5), make no other one of
// it. The one spelling of them; nullopt when it is none.
std::optional<std::string> nonce_in(std::string_view text) {
  if (text.size() < kLeastNonce || text.size() > kMostNonce) return std::nullopt;
  auto const bytes = text::from_base64url(text);
  if (!bytes || bytes->size() < kLeastNonceBytes) return std::nullopt;
  return text::to_base64url(*bytes);
}

}  // namespace

struct ReplayGuard::Impl {
  ReplayConfig config;
  Clock const& clock;
  std::array<Shard, kShards> shards;
  std::unique_ptr<ReplayJournal> journal;

  Shard& shard_of(ReplayEntry const& entry) {
    return shards[static_cast<unsigned char>(entry.caller[15]) % kShards];
  }

  Result<void> remember(ReplayEntry const& entry, WallTime now) {
    switch (shard_of(entry).insert(entry, to_ms(now), config.max_entries_per_caller)) {
      case Shard::Outcome::seen:
        return make_error(Code::replayed, "this nonce was seen before");
      case Shard::Outcome::full:
        return make_error(Code::rate_limited,
                          "too many nonces of this caller are still in the window");
      case Shard::Outcome::fresh:
        break;
    }
    if (!journal) return {};
    auto written = journal->append(entry);
    if (!written.ok()) shard_of(entry).forget(entry);
    return written;
  }
};

ReplayGuard::ReplayGuard(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ReplayGuard::~ReplayGuard() = default;

Result<std::unique_ptr<ReplayGuard>> ReplayGuard::open(ReplayConfig config,
                                                       std::filesystem::path const& directory,
                                                       Clock const& clock) {
  auto impl = std::unique_ptr<Impl>(
      new Impl{.config = config, .clock = clock, .shards = {}, .journal = nullptr});
  if (!directory.empty()) {
    Impl* self = impl.get();
    std::int64_t const now = to_ms(clock.now());
    auto const load = [self, now](ReplayEntry const& entry) {
      if (entry.expires_ms >= now) self->shard_of(entry).restore(entry);
    };
    AW_TRY(impl->journal, ReplayJournal::open(directory, config.past + config.future, clock, load));
  }
  return std::unique_ptr<ReplayGuard>(new ReplayGuard(std::move(impl)));
}

Result<void> ReplayGuard::admit(std::string_view caller, Freshness sent) {
  auto const& config = impl_->config;
  if (!sent.nonce && !sent.timestamp && config.mode == ReplayMode::optional) return {};
  if (!sent.nonce || !sent.timestamp) {
    return make_error(Code::replay_headers_missing,
                      "both x-agentweave-nonce and x-agentweave-timestamp are needed");
  }
  auto const nonce = nonce_in(*sent.nonce);
  if (!nonce) {
    return make_error(Code::request_malformed,
                      "x-agentweave-nonce is not base64url of 128 bits or more");
  }
  auto const time = parse_rfc3339(*sent.timestamp);
  if (!time) return make_error(Code::request_malformed, "x-agentweave-timestamp is not RFC 3339");
  WallTime const now = impl_->clock.now();
  if (*time < now - config.past || *time > now + config.future) {
    return make_error(Code::replay_outside_window,
                      "timestamp is " + format_duration(std::chrono::abs(now - *time)) +
                          (*time < now ? " old" : " ahead"));
  }
  return impl_->remember(
      {.caller = digest(caller), .nonce = digest(*nonce), .expires_ms = to_ms(*time + config.past)},
      now);
}

std::size_t ReplayGuard::size() const {
  std::size_t out = 0;
  for (auto& shard : impl_->shards) out += shard.size();
  return out;
}

}  // namespace aw::server
