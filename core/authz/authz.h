// SPDX-License-Identifier: Apache-2.0
// The seam to whoever answers "may this caller do this here?" (decision.h has the question).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/authz/decision.h"
#include "core/io/task.h"

namespace aw::authz {

// What `health`, `doctor` and readiness show.
// A moment's look; default: nothing decides.
struct ProviderStatus {
  enum class State { ready, degraded, unavailable };
  struct Endpoint {
    std::string name;
    std::string breaker;  // "closed", "open", "half_open"
    std::string last_error;
  };
  State state = State::unavailable;
  std::string kind;  // "embedded", "opa", "custom", …
  std::string mode = "enforce";
  std::string policy_path;
  std::string policy_digest;
  std::string revision;  // of the bundle
  std::uint64_t generation = 0;
  std::string last_error;  // of the last failed reload or call; empty after a success
  std::size_t rules = 0;
  std::size_t tests = 0;
  std::vector<Endpoint> endpoints;
};

// Any thread may call; `authorize` runs on the awaiter's loop and must not block it. Failures are
// decisions that deny: nothing throws.
// Embedders write one of these: nothing else is needed to decide.
class AuthorizationProvider {
 public:
  virtual ~AuthorizationProvider() = default;
  // `context` outlives the task.
  [[nodiscard]] virtual io::Task<AuthzDecision> authorize(AuthzContext const& context) = 0;
  // Must not block: probes ask it.
  [[nodiscard]] virtual ProviderStatus status() const = 0;
  // Grows when a decision made earlier may be different now; caches drop what is older.
  [[nodiscard]] virtual std::uint64_t revision() const { return 0; }
};

}  // namespace aw::authz
