// SPDX-License-Identifier: Apache-2.0
// How many files (connections among them) this process may have open, and how many its
// configuration may need: the usual soft limit is a tenth of server.limits.max_connections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/config/config.h"

namespace aw::runtime {

// A value. `allowed` is the soft limit, as it is or as it may be made.
struct Descriptors {
  std::uint64_t needed = 0;
  std::uint64_t allowed = 0;
  std::size_t connections = 0;  // of callers: max_connections, or as many as fit
  [[nodiscard]] bool enough() const { return allowed >= needed; }
};

// Event loops: server.workers, or one a core.
[[nodiscard]] std::size_t loops_of(config::Config const& config);
// Connections of callers, of our own agent and to others, and room for files.
[[nodiscard]] std::uint64_t descriptors_needed(config::Config const& config);
// The soft limit that `needed` asks for: raised as far as the hard one, never lowered.
[[nodiscard]] std::uint64_t soft_limit_for(std::uint64_t needed, std::uint64_t soft,
                                           std::uint64_t hard);

// max_connections where `allowed` is enough, else what the other files leave of it, one at the
// least: callers must not take what the log, the audit trail and the decisions are written with.
[[nodiscard]] std::size_t connections_within(config::Config const& config, std::uint64_t allowed);

// What `raise_descriptors` would come to.
[[nodiscard]] Descriptors possible_descriptors(config::Config const& config);
// Raises this process's soft limit, for good; what it starts later inherits it. Any thread.
[[nodiscard]] Descriptors raise_descriptors(config::Config const& config);

// For people, where they are not enough: what it means, and the line that mends it.
[[nodiscard]] std::string too_few_descriptors(Descriptors const& found);
[[nodiscard]] std::string more_descriptors(Descriptors const& found);

}  // namespace aw::runtime
