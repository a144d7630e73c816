// SPDX-License-Identifier: Apache-2.0
#include "commands/support/serving.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <ostream>

#include "core/runtime/supervisor.h"

namespace aw::commands {
namespace {

// SIGHUP waits to be asked for; a file-size limit or a full disk is an error of write, not our
// death.
void arrange_signals() {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hangup, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
}

enum class Woken { hangup, nothing };

Woken wait_for_hangup() {
  sigset_t hangup;
  sigemptyset(&hangup);
  sigaddset(&hangup, SIGHUP);
  timespec const patience{.tv_sec = 0, .tv_nsec = 100'000'000};
  return sigtimedwait(&hangup, nullptr, &patience) == SIGHUP ? Woken::hangup : Woken::nothing;
}

void reload(Serving const& serving, runtime::Runtime& agent, Context& context) {
  auto loaded = load_checked(serving.request, context);
  if (!loaded.ok()) {
    context.err << "reload refused, the old configuration stays: " << loaded.error().text()
                << std::endl;
    return;
  }
  auto changes = agent.reload(*loaded);
  if (!changes.ok()) {
    context.err << "reload failed, the old state stays: " << changes.error().text() << std::endl;
    return;
  }
  context.err << "reloaded" << std::endl;
  for (auto const& change : *changes) {
    if (change.effect == config::Effect::restart_needed)
      context.err << "needs a restart: " << change.key << std::endl;
  }
}

// Only a service has a supervisor.
runtime::Environment supervision_of(Serving const& serving, Context const& context) {
  if (serving.as == As::tool)
    return [](std::string const&) -> std::optional<std::string> { return std::nullopt; };
  return [&context](std::string const& name) { return context.variable(name); };
}

}  // namespace

Result<config::Loaded> load_checked(config::LoadRequest const& request, Context& context) {
  auto loaded = config::inspect(request);
  if (!loaded.diagnostics.empty())
    context.err << config::render_text(loaded.diagnostics) << std::flush;
  if (loaded.ok()) return loaded;
  auto const errors = config::count(loaded.diagnostics, config::Severity::error);
  for (auto const& finding : loaded.diagnostics) {
    if (finding.severity == config::Severity::error) {
      return make_error(
          finding.code,
          finding.message + (errors > 1 ? " (and " + std::to_string(errors - 1) + " more)" : ""),
          "agentweave config validate shows all of it");
    }
  }
  return make_error(Code::config_syntax, "the configuration is not valid");
}

Result<void> serve_until_stopped(Serving const& serving, Context& context) {
  arrange_signals();
  auto const began = context.clock.steady();
  auto const environment = supervision_of(serving, context);
  runtime::Supervisor supervisor(environment, context.clock);
  AW_TRY(auto const loaded, load_checked(serving.request, context));
  auto seams = serving.seams ? serving.seams(loaded) : runtime::Seams();
  AW_TRY(seams.listening_socket, runtime::inherited_socket(environment));
  // Before the first thread, which is the one that waits for signals.
  if (serving.as == As::service) seams.safeguards = runtime::confine(loaded.config);
  auto const stop = context.interrupt();
  AW_TRY(auto const agent, runtime::Runtime::start(loaded, context.clock, std::move(seams), stop));
  serving.ready(*agent, context.clock.steady() - began);
  supervisor.ready("serving on " + agent->listening().agent);
  while (!stop.stop_requested()) {
    supervisor.alive();
    if (wait_for_hangup() != Woken::hangup) continue;
    supervisor.reloading();
    reload(serving, *agent, context);
    supervisor.ready("serving on " + agent->listening().agent);
  }
  supervisor.stopping();
  if (!agent->drain())
    return make_error(Code::check_failed, "some work was cut off at the end of the drain");
  return {};
}

std::string default_dev_socket(Context const& context) {
  if (auto const runtime = context.variable("XDG_RUNTIME_DIR"))
    return *runtime + "/agentweave/agent.sock";
  return "/tmp/agentweave-" + std::to_string(::getuid()) + "/agent.sock";
}

}  // namespace aw::commands
