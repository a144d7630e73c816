// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/runtime.h"

#include <thread>

#include "core/config/secret_refs.h"
#include "core/runtime/parts.h"

namespace aw::runtime {

Seams::Seams() = default;
Seams::~Seams() = default;
Seams::Seams(Seams&&) noexcept = default;
Seams& Seams::operator=(Seams&&) noexcept = default;

Runtime::Runtime(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Runtime>> Runtime::start(config::Loaded const& loaded, Clock const& clock,
                                                Seams seams, std::stop_token const& stop) {
  auto made = std::unique_ptr<Parts>(new Parts{.loaded = loaded,
                                               .config = loaded.config,
                                               .as_given = loaded.config,
                                               .clock = clock,
                                               .began = clock.steady()});
  Parts& p = *made;
  std::unique_ptr<Runtime> runtime(new Runtime(std::move(made)));

  if (auto built = p.build(seams, stop); !built.ok())
    return p.mask->applied(std::move(built).error());
  p.health.set_started();
  return runtime;
}

Result<void> Runtime::Parts::build(Seams& seams, std::stop_token const& stop) {
  AW_TRY(open_log());
  count();
  show_safeguards(seams);
  make_room();
  start_loops();
  AW_TRY(serve_probes());
  AW_TRY(open_audit());
  AW_TRY(take_identity(seams, stop));
  AW_TRY(fill_secrets(seams));
  AW_TRY(open_decisions());
  AW_TRY(open_policy(seams));
  AW_TRY(open_card());
  AW_TRY(open_tasks());
  AW_TRY(open_backends(seams));
  open_tracing();
  AW_TRY(build_gates());
  AW_TRY(announce(audit::EventType::startup, "started"));
  AW_TRY(bind_agent(seams));
  open_outbound();
  AW_TRY(serve_outbound());
  AW_TRY(serve_admin());
  watch_queues();
  watch_trust();
  watch_breakers();
  watch_secrets(seams);
  return {};
}

Runtime::~Runtime() {
  Parts& p = *parts_;
  if (p.secrets) p.secrets->stop();
  if (p.admin) p.admin->stop();
  if (p.agent) p.agent->stop();
  if (p.outbound) p.outbound->stop();
  if (p.service) p.service->stop();
  if (p.out_calls) p.out_calls->stop();
  // Runs that were cancelled unwind on their loops; what they use must still be there.
  for (int i = 0; p.service && p.service->running() > 0 && i < 500; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  // Its end is signed with the SVID, which is gone with what comes next.
  if (p.audit) p.audit->close(std::chrono::nanoseconds(0));
  if (p.identity) p.identity->stop();
  if (p.probes) p.probes->stop();
  // What is queued there reads stores that go before the pool does.
  if (p.pool) p.pool->stop();
  if (p.loops) p.loops->stop();
  config::wipe_secrets(p.loaded.secrets, p.config);
}

Drained Runtime::drain() {
  Parts& p = *parts_;
  if (p.drained) return {};
  p.drained = true;
  p.health.set_draining();
  p.instruments->ready.set(0);
  p.log->info(log::Component::agent, "Draining");
  if (p.config.server.shutdown_delay.count() > 0) p.agent->farewell();
  std::this_thread::sleep_for(p.config.server.shutdown_delay);
  Drained out{.in_flight = p.agent->stats().in_flight, .waited = p.config.server.shutdown_delay};
  auto const began = p.clock.steady();
  p.agent->drain();
  // What our own agent still has to ask to finish its work is answered until that is done.
  bool const finished = p.agent->wait_closed(p.config.server.graceful_shutdown);
  out.finished = finished;
  out.took = p.clock.steady() - began;
  if (!finished)
    p.log->warning(log::Component::agent, "Work was cut off at the end of graceful_shutdown");
  p.agent->stop();
  if (p.outbound) p.outbound->stop();
  p.service->stop();
  p.out_calls->stop();
  if (auto said = p.announce(audit::EventType::shutdown, finished ? "drained" : "cut off");
      !said.ok()) {
    p.log->failed(log::Component::audit, log::Level::error, "shutdown not recorded", said.error());
  }
  p.audit->close(std::chrono::seconds(5));
  p.log->info(log::Component::agent, "Stopped");
  return out;
}

std::uint64_t Runtime::claims_dropped() const {
  return parts_->instruments->claims_dropped.value();
}

Result<void> Runtime::Parts::take_over(config::Loaded const& now) {
  AW_TRY(authorizer->reload());
  AW_TRY(identity->provider().reload());
  if (secrets) secrets->look_now();
  log->set_levels(now.config.logging.level, now.config.logging.loggers);
  for (auto* const one : {&config, &as_given}) {
    one->logging = now.config.logging;
    one->server.graceful_shutdown = now.config.server.graceful_shutdown;
    one->server.shutdown_delay = now.config.server.shutdown_delay;
  }
  return announce(audit::EventType::config_change, "reloaded");
}

Result<std::vector<config::Change>> Runtime::reload(config::Loaded const& loaded) {
  auto changes = config::changed_keys(parts_->as_given, loaded.config);
  if (auto taken = parts_->take_over(loaded); !taken.ok()) {
    reload_refused(taken.error());
    return std::move(taken).error();
  }
  parts_->reloads->taken_over(changes);
  return changes;
}

void Runtime::reload_refused(Error const& error) { parts_->reloads->refused(error); }

config::Config const& Runtime::config() const { return parts_->config; }

Listening Runtime::listening() const {
  Parts const& p = *parts_;
  Listening out{.agent = "https://" + p.agent->address(), .spiffe_id = svid().id.text()};
  if (p.outbound) out.outbound = p.outbound->address();
  if (p.probes) out.metrics = "http://" + p.probes->address();
  if (p.admin) out.admin = "http://" + p.admin->address() + "/?t=" + p.admin_token;
  return out;
}

PolicySummary Runtime::policy() const {
  auto const& config = parts_->config.authorization;
  auto const status = parts_->authorizer->status();
  std::string source = config.policy_dir;
  if (source.empty()) source = config.bundle.file.empty() ? config.bundle.url : config.bundle.file;
  return {.source = config.embedded() ? source : config.opa_endpoints.front(),
          .mode = status.mode,
          .rules = status.rules,
          .tests = status.tests};
}

identity::Svid Runtime::svid() const {
  auto const now = parts_->current();
  return now ? now->snapshot().svid() : *parts_->first_svid;
}

Result<http::Response> Runtime::call_out(http::Request request, std::chrono::nanoseconds patience) {
  return parts_->out_calls->call(std::move(request), patience);
}

identity::IdentityProvider& Runtime::identity_provider() {
  return parts_->federation != nullptr ? parts_->federation->own() : *parts_->provider;
}

}  // namespace aw::runtime
