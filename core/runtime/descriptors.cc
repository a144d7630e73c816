// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace aw::runtime {
namespace {

// Logs, databases, journals and spools, listeners, what a loop waits with, probes and the admin
// port, pipes of commands.
constexpr std::uint64_t kReserve = 512;

rlimit limits_now() {
  rlimit out{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};  // when the kernel will not say
  ::getrlimit(RLIMIT_NOFILE, &out);
  return out;
}

}  // namespace

std::size_t loops_of(config::Config const& config) {
  return config.server.workers > 0 ? config.server.workers
                                   : std::max(1U, std::thread::hardware_concurrency());
}

std::uint64_t descriptors_needed(config::Config const& config) {
  std::uint64_t const pooled = loops_of(config) * config.transport.pool.max_connections;
  // Our own agent's calls: one connection to us for each that leaves; more of them would wait.
  std::uint64_t const outbound = config.server.outbound.listen.empty() ? 0 : pooled;
  return config.limits.max_connections + pooled + outbound + kReserve;
}

std::uint64_t soft_limit_for(std::uint64_t needed, std::uint64_t soft, std::uint64_t hard) {
  return std::max(soft, std::min(needed, hard));
}

std::size_t connections_within(config::Config const& config, std::uint64_t allowed) {
  auto const wanted = config.limits.max_connections;
  auto const needed = descriptors_needed(config);
  if (allowed >= needed) return wanted;
  auto const others = needed - wanted;
  return allowed > others ? allowed - others : 1;
}

Descriptors possible_descriptors(config::Config const& config) {
  auto const now = limits_now();
  auto const needed = descriptors_needed(config);
  auto const allowed = soft_limit_for(needed, now.rlim_cur, now.rlim_max);
  return {.needed = needed, .allowed = allowed, .connections = connections_within(config, allowed)};
}

Descriptors raise_descriptors(config::Config const& config) {
  auto now = limits_now();
  auto const soft = now.rlim_cur;
  auto out = possible_descriptors(config);
  now.rlim_cur = out.allowed;
  if (out.allowed > soft && ::setrlimit(RLIMIT_NOFILE, &now) != 0) {
    out.allowed = soft;
    out.connections = connections_within(config, soft);
  }
  return out;
}

std::string too_few_descriptors(Descriptors const& found) {
  return "only " + std::to_string(found.allowed) +
         " files may be open, server.limits.max_connections needs " + std::to_string(found.needed) +
         ": callers beyond " + std::to_string(found.connections) + " at once are turned away";
}

std::string more_descriptors(Descriptors const& found) {
  auto const needed = std::to_string(found.needed);
  return "LimitNOFILE=" + needed + " in the unit, --ulimit nofile=" + needed +
         " for a container, ulimit -Hn " + needed +
         " in a shell; or a smaller server.limits.max_connections";
}

}  // namespace aw::runtime
