// SPDX-License-Identifier: Apache-2.0
#include "core/server/instruments.h"

namespace aw::server {
namespace {

constexpr std::array<std::string_view, kRequestStatuses> kStatus = {"success", "error", "denied",
                                                                    "interrupted"};
constexpr std::string_view kNone = "none";

}  // namespace

Instruments::Instruments(metrics::Registry& registry, std::string agent_name,
                         std::vector<std::string> const& capabilities)
    : in_flight(registry.gauge("agentweave_requests_in_flight", "Requests being served now.")),
      active_connections(
          registry.gauge("agentweave_active_connections", "Open connections of verified peers.")),
      connections(
          registry.counter("agentweave_connections_total", "Connections of verified peers.")),
      handshake_failures(registry.counter("agentweave_handshake_failures_total",
                                          "Handshakes that failed or were refused.")),
      replay_rejections(registry.counter("agentweave_replay_rejections_total",
                                         "Requests refused by replay protection.")),
      claims_dropped(registry.counter("agentweave_identity_claims_dropped_total",
                                      "Headers of callers that name a caller; none is passed on.")),
      insecure_mode(registry.gauge("agentweave_insecure_mode",
                                   "1 while a setting is active that production refuses.")),
      ready(registry.gauge("agentweave_ready", "1 while the agent takes requests.")),
      refusals_(registry.counter_family("agentweave_gate_refusals_total",
                                        "Requests a gate refused, by reason.", {"reason"})),
      errors_(registry.counter_family("agentweave_errors_total",
                                      "Requests that ended in an error, by code.",
                                      {"agent_name", "error_type"})),
      agent_name_(std::move(agent_name)) {
  auto& requests = registry.counter_family("agentweave_requests_total",
                                           "Requests, by capability and how they ended.",
                                           {"agent_name", "capability", "status"});
  auto& durations = registry.histogram_family(
      "agentweave_request_duration_seconds", "From the request's head to its answer's end.",
      metrics::request_buckets(), {"agent_name", "capability", "status"});
  auto& decisions = registry.counter_family("agentweave_auth_decisions_total",
                                            "Answers of policy, by capability.",
                                            {"agent_name", "capability", "decision"});
  auto& checks = registry.histogram_family(
      "agentweave_auth_check_duration_seconds", "How long policy took to answer, by capability.",
      metrics::decision_buckets(), {"agent_name", "capability"});
  auto names = capabilities;
  names.emplace_back(kNone);
  for (auto const& name : names) {
    Series series{};
    for (std::size_t i = 0; i < kStatus.size(); ++i) {
      std::vector<std::string> const labels = {agent_name_, name, std::string(kStatus[i])};
      series.requests[i] = &requests.at(labels);
      series.durations[i] = &durations.at(labels);
    }
    series.decisions = {&decisions.at({agent_name_, name, "allow"}),
                        &decisions.at({agent_name_, name, "deny"})};
    series.checks = &checks.at({agent_name_, name});
    series_.emplace(name, series);
  }
  for (Code const code :
       {Code::denied_by_policy, Code::pdp_unavailable, Code::replayed, Code::rate_limited,
        Code::overloaded, Code::unmapped_route, Code::request_malformed, Code::too_large,
        Code::request_timeout, Code::audit_unavailable}) {
    refusals_.at({std::string(code_info(code).id)});
  }
  for (Code const code : {Code::backend_failed, Code::backend_unreachable, Code::backend_timeout,
                          Code::pdp_unavailable, Code::audit_unavailable}) {
    errors_.at({agent_name_, std::string(code_info(code).id)});
  }
}

Instruments::Series const& Instruments::of(std::string_view capability) const {
  auto const found = series_.find(capability);
  return found != series_.end() ? found->second : series_.find(kNone)->second;
}

void Instruments::request(std::string_view capability, Ended const& ended) {
  auto const& series = of(capability);
  auto const index = static_cast<std::size_t>(ended.status);
  series.requests[index]->add();
  auto& durations = *series.durations[index];
  if (ended.trace_id.empty()) return durations.observe(ended.seconds);
  durations.observe(ended.seconds, ended.trace_id, ended.unix_time);
}

void Instruments::decided(std::string_view capability, PolicyAnswer answer, double seconds) {
  auto const& series = of(capability);
  series.decisions[static_cast<std::size_t>(answer)]->add();
  series.checks->observe(seconds);
}

void Instruments::refused(Code code) {
  std::string reason(code_info(code).id);
  refusals_.at({reason}).add();
  if (code == Code::replayed || code == Code::replay_outside_window ||
      code == Code::replay_headers_missing) {
    replay_rejections.add();
  }
}

void Instruments::failed(Code code) {
  errors_.at({agent_name_, std::string(code_info(code).id)}).add();
}

}  // namespace aw::server
