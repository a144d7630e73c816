// SPDX-License-Identifier: Apache-2.0
#include "core/sdk/secure_agent.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <mutex>
#include <utility>

#include "core/config/load.h"
#include "core/io/pool.h"
#include "core/runtime/runtime.h"
#include "core/sdk/capability.h"
#include "core/sdk/handler_backend.h"
#include "core/sdk/provided.h"
#include "core/sdk/reply.h"

namespace aw::sdk {
namespace {

constexpr std::size_t kMostWaitingCalls = 10'000;

config::LoadRequest request_of(AgentOptions const& options) {
  config::LoadRequest request;
  request.file = options.config_file;
  if (!options.config_text.empty() || options.config_file.empty()) {
    // An empty mapping: the settings say the rest.
    request.text = options.config_text.empty() ? "{}" : options.config_text;
    if (request.file.empty()) request.file = "(code)";
  }
  request.env = config::lookup_in(options.variables);
  if (!options.environment.empty()) request.environment = options.environment;
  request.overrides = options.settings;
  request.backends = config::BackendRule::in_process;
  return request;
}

// OpenSSL writes to sockets with write(2): a peer that is gone must not end the process.
void ignore_broken_pipes() {
  struct sigaction now{};
  sigaction(SIGPIPE, nullptr, &now);
  if (now.sa_handler == SIG_DFL) std::signal(SIGPIPE, SIG_IGN);
}

// A configured capability keeps what the code does not say again.
void describe(a2a::Capability& as, Capability const& given, bool known) {
  as.name = given.name;
  if (!given.description.empty()) as.description = given.description;
  if (!given.parameters.empty()) as.parameters = given.parameters;
  if (as.description.empty()) as.description = given.name;
  if (!known) as.timeout = given.timeout;
}

}  // namespace

struct SecureAgent::Impl {
  explicit Impl(AgentOptions given)
      : options(std::move(given)),
        clock(options.clock != nullptr ? *options.clock : system),
        handlers(std::max<std::size_t>(options.handler_threads, 1), kMostWaitingCalls) {}

  AgentOptions options;
  SystemClock const system;
  Clock const& clock;
  config::Loaded loaded;
  Capabilities capabilities;
  std::atomic<bool> started = false;
  io::BlockingPool handlers;
  mutable std::mutex mutex;  // guards what follows
  bool stopped_well = true;
  std::string spiffe_id;
  std::string address;
  // Shared with the calls out that still wait when it is stopped. Last: its calls run on the pool.
  std::shared_ptr<runtime::Runtime> runtime;

  void configure(runtime::Seams& seams);
  [[nodiscard]] std::shared_ptr<runtime::Runtime> running() const {
    std::lock_guard const lock(mutex);
    return runtime;
  }
};

void SecureAgent::Impl::configure(runtime::Seams& seams) {
  auto& config = loaded.config;
  for (auto const& [name, capability] : capabilities) {
    auto const found = std::ranges::find(config.agent.capabilities, name, &a2a::Capability::name);
    bool const known = found != config.agent.capabilities.end();
    if (!known) config.backends.emplace_back();
    describe(known ? *found : config.agent.capabilities.emplace_back(), capability, known);
    seams.backends.emplace_back(name, handler_backend(capability.handler, handlers));
  }
  if (options.identity) seams.identity = provided_identity(std::move(options.identity), clock);
  if (options.authorization)
    seams.authorization = provided_authorization(std::move(options.authorization));
  if (options.on_svid_update)
    seams.on_svid_update = [tell = options.on_svid_update](identity::Svid const& svid) {
      tell(info_of(svid));
    };
}

SecureAgent::SecureAgent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SecureAgent::~SecureAgent() { stop(); }

Result<std::unique_ptr<SecureAgent>> SecureAgent::make(AgentOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  AW_TRY(impl->loaded, config::load(request_of(impl->options)));
  return std::unique_ptr<SecureAgent>(new SecureAgent(std::move(impl)));
}

Result<void> SecureAgent::add_capability(Capability capability) {
  if (impl_->started) return make_error(Code::usage, "the agent has started");
  return register_capability(impl_->capabilities, std::move(capability));
}

Result<void> SecureAgent::start() {
  if (impl_->started.exchange(true)) return make_error(Code::usage, "the agent has started");
  ignore_broken_pipes();
  runtime::Seams seams;
  impl_->configure(seams);
  AW_TRY(auto made, runtime::Runtime::start(impl_->loaded, impl_->clock, std::move(seams), {}));
  auto const at = made->listening();
  std::lock_guard const lock(impl_->mutex);
  impl_->runtime = std::move(made);
  impl_->spiffe_id = at.spiffe_id;
  impl_->address = at.agent;
  return {};
}

Result<void> SecureAgent::run(std::function<void(SecureAgent& agent)> const& ready) {
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGINT);
  sigaddset(&wanted, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &wanted, nullptr);  // inherited by every thread that `start` makes
  AW_TRY(start());
  if (ready) ready(*this);
  int number = 0;
  while (sigwait(&wanted, &number) != 0) {
  }
  if (stop()) return {};
  return make_error(Code::interrupted, "work was cut off");
}

bool SecureAgent::stop() {
  if (auto const running = impl_->running()) {
    bool const well = running->drain();
    impl_->handlers.stop();  // before what they call out through goes
    std::lock_guard const lock(impl_->mutex);
    impl_->stopped_well = impl_->stopped_well && well;
    impl_->runtime.reset();
  }
  std::lock_guard const lock(impl_->mutex);
  return impl_->stopped_well;
}

Result<std::string> SecureAgent::call_agent(std::string_view target, std::string_view capability,
                                            std::string_view payload, CallOptions options) {
  auto const running = impl_->running();
  if (!running) return make_error(Code::draining, "the agent is not serving");
  AW_TRY(auto request, agent_request(target, capability, payload, options));
  AW_TRY(auto const response, running->call_out(std::move(request), options.timeout));
  return agent_result(response);
}

std::string SecureAgent::spiffe_id() const {
  std::lock_guard const lock(impl_->mutex);
  return impl_->spiffe_id;
}

std::string SecureAgent::address() const {
  std::lock_guard const lock(impl_->mutex);
  return impl_->address;
}

}  // namespace aw::sdk
