// SPDX-License-Identifier: Apache-2.0
#include "core/http/client_pool.h"

#include <algorithm>
#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <utility>

namespace aw::http {

namespace {

constexpr std::chrono::seconds kSweepEvery{1};

void tell(CallReport* report, CallReport const& facts, bool reused) {
  if (report == nullptr) return;
  *report = facts;
  report->reused = reused;
}

// Hangs the pools of all clients on a loop, so that they end before it does.
class PoolService final : public boost::asio::execution_context::service {
 public:
  static inline boost::asio::execution_context::id id;

  explicit PoolService(boost::asio::execution_context& owner)
      : boost::asio::execution_context::service(owner) {}

  std::shared_ptr<ClientPool> of(std::shared_ptr<ClientShared> const& shared) {
    if (auto const at = pools_.find(shared); at != pools_.end()) return at->second;
    // Clients that ended left their pools here.
    std::erase_if(pools_, [](auto const& entry) {
      if (!entry.first.expired()) return false;
      entry.second->shut();
      return true;
    });
    return pools_.emplace(shared, std::make_shared<ClientPool>(shared)).first->second;
  }

 private:
  void shutdown() override {
    for (auto const& [shared, pool] : pools_) pool->shut();
    pools_.clear();
  }

  std::map<std::weak_ptr<ClientShared>, std::shared_ptr<ClientPool>, std::owner_less<>> pools_;
};

}  // namespace

std::shared_ptr<ClientPool> pool_on(boost::asio::any_io_executor const& executor,
                                    std::shared_ptr<ClientShared> const& shared) {
  auto& context = boost::asio::query(executor, boost::asio::execution::context);
  return boost::asio::use_service<PoolService>(context).of(shared);
}

bool ClientPool::fit(Wire const& wire, SteadyTime at) const {
  return wire.generation == shared_->generation.load(std::memory_order_relaxed) &&
         at - wire.born < shared_->config.pool.max_lifetime;
}

io::Task<Result<ClientPool::Taken>> ClientPool::take(PoolKey key, WireNeeds needs, Kept kept) {
  auto const self = shared_from_this();  // the loop may end while this waits
  sweep(steady_now());
  for (;;) {
    Target& target = targets_[key];
    if (kept == Kept::allowed) {
      if (auto taken = take_kept(key, target, needs.report)) co_return std::move(*taken);
    }
    if (has_place(target)) co_return co_await take_new(key, needs);
    AW_CO_TRY(co_await wait_for_place(key, needs.deadline));
  }
}

std::optional<ClientPool::Taken> ClientPool::take_kept(PoolKey const& key, Target& target,
                                                       CallReport* report) {
  auto const at = steady_now();
  std::erase_if(target.h2, [&](Multiplexed const& one) {
    return one.wire->idle() && (!fit(one.wire->wire(), at) || !one.wire->usable());
  });
  for (auto& one : target.h2) {
    if (!fit(one.wire->wire(), at)) continue;
    auto call = one.wire->call();
    if (call == nullptr) continue;
    one.used = at;
    tell(report, one.wire->wire().facts, true);
    return Taken{.call = std::move(call), .reused = true};
  }
  while (!target.idle.empty()) {
    auto idle = std::move(target.idle.back());  // the warmest
    target.idle.pop_back();
    if (!fit(idle.wire, at) || at - idle.since >= shared_->config.pool.idle_timeout) continue;
    std::string unasked;
    auto const heard = hear(*idle.wire.stream, unasked);
    if (!heard.ok() || *heard != Heard::nothing) continue;
    tell(report, idle.wire.facts, true);
    return Taken{.call = make_h1_call(std::move(idle.wire), back_to(key)), .reused = true};
  }
  return std::nullopt;
}

// Idle connections to others make room.
bool ClientPool::has_place(Target const& target) {
  if (target.open >= shared_->config.pool.max_per_target) return false;
  if (open_ < shared_->config.pool.max_connections) return true;
  for (auto& [key, other] : targets_) {
    if (other.idle.empty()) continue;
    other.idle.pop_front();
    return open_ < shared_->config.pool.max_connections;
  }
  return false;
}

std::shared_ptr<void> ClientPool::ticket(PoolKey const& key) {
  ++targets_[key].open;
  ++open_;
  return {nullptr, [pool = weak_from_this(), key](void*) {
            auto const self = pool.lock();
            if (self == nullptr) return;
            --self->open_;
            if (auto const at = self->targets_.find(key); at != self->targets_.end()) {
              --at->second.open;
            }
            self->wake(key);
          }};
}

io::Task<Result<ClientPool::Taken>> ClientPool::take_new(PoolKey key, WireNeeds needs) {
  auto place = ticket(key);
  auto const generation = shared_->generation.load();
  needs.deadline = std::min(needs.deadline, steady_now() + shared_->config.pool.connect_timeout);
  AW_CO_TRY(auto wire, co_await open_wire(needs, shared_->pool));
  wire.generation = generation;
  wire.ticket = std::move(place);
  co_return adopt(key, co_await boost::asio::this_coro::executor, std::move(wire), needs.report);
}

Result<ClientPool::Taken> ClientPool::adopt(PoolKey const& key,
                                            boost::asio::any_io_executor const& executor, Wire wire,
                                            CallReport* report) {
  tell(report, wire.facts, false);
  Taken taken;
  // These belong to the call that waited for them, not to those after it.
  wire.facts.resolve = wire.facts.connect = wire.facts.handshake = {};
  if (wire.speaks == Speaks::http1) {
    taken.call = make_h1_call(std::move(wire), back_to(key));
    return taken;
  }
  AW_TRY(auto shared_wire, make_h2_wire(executor, std::move(wire), [pool = weak_from_this(), key] {
           if (auto const self = pool.lock()) self->wake(key);
         }));
  taken.call = shared_wire->call();
  if (taken.call == nullptr) return shared_wire->failure();
  if (!shut_) targets_[key].h2.push_back({.wire = std::move(shared_wire), .used = steady_now()});
  wake(key);
  return taken;
}

std::function<void(Wire)> ClientPool::back_to(PoolKey const& key) {
  return [pool = weak_from_this(), key](Wire wire) {
    if (auto const self = pool.lock()) self->keep(key, std::move(wire));
  };
}

void ClientPool::keep(PoolKey const& key, Wire wire) {
  auto const at = steady_now();
  if (shut_ || !fit(wire, at)) return;
  targets_[key].idle.push_back({.wire = std::move(wire), .since = at});
  wake(key);
}

void ClientPool::wake(PoolKey const& key) {
  auto const at = targets_.find(key);
  if (at != targets_.end() && !at->second.waiting.empty()) {
    at->second.waiting.front()->cancel();
    return;
  }
  // The place may be one that somebody else was waiting for.
  for (auto& [other, target] : targets_) {
    if (target.waiting.empty()) continue;
    target.waiting.front()->cancel();
    return;
  }
}

io::Task<Result<void>> ClientPool::wait_for_place(PoolKey key, SteadyTime deadline) {
  auto const timer = std::make_shared<boost::asio::steady_timer>(
      co_await boost::asio::this_coro::executor, deadline);
  targets_[key].waiting.push_back(timer);
  // Also when this coroutine is cancelled.
  struct Leave {
    ClientPool& pool;
    PoolKey const& key;
    std::shared_ptr<boost::asio::steady_timer> const& timer;
    ~Leave() {
      if (auto const at = pool.targets_.find(key); at != pool.targets_.end()) {
        std::erase(at->second.waiting, timer);
      }
    }
  } const leave{*this, key, timer};
  auto const [ignored] = co_await timer->async_wait(io::kNoThrow);
  static_cast<void>(ignored);
  if (shut_) co_return make_error(Code::interrupted, "the client is stopping");
  if (steady_now() >= deadline) {
    co_return make_error(Code::overloaded, "no free connection to " + key.endpoint.text());
  }
  co_return Result<void>{};
}

void ClientPool::sweep(SteadyTime at) {
  if (at - swept_ < kSweepEvery) return;
  swept_ = at;
  std::deque<Idle> old;  // closed at the end: closing wakes, and waking looks at the map
  for (auto& [key, target] : targets_) {
    while (!target.idle.empty() &&
           (!fit(target.idle.front().wire, at) ||
            at - target.idle.front().since >= shared_->config.pool.idle_timeout)) {
      old.push_back(std::move(target.idle.front()));
      target.idle.pop_front();
    }
    std::erase_if(target.h2, [&](Multiplexed const& one) {
      return one.wire->idle() &&
             (!fit(one.wire->wire(), at) || at - one.used >= shared_->config.pool.idle_timeout);
    });
  }
  old.clear();
  std::erase_if(targets_, [](auto const& entry) {
    return entry.second.open == 0 && entry.second.waiting.empty() && entry.second.h2.empty();
  });
}

void ClientPool::shut() {
  if (std::exchange(shut_, true)) return;
  auto const targets = std::exchange(targets_, {});
  for (auto const& [key, target] : targets) {
    for (auto const& one : target.h2) one.wire->close();
    for (auto const& timer : target.waiting) timer->cancel();
  }
}

}  // namespace aw::http
