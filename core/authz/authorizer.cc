// SPDX-License-Identifier: Apache-2.0
#include "core/authz/authorizer.h"

#include "core/authz/bundle_poller.h"
#include "core/authz/decision_cache.h"
#include "core/authz/embedded.h"
#include "core/authz/input.h"
#include "core/authz/log_only.h"
#include "core/authz/opa_trace.h"
#include "core/authz/policy_store.h"
#include "core/authz/remote_opa.h"
#include "core/authz/shadow.h"

namespace aw::authz {

struct Authorizer::Impl {
  Impl(Config const& given, AuthorizerNeeds taken, std::vector<std::string> const& endpoints)
      : config(given), needs(taken), meters(std::make_shared<Meters>(taken.metrics, endpoints)) {}

  // Wraps `decider`, which is set by now.
  Result<void> assemble() {
    outermost = decider.get();
    if (config.shadow.given()) {
      AW_TRY(shadow, ShadowPolicy::open(*outermost, config.shadow, config.policy_path, needs.clock,
                                        needs.log, needs.metrics));
      outermost = shadow.get();
    }
    if (config.cache.ttl.count() > 0 && config.provider != Provider::allow_all) {
      cache = std::make_unique<CachedAuthorization>(*outermost, config.cache, needs.clock, meters);
      outermost = cache.get();
    }
    if (config.default_action == DefaultAction::log_only) {
      log_only = std::make_unique<LogOnly>(*outermost);
      outermost = log_only.get();
    }
    return {};
  }

  Config const config;
  AuthorizerNeeds needs;
  std::shared_ptr<Meters> meters;
  // In the order they use each other; destroyed the other way round.
  std::unique_ptr<PolicyStore> store;
  std::shared_ptr<BundlePoller> poller;  // shared with the scrape's refresher
  std::unique_ptr<AuthorizationProvider> decider;
  EmbeddedPolicy* embedded = nullptr;  // the decider, when it is one of ours
  RemoteOpa* remote = nullptr;
  std::unique_ptr<ShadowPolicy> shadow;
  std::unique_ptr<CachedAuthorization> cache;
  std::unique_ptr<LogOnly> log_only;
  AuthorizationProvider* outermost = nullptr;

  Result<void> make_embedded(BundleNeeds bundle) {
    bool const polled = !config.bundle.url.empty();
    PolicyStore::Options options{.location = policy_location(config),
                                 .policy_path = config.policy_path};
    if (polled) options.first = PolicyStore::Options::First::later;
    AW_TRY(store, PolicyStore::open(std::move(options), needs.clock, needs.log, meters));
    if (polled) AW_TRY(start_polling(std::move(bundle)));
    auto made = std::make_unique<EmbeddedPolicy>(
        EmbeddedPolicy::Options{.policy_path = config.policy_path}, *store, needs.clock, meters);
    embedded = made.get();
    decider = std::move(made);
    return {};
  }

  Result<void> start_polling(BundleNeeds bundle) {
    if (bundle.source == nullptr) {
      return make_error(Code::config_conflict, "authorization.bundle.url is not available here");
    }
    poller = std::make_shared<BundlePoller>(
        config.bundle, BundlePoller::Needs{.source = std::move(bundle.source),
                                           .store = *store,
                                           .clock = needs.clock,
                                           .log = needs.log,
                                           .meters = meters,
                                           .state_directory = std::move(bundle.state_directory)});
    needs.metrics.before_scrape([weak = std::weak_ptr(poller)] {
      if (auto const alive = weak.lock()) alive->measure();
    });
    if (auto started = poller->start(); !started.ok()) {
      needs.log.failed(log::Component::authz, log::Level::error,
                       "no policy yet: everything is denied until the bundle service gives one",
                       started.error());
    }
    return {};
  }

