// SPDX-License-Identifier: Apache-2.0
// The question "may this caller do this here?" and its answer, as values.
//
// A default-constructed decision denies. Public: installed for programs that bring a provider of
// their own (docs/sdk.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "core/base/clock.h"
#include "core/base/code.h"
#include "core/identity/spiffe_id.h"

namespace aw::authz {

// inbound: somebody calls us; outbound: our own agent calls.
enum class Direction { inbound, outbound };
enum class Verdict { deny, allow };
// What a shadow policy said beside the one that decided.
enum class ShadowSays { nothing, agreed, would_deny, would_allow, error };

// Everything a policy may look at. Peer facts are verified before one of these is made.
// A value; owns its texts. Empty means unknown, and is absent in the policy's input.
struct AuthzContext {
  identity::SpiffeId caller;
  identity::SpiffeId callee;
  std::string action;
  Direction direction = Direction::inbound;
  std::string method;   // "message/send", "GET", …
  std::string binding;  // "jsonrpc", "rest", "grpc", "tasks"
  std::string skill;
  std::string task_id;
  std::string context_id;
  std::string remote_address;
  std::string request_id;
  WallTime time;
  std::string context_json;  // one JSON object, or empty
};

// A value. `reason` and `rule` are for operators and audit; a caller sees the code's title.
struct AuthzDecision {
  Verdict verdict = Verdict::deny;
  Code code = Code::denied_by_policy;  // meaningful when denied (or would_deny)
  std::string reason = "no_decision";  // stable snake_case, or the policy's own words
  std::string rule;                    // "authz.rego:14", when known
  std::string policy_id;               // the policy's own name for itself, when it gave one
  std::string policy_digest;           // "sha256:…" of the embedded policy
  std::string decided_by;              // "embedded", "http://opa-1:8181", …
  std::uint64_t generation = 0;        // of the embedded policy
  bool cached = false;
  bool would_deny = false;  // log-only mode: allowed although policy says no
  ShadowSays shadow_says = ShadowSays::nothing;
  std::string shadow;  // its decision, as one JSON object
  std::chrono::nanoseconds duration{0};
  std::chrono::seconds retry_after{0};  // with Code::pdp_unavailable

  [[nodiscard]] bool allowed() const { return verdict == Verdict::allow; }
};

// The two short ways to make one; for custom providers.
[[nodiscard]] AuthzDecision allow(std::string reason);
[[nodiscard]] AuthzDecision deny(std::string reason, Code code = Code::denied_by_policy);
// Nobody could decide: callers answer 503 with Retry-After, never a plain deny.
// At least a second; `reason` is for the log.
[[nodiscard]] AuthzDecision unavailable(std::string reason, std::chrono::seconds retry_after);

}  // namespace aw::authz
