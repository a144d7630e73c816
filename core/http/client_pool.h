// SPDX-License-Identifier: Apache-2.0
// Inside the client: the connections one loop keeps. Not for other rooms. Belongs to its loop.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/http/client_calls.h"

namespace aw::http {

// What the loops of one client share.
struct ClientShared {
  ClientShared(ClientConfig its_config, io::BlockingPool& its_pool)
      : config(std::move(its_config)), pool(its_pool) {}
  ClientConfig const config;
  io::BlockingPool& pool;
  std::atomic<std::uint64_t> generation{0};  // connections of an earlier one serve no new call
};

// Connections are shared by calls with equal keys only.
struct PoolKey {
  Endpoint endpoint;
  std::string security;
  Protocol protocol = Protocol::negotiated;
  auto operator<=>(PoolKey const&) const = default;
};

// Whether a call may run on a connection that served another before: a retry after a stale one asks
// for a new one.
enum class Kept : std::uint8_t { allowed, unwanted };

// Bounded by ClientConfig, in connections for each key and in all; who finds no place waits in
// line.
class ClientPool : public std::enable_shared_from_this<ClientPool> {
 public:
  explicit ClientPool(std::shared_ptr<ClientShared> shared) : shared_(std::move(shared)) {}

  struct Taken {
    std::unique_ptr<Call> call;
    bool reused = false;
  };
  // A kept connection (if `kept` allows) or a new one; waits for a place until the deadline.
  io::Task<Result<Taken>> take(PoolKey key, WireNeeds needs, Kept kept);

  // The loop ends.
  void shut();

 private:
  struct Idle {
    Wire wire;
    SteadyTime since{};
  };
  struct Multiplexed {
    std::shared_ptr<H2Wire> wire;
    SteadyTime used{};
  };
  struct Target {
    std::deque<Idle> idle;
    std::vector<Multiplexed> h2;
    std::deque<std::shared_ptr<boost::asio::steady_timer>> waiting;
    std::size_t open = 0;
  };

  std::optional<Taken> take_kept(PoolKey const& key, Target& target, CallReport* report);
  io::Task<Result<Taken>> take_new(PoolKey key, WireNeeds needs);
  io::Task<Result<void>> wait_for_place(PoolKey key, SteadyTime deadline);
  [[nodiscard]] bool has_place(Target const& target);
  // Counts one open connection while it lives, and wakes who waits for its place.
  [[nodiscard]] std::shared_ptr<void> ticket(PoolKey const& key);
  Result<Taken> adopt(PoolKey const& key, boost::asio::any_io_executor const& executor, Wire wire,
                      CallReport* report);
  [[nodiscard]] std::function<void(Wire)> back_to(PoolKey const& key);
  void keep(PoolKey const& key, Wire wire);
  void wake(PoolKey const& key);
  // Closes what was idle or lived too long.
  void sweep(SteadyTime now);
  [[nodiscard]] bool fit(Wire const& wire, SteadyTime now) const;

  std::shared_ptr<ClientShared> const shared_;
  std::map<PoolKey, Target> targets_;
  std::size_t open_ = 0;
  SteadyTime swept_{};
  bool shut_ = false;
};

// The pool of `shared` on the loop behind `executor`; made when first asked for, gone with the
// loop.
[[nodiscard]] std::shared_ptr<ClientPool> pool_on(boost::asio::any_io_executor const& executor,
                                                  std::shared_ptr<ClientShared> const& shared);

}  // namespace aw::http
