// SPDX-License-Identifier: Apache-2.0
// The agent's own calls: plain HTTP on loopback or a unix socket in, mutual TLS as ourselves out,
// to a peer that proves exactly the SPIFFE ID that was named.
//
// The same gates in the other direction: understood, authorized (direction outbound; caller = we,
// callee = the peer), on the record before the peer hears of it. What the listener's own protection
// is: it is bound to this machine only, and refuses what web pages send.
//
// A session belongs to its connection's loop; Outbound is shared by all. What it is given outlives
// it.
#pragma once

#include <memory>
#include <string>

#include "core/a2a/router.h"
#include "core/audit/log.h"
#include "core/authz/authz.h"
#include "core/base/log.h"
#include "core/decisions/store.h"
#include "core/decisions/uploader.h"
#include "core/http/server.h"
#include "core/metrics/registry.h"
#include "core/server/agent_session.h"
#include "core/server/call_map.h"
#include "core/server/outbound_call.h"
#include "core/server/outbound_target.h"

namespace aw::server {

struct OutboundVisit;
struct Records;

class Outbound {
 public:
  // Where the calls go, who we are, who decides, where it is recorded.
  struct Needs {
    OutboundCaller& caller;
    CurrentCredentials credentials;
    authz::AuthorizationProvider& authorization;
    audit::AuditLog& audit;
    Tracer const& tracer;
    metrics::Registry& metrics;
    Clock const& clock;
    log::Log& log;
    // Keeps every decision; may be null.
    decisions::Store* decisions = nullptr;
    decisions::Uploader* decision_logs = nullptr;  // pushes every decision; may be null
    std::string policy_path = {};
    CallMap* calls = nullptr;  // for the trust map; may be null
  };
  explicit Outbound(Needs needs);

  // Answers always, but for an answer of the peer that breaks off: then it stays unfinished, and
  // the connection is cut. Blocks the loop for the record's write.
  [[nodiscard]] io::Task<void> serve(http::Request& request, http::ResponseWriter& writer,
                                     std::string const& remote_address);
  // The answer to what the codec refuses before it is a request. On the record like every refusal,
  // and refused whether it is or not. In early_refusal.cc.
  [[nodiscard]] http::Response refuse_early(http::EarlyRefusal const& refusal,
                                            std::string const& remote_address);

 private:
  [[nodiscard]] io::Task<void> decide(OutboundVisit& visit, http::Request meant);
  // The peer hears of it here, and no earlier.
  [[nodiscard]] io::Task<void> forward(OutboundVisit& visit, http::Request meant);
  [[nodiscard]] io::Task<void> give_back(OutboundVisit& visit, http::ResponseStream& answer);
  // A card is collected (64 MiB at the most) and rewritten; anything else passes as it comes.
  [[nodiscard]] io::Task<void> give_card(OutboundVisit& visit, http::ResponseStream& answer);
  // `answer`: in the words of the caller's binding, where there are some.
  [[nodiscard]] io::Task<void> refuse(OutboundVisit& visit, Error error,
                                      std::optional<http::Response> answer = std::nullopt);
  // `asked`: the question, when policy was asked.
  [[nodiscard]] Result<void> record(OutboundVisit& visit, authz::AuthzDecision const& decision,
                                    authz::AuthzContext const* asked);
  // The same for a call that was cut off before it was decided. Nothing when it is on record.
  void cut(OutboundVisit const& visit);
  [[nodiscard]] Records records() const;
  // On the trust map; nothing for a call that named no peer.
  void count(OutboundVisit const& visit, CallOutcome outcome) const;
  // Views into what is given.
  [[nodiscard]] decisions::Fields kept_fields(OutboundVisit const& visit,
                                              authz::AuthzDecision const& decision,
                                              authz::AuthzContext const* asked) const;

  Needs const needs_;
  a2a::Router const router_;
  metrics::Counter& forwarded_;
  metrics::Counter& refused_;
  metrics::Counter& failed_;
};

class OutboundSession final : public http::Session {
 public:
  OutboundSession(Outbound& outbound, std::string remote_address)
      : outbound_(outbound), remote_address_(std::move(remote_address)) {}
  [[nodiscard]] io::Task<void> handle(http::Request& request,
                                      http::ResponseWriter& writer) override {
    return outbound_.serve(request, writer, remote_address_);
  }
  [[nodiscard]] std::optional<http::Response> refuse(http::EarlyRefusal const& refusal) override {
    return outbound_.refuse_early(refusal, remote_address_);
  }

 private:
  Outbound& outbound_;
  std::string const remote_address_;
};

// "127.0.0.1:8081", "unix:///run/x.sock". Code::config_out_of_range for an address that other
// machines reach.
[[nodiscard]] Result<http::Address> outbound_address(std::string_view listen);

}  // namespace aw::server
