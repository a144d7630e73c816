// SPDX-License-Identifier: Apache-2.0
// The steps of runtime.cc that are about secrets, and what happens when one changes.
#include <utility>

#include "core/base/text.h"
#include "core/runtime/parts.h"

namespace aw::runtime {

// From here on the configuration holds what it says; what was loaded, shown and compared does not.
Result<void> Runtime::Parts::fill_secrets(Seams& seams) {
  if (loaded.secrets.empty()) return {};
  secrets::Ourselves who{.svid = [this]() -> std::optional<identity::Svid> {
                           auto const now = current();
                           return now ? std::optional(now->snapshot().svid()) : std::nullopt;
                         },
                         .jwt = jwt_source(config)};
  secrets = std::make_unique<SecretKeeper>(SecretKeeper::Needs{
      .loaded = loaded,
      .store = make_secret_store(config, clock, std::move(who), std::move(seams.secrets)),
      .log = *log,
      .metrics = metrics,
      .mask = *mask});
  return secrets->fill(config);
}

void Runtime::Parts::watch_secrets(Seams& seams) {
  if (!secrets) return;
  on_child_secret = std::move(seams.on_child_secret);
  secrets->watch([this](std::vector<config::SecretUse> const& uses, config::Config const& now) {
    secrets_changed(uses, now);
  });
}

// What can take a new secret does so at once; the rest is named.
void Runtime::Parts::secrets_changed(std::vector<config::SecretUse> const& uses,
                                     config::Config const& now) {
  for (auto const& use : uses) {
    bool taken = true;
    if (use.row.ends_with(".backend.headers") || use.row.ends_with(".backend.environment")) {
      taken = own_dispatch != nullptr &&
              own_dispatch->renew(now.agent.capabilities[use.index].name, now.backends[use.index]);
    } else if (use.row == "authorization.opa_token") {
      if (opa_token) opa_token->set(now.authorization.opa_token);
    } else if (use.row == "run.environment") {
      if (on_child_secret) on_child_secret(now);
    } else {
      taken = false;
    }
    log->write(log::Component::config, taken ? log::Level::info : log::Level::warning,
               taken ? "Secret changed: taken into use" : "Secret changed: needs a restart",
               {{"key", use.key}, {"secret", text::join(use.names, ", ")}});
  }
}

}  // namespace aw::runtime
