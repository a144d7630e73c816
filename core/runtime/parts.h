// SPDX-License-Identifier: Apache-2.0
// Everything a running agent is made of, in the order it is built; it goes in the reverse order.
//
// Private to the composer.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "core/a2a/card.h"
#include "core/a2a/push.h"
#include "core/a2a/router.h"
#include "core/a2a/service.h"
#include "core/a2a/sqlite_store.h"
#include "core/a2a/task_engine.h"
#include "core/a2a/task_store.h"
#include "core/audit/log.h"
#include "core/authz/authorizer.h"
#include "core/base/live_text.h"
#include "core/decisions/store.h"
#include "core/http/client.h"
#include "core/http/server.h"
#include "core/io/loops.h"
#include "core/io/pool.h"
#include "core/metrics/registry.h"
#include "core/runtime/bundle_meters.h"
#include "core/runtime/federation.h"
#include "core/runtime/identity_keeper.h"
#include "core/runtime/out_calls.h"
#include "core/runtime/reloads.h"
#include "core/runtime/runtime.h"
#include "core/runtime/secret_keeper.h"
#include "core/runtime/trust_changes.h"
#include "core/server/agent_session.h"
#include "core/server/call_map.h"
#include "core/server/dispatch.h"
#include "core/server/health.h"
#include "core/server/map_door.h"
#include "core/server/outbound.h"
#include "core/server/pipeline.h"
#include "core/server/plain_session.h"

namespace aw::runtime {

// One owner: the Runtime. The steps run one after the other on the thread that starts it.
struct Runtime::Parts {
  config::Loaded const loaded;  // as it was given
  config::Config config;        // as it is now: secrets filled in; a reload changes some of it
  config::Config as_given;      // the same with references in place of the secrets
  std::vector<std::string> const& insecure = loaded.insecure;
  std::size_t most_connections = 0;  // of max_connections, what there are files for
  Clock const& clock;
  SteadyTime began;

  std::shared_ptr<Mask> mask = std::make_shared<Mask>();  // shared with the log
  // What all others write to and count with.
  std::unique_ptr<log::Log> log;
  metrics::Registry metrics;
  std::unique_ptr<server::Instruments> instruments;
  std::unique_ptr<server::CallMap> calls;
  server::Health health;
  std::unique_ptr<Reloads> reloads;
  std::unique_ptr<io::Loops> loops;
  std::unique_ptr<io::BlockingPool> pool;
  std::unique_ptr<http::Client> client;

  // The plain listener for probes and scrapes: up before there is an identity, so that a start
  // that takes its time can be watched.
  server::PlainRoutes probe_routes;
  std::function<bool(http::Request const&)> const everybody;  // empty: probes are public
  std::unique_ptr<http::Server> probes;

  // Who we are, and that it is on record.
  std::unique_ptr<audit::AuditLog> audit;
  std::unique_ptr<identity::IdentityProvider> provider;
  identity::FederatedProvider* federation = nullptr;  // `provider`, when it is one
  std::unique_ptr<IdentityKeeper> identity;
  std::optional<identity::Svid> first_svid;
  std::unique_ptr<BundleMeters> bundle_meters;
  std::unique_ptr<TrustChanges> trust_changes;
  std::unique_ptr<SecretKeeper> secrets;
  std::shared_ptr<LiveText> opa_token;  // shared with the transport

  // Who may do what, and what was decided.
  std::unique_ptr<decisions::Store> decisions;         // null without state.directory
  std::unique_ptr<decisions::Uploader> decision_logs;  // null without a service to push to
  std::unique_ptr<authz::Authorizer> authorizer;
  // Tasks, and what works on them.
  std::unique_ptr<a2a::TaskStore> store;
  std::unique_ptr<a2a::Push> push;
  std::unique_ptr<a2a::TaskEngine> engine;
  std::unique_ptr<a2a::Executor> dispatch;
  server::Dispatch* own_dispatch = nullptr;  // the same, when it is ours
  std::unique_ptr<a2a::CardKeyring> card_keys;
  std::unique_ptr<a2a::Card> card;
  std::unique_ptr<a2a::Service> service;
  std::unique_ptr<a2a::Router> router;

