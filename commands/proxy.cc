// SPDX-License-Identifier: Apache-2.0
#include "commands/proxy.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <utility>

#include "commands/support/command.h"
#include "commands/support/options.h"
#include "commands/support/wait.h"
#include "core/a2a/refusal.h"
#include "core/config/load.h"
#include "core/http/server.h"
#include "core/identity/svid_choice.h"
#include "core/identity/workload_client.h"
#include "core/runtime/identity_keeper.h"
#include "core/runtime/make_identity.h"
#include "core/server/outbound.h"

namespace aw::commands {
namespace {

// A person's tools call what that person may: as with `call`, it is the peer's policy that decides.
class PeerDecides final : public authz::AuthorizationProvider {
 public:
  io::Task<authz::AuthzDecision> authorize(authz::AuthzContext const& /*context*/) override {
    auto out = authz::allow("the_peer_decides");
    out.decided_by = "proxy";
    co_return out;
  }
  [[nodiscard]] authz::ProviderStatus status() const override {
    authz::ProviderStatus out;
    out.state = authz::ProviderStatus::State::ready;
    out.kind = "proxy";
    return out;
  }
};

// The Workload API's states with the SVID that --as names in front. Without that SVID: no identity.
class NamedIdentity final : public identity::IdentityProvider {
 public:
  NamedIdentity(std::string endpoint, std::string name, Clock const& clock, log::Log& log)
      : name_(std::move(name)), inner_({.endpoint = std::move(endpoint)}, clock, log) {
    seen_.on_change([this](auto const& seen) { pass_on(*seen.value); });
  }
  ~NamedIdentity() override { stop(); }

  Result<void> start(io::Watch<identity::Snapshot>& watch) override {
    watch_ = &watch;
    return inner_.start(seen_);
  }
  void stop() override { inner_.stop(); }
  [[nodiscard]] identity::ProviderStatus status() const override { return inner_.status(); }

 private:
  void pass_on(identity::Snapshot const& state) {
    auto out = state;
    auto chosen = identity::choose_svid(state, name_);
    out.svids.clear();
    if (chosen.ok()) out.svids.push_back(std::move(chosen).value());
    watch_->publish(std::move(out));
  }

  std::string const name_;
  io::Watch<identity::Snapshot>* watch_ = nullptr;  // set before the thread that uses it
  io::Watch<identity::Snapshot> seen_;
  identity::WorkloadApiProvider inner_;  // last: its thread uses the rest
};

Result<config::Config> proxy_config(ProxyOptions const& options, Context const& context) {
  config::LoadRequest request{.file = options.config,
                              .env = config::lookup_in(context.env),
                              .backends = config::BackendRule::in_process};
  if (!options.config.empty()) {
    AW_TRY(auto loaded, config::load(request));
    return std::move(loaded.config);
  }
  config::Config out;
  auto found = config::inspect(request);
  if (found.ok()) out.discovery = std::move(found.config.discovery);
  return out;
}

http::Response refuse_proxied(http::Unanswered const& what) {
  std::string const id(what.added.get("x-agentweave-decision-id").value_or(std::string_view()));
  auto out = a2a::refusal({}, {.code = what.code, .decision_id = id, .retry_after = {}});
  out.status = what.status;
  return out;
}

// Everything between the listener and the peers, in the order it is built.
class Proxy {
 public:
  static Result<std::unique_ptr<Proxy>> open(ProxyOptions const& options, Context const& context,
                                             std::stop_token const& stop) {
    AW_TRY(server::outbound_address(options.listen));  // before anybody is waited for
    AW_TRY(auto config, proxy_config(options, context));
    AW_TRY(auto const endpoint, workload_endpoint(options.identity.socket, context));
    config.transport.timeout = options.timeout;
    config.audit.enabled = false;  // of a person's calls the callees keep the record
    std::unique_ptr<Proxy> proxy(new Proxy(std::move(config), context.clock));
    log::Config logging;
    logging.level = context.verbosity == Verbosity::verbose ? log::Level::info : log::Level::error;
    logging.format = log::Format::text;
    AW_TRY(proxy->log_, log::Log::open(logging, context.clock, "proxy"));
    AW_TRY(proxy->audit_, audit::AuditLog::open(proxy->config_.audit, {.clock = context.clock,
                                                                       .log = *proxy->log_,
                                                                       .metrics = proxy->metrics_,
                                                                       .agent_name = "proxy",
                                                                       .state_directory = {}}));
    AW_TRY(proxy->identify(endpoint.text(), options, stop));
    AW_TRY(proxy->serve(options.listen));
    return proxy;
  }
  ~Proxy() {
    if (listener_) listener_->stop();
    if (keeper_) keeper_->stop();
    loops_.stop();
  }
  Proxy(Proxy const&) = delete;
  Proxy& operator=(Proxy const&) = delete;