  Result<void> make_remote(std::unique_ptr<OpaTransport> transport) {
    if (transport == nullptr || config.opa_endpoints.empty()) {
      return make_error(Code::config_conflict, "no OPA endpoint and no policy_dir is configured",
                        "set authorization.opa_endpoints, or authorization.policy_dir");
    }
    auto made = std::make_unique<RemoteOpa>(config, std::move(transport), needs.clock, needs.log,
                                            meters, needs.metrics);
    remote = made.get();
    decider = std::move(made);
    return {};
  }
};

Authorizer::Authorizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Authorizer::~Authorizer() = default;

Result<std::unique_ptr<Authorizer>> Authorizer::open(Config const& config, AuthorizerNeeds needs,
                                                     std::unique_ptr<OpaTransport> transport,
                                                     BundleNeeds bundle) {
  bool const asks_opa = config.provider == Provider::opa && !config.embedded();
  auto impl = std::make_unique<Impl>(config, needs,
                                     asks_opa ? config.opa_endpoints : std::vector<std::string>{});
  if (config.provider == Provider::allow_all) {
    impl->decider = std::make_unique<AllowAll>();
  } else if (config.embedded()) {
    AW_TRY(impl->make_embedded(std::move(bundle)));
  } else {
    AW_TRY(impl->make_remote(std::move(transport)));
  }
  AW_TRY(impl->assemble());
  return std::unique_ptr<Authorizer>(new Authorizer(std::move(impl)));
}

Result<std::unique_ptr<Authorizer>> Authorizer::around(
    std::unique_ptr<AuthorizationProvider> decider, Config const& config, AuthorizerNeeds needs) {
  auto impl = std::make_unique<Impl>(config, needs, std::vector<std::string>{});
  impl->decider = std::move(decider);
  AW_TRY(impl->assemble());
  return std::unique_ptr<Authorizer>(new Authorizer(std::move(impl)));
}

io::Task<AuthzDecision> Authorizer::authorize(AuthzContext const& context) {
  auto const started = impl_->needs.clock.steady();
  AuthzDecision decision;
  try {
    decision = co_await impl_->outermost->authorize(context);
  } catch (std::exception const& e) {
    // A custom decider may throw: nobody decided, so nobody is let in.
    decision = unavailable(std::string("pdp_unavailable: ") + e.what(), std::chrono::seconds(1));
  }
  decision.duration = impl_->needs.clock.steady() - started;
  impl_->meters->decided(decision);
  if (impl_->shadow != nullptr) impl_->shadow->count(decision);
  co_return decision;
}

ProviderStatus Authorizer::status() const {
  auto out = impl_->outermost->status();
  if (impl_->poller == nullptr || out.state == ProviderStatus::State::unavailable) return out;
  if (auto stale = impl_->poller->staleness(); !stale.empty()) {
    out.state = ProviderStatus::State::degraded;
    out.last_error = out.last_error.empty() ? stale : stale + "; " + out.last_error;
  }
  return out;
}

std::uint64_t Authorizer::revision() const { return impl_->outermost->revision(); }

Result<void> Authorizer::reload() {
  if (impl_->store != nullptr) AW_TRY(impl_->store->reload());
  if (impl_->shadow != nullptr) AW_TRY(impl_->shadow->reload());
  if (impl_->cache != nullptr) impl_->cache->clear();
  return {};
}

void Authorizer::on_policy(std::function<void(LoadedPolicy const&)> const& told) {
  if (impl_->store == nullptr) return;
  impl_->store->watch().on_change(
      [told](io::Watch<LoadedPolicy>::Seen const& seen) { told(*seen.value); });
  if (auto const now = impl_->store->latest(); now != nullptr) told(*now);
}

io::Task<Explanation> Authorizer::explain(AuthzContext const& context, ExplainOptions options) {
  Explanation out;
  out.policy_path = impl_->config.policy_path;
  out.input = opa_input(context);
  if (impl_->remote != nullptr) {
    auto answer =
        co_await impl_->remote->explain(context, options.events.value_or(rego::EventDetail::full));
    out.decision = std::move(answer.decision);
    out.why = why_of_events(answer.events, answer.policies);
    out.opa_events = std::move(answer.events);
    out.opa_metrics = std::move(answer.metrics);
    out.sources = std::move(answer.policies);
    co_return out;
  }
  if (impl_->embedded == nullptr) {
    out.decision = co_await impl_->decider->authorize(context);
    co_return out;
  }
  auto const started = impl_->needs.clock.steady();
  auto const policy = impl_->store->latest();
  if (policy == nullptr) {
    out.decision = impl_->embedded->decide(context);
    co_return out;
  }
  rego::EvalOptions const how{
      .now = impl_->needs.clock.now(),
      .clock = &impl_->needs.clock,
      .trace = options.events ? rego::TraceLevel::full : rego::TraceLevel::why};
  auto answer = evaluate_policy(*policy, context, how);
  auto const took = impl_->needs.clock.steady() - started;
  if (options.flips == ExplainOptions::Flips::find) find_flips(*policy, context, how, answer);
  out.decision = std::move(answer.decision);
  out.decision.duration = took;
  out.why = std::move(answer.outcome.why);
  if (options.events) out.events = rego::chosen_events(answer.outcome.events, *options.events);
  out.sources = policy->sources;
  co_return out;
}

}  // namespace aw::authz
