// SPDX-License-Identifier: Apache-2.0
// All of authorization as configured: who decides, cached, counted, in one object. What the runtime
// and `authz check` build.
//
// decider (embedded | OPA | allow-all | the embedder's own) -> cache -> log-only -> counted.
// Any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/authz/authz.h"
#include "core/authz/bundle_source.h"
#include "core/authz/config.h"
#include "core/authz/explain.h"
#include "core/authz/opa_transport.h"
#include "core/authz/policy_store.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/metrics/registry.h"

namespace aw::authz {

// With authorization.bundle.url: the service, and where the last good bundle is kept (empty: it is
// not).
// Both empty where no bundle service is configured.
struct BundleNeeds {
  std::unique_ptr<BundleSource> source = nullptr;
  std::string state_directory = {};
};

struct ExplainOptions {
  // The engine's events too; a remote OPA sends all of its own without being asked.
  std::optional<rego::EventDetail> events = std::nullopt;
  // What would flip a denial: hundreds of evaluations, so never on the way of a request.
  enum class Flips { leave, find } flips = Flips::leave;
};

// Everything here outlives the authorizer.
struct AuthorizerNeeds {
  Clock const& clock;
  log::Log& log;
  metrics::Registry& metrics;
};

// Owns the decider and everything around it; `authorize` never throws, and its duration is the
// whole of it. What it answers is counted here and nowhere else.
class Authorizer final : public AuthorizationProvider {
 public:
  // Loads the embedded policy (blocks), or takes `transport` to reach OPA (null is an error then).
  // A bundle service that is down is no error: everything is denied until it gave a policy.
  // Errors: policy_*, config_*.
  static Result<std::unique_ptr<Authorizer>> open(Config const& config, AuthorizerNeeds needs,
                                                  std::unique_ptr<OpaTransport> transport,
                                                  BundleNeeds bundle = {});
  // Around a decider of the embedder's own (the SDK's custom provider). Errors: policy_* of the
  // shadow.
  static Result<std::unique_ptr<Authorizer>> around(std::unique_ptr<AuthorizationProvider> decider,
                                                    Config const& config, AuthorizerNeeds needs);
  ~Authorizer() override;
  Authorizer(Authorizer const&) = delete;
  Authorizer& operator=(Authorizer const&) = delete;

  // An exception of a custom decider becomes pdp_unavailable.
  [[nodiscard]] io::Task<AuthzDecision> authorize(AuthzContext const& context) override;
  [[nodiscard]] ProviderStatus status() const override;
  [[nodiscard]] std::uint64_t revision() const override;

  // SIGHUP: reads the policy files again, now; empties the cache. Blocks. On an error the last good
  // policy stays.
  [[nodiscard]] Result<void> reload();
  // `told` learns of the embedded policy in force, and of each that takes its place; on the thread
  // that loads, which it may block. Once, before traffic; must outlive the authorizer.
  void on_policy(std::function<void(LoadedPolicy const&)> const& told);
  // The same question, with the reasons; neither cached nor counted.
  [[nodiscard]] io::Task<Explanation> explain(AuthzContext const& context,
                                              ExplainOptions options = {});

 private:
  struct Impl;
  explicit Authorizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::authz
