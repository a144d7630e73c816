// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/reloads.h"

namespace aw::runtime {

Reloads::Reloads(log::Log& log, metrics::Registry& metrics, server::Health& health)
    : log_(log),
      taken_over_(metrics.counter("agentweave_config_reloads_total",
                                  "Reloads of the configuration that were taken over.")),
      refused_(metrics.counter("agentweave_config_reload_errors_total",
                               "Reloads that were refused; the configuration before stayed.")) {
  health.add("configuration", server::Weight::informs, [this] { return check(); });
}

void Reloads::taken_over(std::vector<config::Change> const& changes) {
  taken_over_.add(1);
  std::string waiting;
  for (auto const& change : changes) {
    bool const now = change.effect == config::Effect::reloadable;
    log_.info(log::Component::config, now ? "Setting changed" : "Setting changed: needs a restart",
              {{"key", change.key}});
    if (!now) waiting += (waiting.empty() ? "" : ", ") + change.key;
  }
  std::lock_guard const lock(mutex_);
  refusal_.clear();
  waiting_ = std::move(waiting);
}

void Reloads::refused(Error const& error) {
  refused_.add(1);
  log_.failed(log::Component::config, log::Level::error,
              "new configuration refused, the one before it stays in force", error);
  std::lock_guard const lock(mutex_);
  refusal_ = code_name(error.code);
}

// The listener that tells it is open to whoever probes: no key's value, no path.
server::CheckResult Reloads::check() const {
  using State = server::CheckResult::State;
  std::lock_guard const lock(mutex_);
  if (!refusal_.empty())
    return {State::degraded, refusal_ + " the new one was refused, see the log"};
  if (!waiting_.empty()) return {State::ok, "in force once restarted: " + waiting_};
  return {State::ok, "in force"};
}

}  // namespace aw::runtime
