// SPDX-License-Identifier: Apache-2.0
#include "commands/support/serving.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <ctime>
#include <ostream>

#include "commands/config_options.h"
#include "core/runtime/supervisor.h"

namespace aw::commands {
namespace {

// The signals that are asked for instead of taken.
sigset_t awaited(Serving const& serving) {
  sigset_t out;
  sigemptyset(&out);
  sigaddset(&out, SIGHUP);
  if (serving.forward)
    for (int const number : {SIGUSR1, SIGUSR2, SIGWINCH}) sigaddset(&out, number);
  return out;
}

// Before any thread: all of them inherit it. A file-size limit or a full disk is an error of write,
// not our death.
void arrange_signals(Serving const& serving) {
  sigset_t const set = awaited(serving);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGXFSZ, SIG_IGN);
  if (serving.forward) return;
  // The first is sent by what rotates logs, the second by who knows it from another server; neither
  // is needed here, and neither is worth the work that our death would cut off.
  for (int const number : {SIGUSR1, SIGUSR2}) std::signal(number, SIG_IGN);
}

// The signal that came, or 0 when none did in a while.
int await_signal(Serving const& serving) {
  sigset_t const set = awaited(serving);
  timespec const patience{.tv_sec = 0, .tv_nsec = serving.tend ? 20'000'000 : 100'000'000};
  int const number = sigtimedwait(&set, nullptr, &patience);
  return number > 0 ? number : 0;
}

Result<config::Loaded> load_amended(Serving const& serving, Context& context) {
  AW_TRY(auto loaded, load_checked(serving.request, context));
  if (serving.amend) serving.amend(loaded.config);
  return loaded;
}

// The log and `health` keep the reason: it says what is wrong, where a start leaves that to the
// findings it prints.
Result<config::Loaded> load_again(Serving const& serving, Context& context) {
  auto loaded = config::inspect(serving.request);
  context.err << config::render_text(loaded.diagnostics) << std::flush;
  if (!loaded.ok()) return config::refusal(loaded);
  if (serving.amend) serving.amend(loaded.config);
  return loaded;
}

// For the supervisor's status line: what became of it, empty when all is in force.
std::string reload(Serving const& serving, runtime::Runtime& agent, Context& context) {
  auto loaded = load_again(serving, context);
  if (!loaded.ok()) {
    agent.reload_refused(loaded.error());
    context.err << "reload refused, the old configuration stays: " << loaded.error().text()
                << std::endl;
    return "reload refused, the old configuration stays; ";
  }
  auto changes = agent.reload(*loaded);
  if (!changes.ok()) {
    context.err << "reload failed, the old state stays: " << changes.error().text() << std::endl;
    return "reload failed, the old state stays; ";
  }
  context.err << "reloaded" << std::endl;
  for (auto const& change : *changes) {
    if (change.effect == config::Effect::restart_needed)
      context.err << "needs a restart: " << change.key << std::endl;
  }
  return {};
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
  if (!loaded.ok()) return told_refusal(loaded, context);
  context.err << config::render_text(loaded.diagnostics) << std::flush;
  return loaded;
}

Result<void> serve_until_stopped(Serving const& serving, Context& context) {
  arrange_signals(serving);
  auto const began = context.clock.steady();
  auto const environment = supervision_of(serving, context);
  runtime::Supervisor supervisor(environment, context.clock);
  AW_TRY(auto const loaded, load_amended(serving, context));
  auto seams = serving.seams ? serving.seams(loaded) : runtime::Seams();
  AW_TRY(seams.listening_socket, runtime::inherited_socket(environment));
  // Before the first thread, which is the one that waits for signals.
  if (serving.as != As::tool) {
    seams.safeguards = runtime::confine(loaded.config, serving.as == As::keeper
                                                           ? runtime::Programs::a_command
                                                           : runtime::Programs::as_configured);
  }
  auto const stop = context.interrupt();
  AW_TRY(auto const agent, runtime::Runtime::start(loaded, context.clock, std::move(seams), stop));
  serving.ready(*agent, context.clock.steady() - began);
  bool told = false;
  while (!stop.stop_requested()) {
    if (!told && (!serving.settled || serving.settled())) {
      supervisor.ready("serving on " + agent->listening().agent);
      told = true;
    }
    supervisor.alive();
    if (serving.tend && !serving.tend()) break;
    int const number = await_signal(serving);
    if (number != 0 && number != SIGHUP) serving.forward(number);
    if (number != SIGHUP) continue;
    // A supervisor that has not heard that we are ready must not hear it from a reload; one that
    // has must hear it again whatever became of the reload, or it waits and then ends us.
    if (told) supervisor.reloading();
    auto const outcome = reload(serving, *agent, context);
    if (told) supervisor.ready(outcome + "serving on " + agent->listening().agent);
  }
  supervisor.stopping();
  auto const drained = agent->drain();
  if (serving.drained) serving.drained(*agent, drained);
  if (!drained)
    return make_error(Code::check_failed, "some work was cut off at the end of the drain");
  return {};
}

std::string default_dev_socket(Context const& context) {
  if (auto const runtime = context.variable("XDG_RUNTIME_DIR"))
    return *runtime + "/agentweave/agent.sock";
  return "/tmp/agentweave-" + std::to_string(::getuid()) + "/agent.sock";
}

}  // namespace aw::commands