  [[nodiscard]] std::string address() const { return listener_->address(); }
  [[nodiscard]] std::string self() const {
    auto const now = current();
    return now ? now->self().text() : std::string("nobody");
  }

 private:
  Proxy(config::Config config, Clock const& clock) : config_(std::move(config)), clock_(clock) {}

  [[nodiscard]] std::shared_ptr<const identity::Credentials> current() const {
    auto const seen = keeper_->current().latest();
    return seen.value ? seen.value->credentials : nullptr;
  }

  Result<void> identify(std::string endpoint, ProxyOptions const& options,
                        std::stop_token const& stop) {
    AW_TRY(auto spec, runtime::credentials_spec(config_));
    identity_ =
        std::make_unique<NamedIdentity>(std::move(endpoint), options.identity.as, clock_, *log_);
    keeper_ = std::make_unique<runtime::IdentityKeeper>(
        runtime::IdentityKeeper::Needs{.provider = *identity_,
                                       .spec = std::move(spec),
                                       .on_update = {},
                                       .clock = clock_,
                                       .log = *log_,
                                       .metrics = metrics_});
    AW_TRY(keeper_->start(options.identity.timeout, stop));
    if (current()) return {};
    return make_error(Code::no_svid,
                      "the Workload API gives no identity" +
                          (options.identity.as.empty() ? std::string()
                                                       : " called \"" + options.identity.as + '"'));
  }

  Result<void> serve(std::string const& listen) {
    http::ServerOptions options;
    AW_TRY(options.listen, server::outbound_address(listen));
    options.refuse = refuse_proxied;
    caller_ = std::make_unique<server::OutboundCaller>(config_.transport, config_.discovery,
                                                       client_, clock_);
    gates_ = std::make_unique<server::Outbound>(
        server::Outbound::Needs{.caller = *caller_,
                                .credentials = [this] { return current(); },
                                .authorization = policy_,
                                .audit = *audit_,
                                .tracer = tracer_,
                                .metrics = metrics_,
                                .clock = clock_,
                                .log = *log_});
    options.sessions =
        [this](http::ConnectionInfo const& info) -> Result<std::unique_ptr<http::Session>> {
      return std::unique_ptr<http::Session>(
          std::make_unique<server::OutboundSession>(*gates_, info.remote_address));
    };
    AW_TRY(listener_, http::Server::start(std::move(options), loops_, clock_));
    return {};
  }

  config::Config config_;
  Clock const& clock_;
  metrics::Registry metrics_;
  std::unique_ptr<log::Log> log_;
  io::Loops loops_{1};
  io::BlockingPool pool_{2, 64};
  http::Client client_{config_.transport, pool_, clock_};
  std::unique_ptr<audit::AuditLog> audit_;
  std::unique_ptr<NamedIdentity> identity_;
  std::unique_ptr<runtime::IdentityKeeper> keeper_;
  PeerDecides policy_;
  server::Tracer tracer_;
  std::unique_ptr<server::OutboundCaller> caller_;
  std::unique_ptr<server::Outbound> gates_;
  std::unique_ptr<http::Server> listener_;
};

}  // namespace

Result<void> run_proxy(ProxyOptions const& options, Context& context) {
  auto const stop = context.interrupt();
  AW_TRY(auto const proxy, Proxy::open(options, context, stop));
  auto const address = proxy->address();
  context.say("proxy " + address + " as " + proxy->self());
  if (!address.starts_with("unix:"))
    context.say("try:    curl http://" + address + "/agents/NAME/.well-known/agent-card.json");
  while (wait_for(stop, std::chrono::hours(1)) != Waited::interrupted) {
  }
  return {};
}

void register_proxy(CLI::App& parent, Context& context) {
  auto options = std::make_shared<ProxyOptions>();
  auto& command = add_command(
      parent,
      {.name = "proxy",
       .purpose = "Let local tools call agents: plain HTTP here, mutual TLS as ourselves from here",
       .examples = {"agentweave proxy", "agentweave proxy --listen unix:///run/user/1000/aw.sock",
                    "agentweave proxy --as client --config config.yaml"},
       .details = "Whoever reaches the listener calls as this identity, so it is on this machine "
                  "only and\n"
                  "refuses what web pages send. An agent is named by the path (/agents/NAME/…), "
                  "the header\n"
                  "x-agentweave-target, or, as an HTTP proxy, by the host. It must prove its "
                  "SPIFFE ID, and\n"
                  "its policy decides. Fresh SVIDs are used as they come: no files that expire."});
  command.add_option("--listen", options->listen, "127.0.0.1:PORT or unix:///path")
      ->capture_default_str()
      ->type_name("ADDRESS");
  command.add_option("--config", options->config, "Configuration whose peers are used")
      ->type_name("FILE");
  add_identity_options(command, options->identity);
  add_duration(command, "-t,--timeout", options->timeout, "How long one call may take");
  on_run(command, context, [options, &context] { return run_proxy(*options, context); });
}

}  // namespace aw::commands
