// SPDX-License-Identifier: Apache-2.0
// Asks OPA servers over their REST API: POST {endpoint}/v1/data/{policy_path}.
//
// Several endpoints with a breaker each; one deadline for all tries of a decision. When none
// answers the decision denies with Code::pdp_unavailable and says when to come back. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/authz/authz.h"
#include "core/authz/config.h"
#include "core/authz/failover.h"
#include "core/authz/meters.h"
#include "core/authz/opa_transport.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/rego/event_text.h"
#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::authz {

// What OPA said when asked to explain.
struct OpaExplanation {
  AuthzDecision decision;
  rego::Value events;                  // its trace as lines of text; undefined when none came
  rego::Value metrics;                 // "timer_rego_query_eval_ns" …
  std::vector<rego::Source> policies;  // the texts that `events` point into; may be empty
};

// An evaluation error that OPA reports is a decision (it denies) and no failure of the endpoint.
class RemoteOpa final : public AuthorizationProvider {
 public:
  // `clock`, `log` and `meters` outlive it.
  RemoteOpa(Config const& config, std::unique_ptr<OpaTransport> transport, Clock const& clock,
            log::Log& log, std::shared_ptr<Meters> meters, metrics::Registry& registry);

  [[nodiscard]] io::Task<AuthzDecision> authorize(AuthzContext const& context) override;
  [[nodiscard]] ProviderStatus status() const override;
  [[nodiscard]] std::uint64_t revision() const override { return 0; }

  // The same question with ?explain=…&pretty&metrics&instrument.
  // For people: up to 16 MiB, and a second request for the policies' texts.
  [[nodiscard]] io::Task<OpaExplanation> explain(
      AuthzContext const& context, rego::EventDetail detail = rego::EventDetail::full);

 private:
  // One question, whoever answered it.
  struct Exchange {
    AuthzDecision decision;
    std::string body;  // of the answer that decided
  };
  [[nodiscard]] io::Task<Exchange> ask(std::string target, std::string body, std::size_t max_bytes);
  // An error: this endpoint gave no answer. Never throws.
  [[nodiscard]] io::Task<Result<AuthzDecision>> try_one(OpaRequest request, std::string* body);
  [[nodiscard]] io::Task<std::vector<rego::Source>> policies(std::string endpoint);
  void report_failure(std::size_t endpoint, Error const& error);
  void report_change(std::size_t endpoint, io::CircuitBreaker::State before);

  std::string const target_;
  std::string const policy_path_;
  std::chrono::nanoseconds const timeout_;
  std::unique_ptr<OpaTransport> const transport_;
  Clock const& clock_;
  log::Log& log_;
  std::shared_ptr<Meters> const meters_;
  std::shared_ptr<Endpoints> const endpoints_;  // shared with the scrape's refresher
  mutable std::mutex mutex_;
  std::vector<std::string> last_errors_;  // guarded by mutex_; by endpoint
};

// "agentweave/authz", "/agentweave/authz/", "data.agentweave.authz" -> "/v1/data/agentweave/authz"
[[nodiscard]] std::string opa_target(std::string_view policy_path);

}  // namespace aw::authz
