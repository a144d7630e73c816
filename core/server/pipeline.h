// SPDX-License-Identifier: Apache-2.0
// The gates, in their order. There is one pipeline, every request of the listener goes through it,
// and nothing reaches a backend any other way.
//
// Shared by all loops; `serve` runs on the connection's loop. Everything given outlives it. Never
// throws: what goes wrong becomes a refusal with a code, an audit record and a decision id.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "core/a2a/router.h"
#include "core/a2a/service.h"
#include "core/audit/log.h"
#include "core/authz/authz.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/decisions/store.h"
#include "core/decisions/uploader.h"
#include "core/http/server.h"
#include "core/identity/peer.h"
#include "core/server/call_map.h"
#include "core/server/cards.h"
#include "core/server/grpc_aside.h"
#include "core/server/instruments.h"
#include "core/server/limits.h"
#include "core/server/recent_decisions.h"
#include "core/server/replay.h"
#include "core/server/tracer.h"

namespace aw::server {

struct Records;
struct Visit;

// What the connection established before its first request (gates 1 and 2).
// Outlives every request of its connection; `until` is looked at for each. Without a peer there is
// none: who makes one has it from verify_peer.
struct Visitor {
  std::shared_ptr<const identity::Peer> peer;  // shared with the caller's other connections
  WallTime until{};  // the peer's not_after, or earlier; default: long ago
  identity::SpiffeId self;
  std::string remote_address;
  std::shared_ptr<Admission::Load> load = {};  // null: callers have no limit of their own
  std::shared_ptr<http::HeldBodies::Share> messages = {};  // from its first gRPC call on
  std::shared_ptr<CallLine> line = {};  // of the trust map; null: nothing is counted there
};

// One for the listener. An order of gates is an order of costs, too: what is cheap refuses first.
class Pipeline {
 public:
  // References to parts of the runtime, each with its own thread rules.
  struct Needs {
    a2a::Router const& router;
    a2a::Service& service;
    Cards cards;
    authz::AuthorizationProvider& authorization;
    audit::AuditLog& audit;
    ReplayGuard& replay;
    RateLimiter& rates;
    Admission& admission;
    Instruments& instruments;
    RecentDecisions& recent;  // where there is no store
    Tracer const& tracer;
    Clock const& clock;
    log::Log& log;
    // Does the agent take work? For gRPC's health service and GET /health; empty = yes.
    std::function<bool()> ready = {};
    std::string agent_name = {};
    // Keeps every decision; null: only the recent ones are remembered.
    decisions::Store* decisions = nullptr;
    // Pushes every decision to a service; may be null.
    decisions::Uploader* decision_logs = nullptr;
    std::string policy_path = {};
    // Who called whom, for the trust map; may be null.
    CallMap* calls = nullptr;
  };
  explicit Pipeline(Needs needs) : needs_(std::move(needs)), messages_(needs_.router.max_body()) {}

  // Where the requests of a new connection are counted; null without a map.
  [[nodiscard]] std::shared_ptr<CallLine> line_of(Visitor const& visitor) const;
  // What its caller's connections share of gate 3; null when callers have no limit of their own.
  [[nodiscard]] std::shared_ptr<Admission::Load> load_of(Visitor const& visitor) const {
    return needs_.admission.load_of(visitor.peer->id.text());
  }

  // What its caller's connections share of the room for gRPC's messages.
  [[nodiscard]] std::shared_ptr<http::HeldBodies::Share> messages_of(Visitor const& visitor) {
    return messages_.share_of(visitor.peer->id.text());
  }

  // `body`: where the request's body comes from when it was not collected (gRPC), else null.
  // Returns when the answer has left, or its stream has ended. A cancelled caller cancels it
  // anywhere.
  [[nodiscard]] io::Task<void> serve(Visitor const& visitor, http::Request& request,
                                     http::ResponseWriter& writer,
                                     http::BodyReader* body = nullptr);
  // The answer to what the codec refuses before it is a request: gate 3 where it is too large or
  // too slow, gate 5 where it cannot be read. On the record like every refusal, and refused whether
  // it is or not. Blocks the loop for the record's write. In early_refusal.cc.
  [[nodiscard]] http::Response refuse_early(Visitor const& visitor,
                                            http::EarlyRefusal const& refusal);

 private:
  // Gates 6 and 7; `operation` is understood, its task resolved to a capability.
  [[nodiscard]] io::Task<void> decide(Visit& visit, a2a::Operation& operation);
  [[nodiscard]] io::Task<void> dispatch(Visit& visit, a2a::Operation& operation,
                                        a2a::Caller& caller);
  [[nodiscard]] io::Task<void> card(Visit& visit, a2a::CardRequest const& asked);
  [[nodiscard]] io::Task<void> health(Visit& visit, a2a::HealthRequest const& asked);
  // gRPC's health and reflection: recorded, not asked of policy.
  [[nodiscard]] io::Task<void> aside(Visit& visit, a2a::GrpcAside const& asked);
  [[nodiscard]] io::Task<void> understand(Visit& visit);
  [[nodiscard]] io::Task<void> refuse(Visit& visit, Error error,
                                      std::chrono::nanoseconds retry_after = {});
  [[nodiscard]] io::Task<void> refuse_as(Visit& visit, a2a::Refused refused);

  // Gate 7. An error is the caller's 503, and that refusal is then the only decision that is told
  // of; what stands anyway is told of whether it is in the audit log or not.
  enum class Stands { when_recorded, anyway };
  [[nodiscard]] io::Task<Result<void>> record(Visit& visit, authz::AuthzDecision const& decision,
                                              Stands stands = Stands::when_recorded);
  // Gates 7 and 9 of what was cut off: by the listener's deadline, the connection's end. Whoever
  // waits has been answered already. What is on record stays as it is, and has its outcome.
  void cut(Visit const& visit);
  [[nodiscard]] Records records() const;
  // Gate 9: metrics, trace, log. Nothing is decided any more.
  void outcome(Visit const& visit, a2a::Outcome const& outcome);

  Needs const needs_;
  http::HeldBodies messages_;  // of gRPC, half received
};

}  // namespace aw::server
