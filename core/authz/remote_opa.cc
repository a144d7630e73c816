// SPDX-License-Identifier: Apache-2.0
#include "core/authz/remote_opa.h"

#include <algorithm>
#include <exception>

#include "core/authz/input.h"
#include "core/authz/interpret.h"
#include "core/authz/opa_trace.h"

namespace aw::authz {
namespace {

constexpr std::size_t kMaxExplanationBytes = 16U << 20;
constexpr std::size_t kMaxNesting = 256;  // of the syntax trees that come with policies

using State = io::CircuitBreaker::State;

std::string_view state_name(State state) {
  switch (state) {
    case State::closed:
      return "closed";
    case State::open:
      return "open";
    case State::half_open:
      return "half_open";
  }
  return "open";
}

}  // namespace

std::string opa_target(std::string_view policy_path) {
  std::string path(policy_path);
  if (path.starts_with("data.")) {
    path.erase(0, 5);
    std::ranges::replace(path, '.', '/');
  }
  while (path.starts_with('/')) path.erase(0, 1);
  while (path.ends_with('/')) path.pop_back();
  return "/v1/data/" + path;
}

RemoteOpa::RemoteOpa(Config const& config, std::unique_ptr<OpaTransport> transport,
                     Clock const& clock, log::Log& log, std::shared_ptr<Meters> meters,
                     metrics::Registry& registry)
    : target_(opa_target(config.policy_path)),
      policy_path_(config.policy_path),
      timeout_(config.timeout),
      transport_(std::move(transport)),
      clock_(clock),
      log_(log),
      meters_(std::move(meters)),
      endpoints_(
          std::make_shared<Endpoints>(config.opa_endpoints, config.failover, config.breaker)),
      last_errors_(config.opa_endpoints.size()) {
  // A breaker goes from open to half open by time alone, so the gauge is read off at each scrape.
  registry.before_scrape([endpoints = endpoints_, meters = meters_, &clock] {
    meters->breakers(*endpoints, clock.steady());
  });
}

io::Task<Result<AuthzDecision>> RemoteOpa::try_one(OpaRequest request, std::string* body) {
  meters_->opa_asked();
  auto const max_bytes = request.max_bytes;
  try {
    auto answer = co_await transport_->send(std::move(request));
    if (!answer.ok()) co_return std::move(answer).error();
    auto decision = interpret_answer(answer->status, answer->body, max_bytes);
    *body = std::move(answer->body);
    co_return decision;
  } catch (std::exception const& e) {
    // A transport that throws is a transport that failed; it must not become anything but a deny.
    co_return make_error(Code::pdp_unavailable, e.what());
  }
}

io::Task<RemoteOpa::Exchange> RemoteOpa::ask(std::string target, std::string body,
                                             std::size_t max_bytes) {
  auto const started = clock_.steady();
  FailoverWalk walk(*endpoints_, started + timeout_);
  Exchange out;
  while (auto const turn = walk.next(clock_.steady())) {
    auto const before = endpoints_->at(turn->index).breaker.state(clock_.steady());
    OpaRequest request{.endpoint = turn->index,
                       .target = target,
                       .body = body,
                       .deadline = turn->deadline,
                       .max_bytes = max_bytes};
    auto decision = co_await try_one(std::move(request), &out.body);
    if (decision.ok()) {
      walk.succeeded();
      report_change(turn->index, before);
      out.decision = std::move(*decision);
      out.decision.decided_by = endpoints_->at(turn->index).name;
      if (out.decision.code == Code::policy_result_malformed ||
          out.decision.code == Code::policy_eval) {
        meters_->opa_failed();
        meters_->policy_error();
      }
      out.decision.duration = clock_.steady() - started;
      co_return out;
    }
    walk.failed(clock_.steady());
    report_failure(turn->index, decision.error());
    report_change(turn->index, before);
  }
  out.decision = unavailable(walk.tries() == 0 ? "pdp_unavailable: every breaker is open"
                                               : "pdp_unavailable: no endpoint answered",
                             endpoints_->retry_after(clock_.steady()));
  out.decision.duration = clock_.steady() - started;
  co_return out;
}

io::Task<AuthzDecision> RemoteOpa::authorize(AuthzContext const& context) {
  auto exchange = co_await ask(target_, opa_request_body(context), kMaxAnswerBytes);
  co_return std::move(exchange.decision);
}

io::Task<OpaExplanation> RemoteOpa::explain(AuthzContext const& context, rego::EventDetail detail) {
  auto const* const mode = detail == rego::EventDetail::notes   ? "notes"
                           : detail == rego::EventDetail::fails ? "fails"
                                                                : "full";
  auto target = target_ + "?explain=" + mode + "&pretty=true&metrics=true&instrument=true";
  auto exchange = co_await ask(std::move(target), opa_request_body(context), kMaxExplanationBytes);
  OpaExplanation out{
      .decision = std::move(exchange.decision), .events = {}, .metrics = {}, .policies = {}};
  if (auto body = rego::parse_json(exchange.body, {.bytes = kMaxExplanationBytes, .depth = 64});
      body.ok()) {
    out.events = body->get("explanation");
    out.metrics = body->get("metrics");
  }
  if (out.events.size() > 0) out.policies = co_await policies(out.decision.decided_by);
  co_return out;
}

// An OPA that does not show its policies (it may forbid that) costs no more than their lines.
io::Task<std::vector<rego::Source>> RemoteOpa::policies(std::string endpoint) {
  std::vector<rego::Source> out;
  for (std::size_t i = 0; i < endpoints_->size(); ++i) {
    if (endpoints_->at(i).name != endpoint) continue;
    OpaRequest request{.method = OpaRequest::Method::get,
                       .endpoint = i,
                       .target = "/v1/policies",
                       .body = {},
                       .deadline = clock_.steady() + timeout_,
                       .max_bytes = kMaxExplanationBytes};
    auto const answer = co_await transport_->send(std::move(request));
    if (!answer.ok() || answer->status != 200) break;
    auto const body =
        rego::parse_json(answer->body, {.bytes = kMaxExplanationBytes, .depth = kMaxNesting});
    if (body.ok()) out = opa_policies(*body);
    break;
  }
  co_return out;
}

void RemoteOpa::report_failure(std::size_t endpoint, Error const& error) {
  meters_->opa_failed();
  {
    std::lock_guard const lock(mutex_);
    last_errors_[endpoint] = error.text();
  }
  log_.debug(log::Component::authz, "opa gave no answer",
             {{"endpoint", endpoints_->at(endpoint).name}, {"error", error.message}});
}

void RemoteOpa::report_change(std::size_t endpoint, State before) {
  auto const now = endpoints_->at(endpoint).breaker.state(clock_.steady());
  if (now == before) return;
  meters_->breakers(*endpoints_, clock_.steady());
  auto const& name = endpoints_->at(endpoint).name;
  if (now == State::closed) {
    {
      std::lock_guard const lock(mutex_);
      last_errors_[endpoint].clear();
    }
    log_.info(log::Component::authz, "opa answers again: breaker closed", {{"endpoint", name}});
    return;
  }
  std::lock_guard const lock(mutex_);
  log_.warning(log::Component::authz, "opa breaker changed",
               {{"endpoint", name}, {"state", state_name(now)}, {"error", last_errors_[endpoint]}});
}

ProviderStatus RemoteOpa::status() const {
  ProviderStatus out{
      .state = ProviderStatus::State::unavailable, .kind = "opa", .policy_path = policy_path_};
  auto const now = clock_.steady();
  std::size_t closed = 0;
  std::lock_guard const lock(mutex_);
  for (std::size_t i = 0; i < endpoints_->size(); ++i) {
    auto const state = endpoints_->at(i).breaker.state(now);
    if (state == State::closed) ++closed;
    out.endpoints.push_back({.name = endpoints_->at(i).name,
                             .breaker = std::string(state_name(state)),
                             .last_error = last_errors_[i]});
    if (!last_errors_[i].empty()) out.last_error = last_errors_[i];
  }
  if (closed == endpoints_->size()) {
    out.state = ProviderStatus::State::ready;
  } else if (closed > 0) {
    out.state = ProviderStatus::State::degraded;
  }
  return out;
}

}  // namespace aw::authz