  // The gates a request passes, and what watches them.
  std::unique_ptr<server::ReplayGuard> replay;
  std::unique_ptr<server::RateLimiter> rates;
  std::unique_ptr<server::Admission> admission;
  std::unique_ptr<server::RecentDecisions> recent;
  std::unique_ptr<trace::Meters> trace_meters;
  std::unique_ptr<trace::Exporter> exporter;  // null: traces go nowhere
  server::Tracer tracer;
  std::unique_ptr<server::Pipeline> pipeline;
  // Listeners, last: whatever they hand a request to stands above them.
  server::CurrentCredentials credentials;
  std::unique_ptr<http::Server> agent;

  std::unique_ptr<server::OutboundCaller> outbound_caller;
  std::unique_ptr<server::Outbound> outbound_gates;
  std::unique_ptr<OutCalls> out_calls;
  std::unique_ptr<http::Server> outbound;  // null: nothing listens for the agent's own calls

  // Made anew at each start; told to our own user in a file of the state directory.
  std::string admin_token;
  std::unique_ptr<server::MapDoor> map_door;
  std::atomic<int> map_viewers{0};
  server::PlainRoutes admin_routes;
  std::function<bool(http::Request const&)> admin_admits;
  std::unique_ptr<http::Server> admin;

  // Called with the configuration filled anew when a secret of the child's environment changed.
  std::function<void(config::Config const& config)> on_child_secret;
  // A second drain does nothing.
  bool drained = false;

  // All of it, from top to bottom.
  Result<void> build(Seams& seams, std::stop_token const& stop);

  // The steps, in order. Each needs what stands above it.
  Result<void> open_log();
  void count();
  void show_safeguards(Seams const& seams);
  void make_room();
  void start_loops();
  Result<void> serve_probes();
  Result<void> open_audit();
  Result<void> take_identity(Seams& seams, std::stop_token const& stop);
  Result<void> fill_secrets(Seams& seams);
  void watch_secrets(Seams& seams);
  void secrets_changed(std::vector<config::SecretUse> const& uses, config::Config const& now);
  Result<void> open_decisions();
  Result<void> open_policy(Seams& seams);
  // Runs on the thread that loads a policy, each time one comes into force. A policy that cannot
  // be kept is logged, and decides.
  void keep_policy(authz::LoadedPolicy const& policy);
  Result<void> open_card();
  Result<void> open_tasks();
  // Log, metric and health check. In parts_unreadable.cc.
  void show_unreadable(a2a::SqliteTaskStore const& kept);
  Result<void> open_backends(Seams& seams);
  Result<std::unique_ptr<authz::BundleSource>> bundle_source();
  void open_tracing();
  Result<void> build_gates();
  Result<void> bind_agent(Seams const& seams);
  void open_outbound();
  Result<void> serve_outbound();
  Result<void> serve_admin();
  // Gauges that are looked up at each scrape (vitals.cc).
  void watch_queues();
  void watch_trust();
  void watch_breakers();
  // See Runtime::reload.
  Result<void> take_over(config::Loaded const& now);
  // Start, shutdown, reload as audit records. Blocks until the record is durable.
  Result<void> announce(audit::EventType type, std::string_view reason);

  // Null without a usable identity. Any thread.
  [[nodiscard]] std::shared_ptr<const identity::Credentials> current() const;
  // When trust changed: live connections whose peer is no longer accepted are retired. On the
  // identity's thread.
  void recheck_connections(Current const& now);
  void tell_missing_bundles(identity::Snapshot const& now);

  std::mutex checking;
  std::shared_ptr<const identity::Snapshot> checked;  // guarded by checking
  std::vector<std::string> told_missing;              // guarded by checking
};

}  // namespace aw::runtime
