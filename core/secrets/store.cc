// SPDX-License-Identifier: Apache-2.0
#include "core/secrets/store.h"

#include <algorithm>
#include <utility>

#include "core/secrets/document.h"

namespace aw::secrets {

Store::Store(Config config, Needs needs) : config_(std::move(config)), needs_(std::move(needs)) {}

Entry const* Store::find(std::string const& name) const {
  auto const found = std::ranges::find(config_.values, name, &Entry::name);
  return found == config_.values.end() ? nullptr : &*found;
}

SecretsProvider& Store::provider_of(From from) {
  if (needs_.instead) return *needs_.instead;
  auto& held = providers_[from];
  if (held) return *held;
  switch (from) {
    case From::file:
      held = file_provider();
      break;
    case From::exec:
      held = exec_provider(config_.timeout, needs_.variables);
      break;
    case From::vault:
      held = vault_provider(config_, needs_.who, needs_.clock);
      break;
    case From::aws:
      held = aws_provider(config_, needs_.variables, needs_.clock);
      break;
    case From::env:
    case From::none:  // refused at load; an unset variable denies as well
      held = env_provider(needs_.variables);
      break;
  }
  return *held;
}

Result<Secret> Store::fetch(Entry const& entry) {
  auto const doing = "secret \"" + entry.name + '"';
  auto document = provider_of(entry.from).fetch(entry);
  if (!document.ok()) return std::move(document).error().within(doing);
  return with_context(pick(std::move(*document), entry.key), doing);
}

bool Store::stale(Kept const& kept) const {
  return config_.cache_ttl.count() > 0 && needs_.clock.steady() - kept.fetched >= config_.cache_ttl;
}

Result<Store::Kept*> Store::kept(std::string const& name) {
  auto const* const entry = find(name);
  if (entry == nullptr)
    return make_error(Code::secret_unavailable, "there is no secret \"" + name + '"',
                      "secrets.values lists them");
  auto const found = kept_.find(name);
  if (found != kept_.end() && !stale(found->second)) return &found->second;
  AW_TRY(auto value, fetch(*entry));
  auto& slot = kept_[name];
  slot = Kept{.value = std::move(value), .fetched = needs_.clock.steady()};
  return &slot;
}

Result<Secret> Store::get(std::string const& name) {
  std::lock_guard const lock(mutex_);
  AW_TRY(auto const* const held, kept(name));
  return held->value.clone();
}

Result<Secret> Store::last(std::string const& name) {
  std::lock_guard const lock(mutex_);
  if (auto const found = kept_.find(name); found != kept_.end()) return found->second.value.clone();
  AW_TRY(auto const* const held, kept(name));
  return held->value.clone();
}

Result<Known> Store::look(std::string const& name) {
  std::lock_guard const lock(mutex_);
  AW_TRY(auto const* const held, kept(name));
  auto const& entry = *find(name);
  return Known{.name = name,
               .source = provider_of(entry.from).source(entry) +
                         (entry.key.empty() ? "" : " key " + entry.key),
               .bytes = held->value.reveal().size(),
               .age = needs_.clock.steady() - held->fetched};
}

std::vector<std::string> Store::refresh(Which which, Failed const& failed) {
  std::lock_guard const lock(mutex_);
  std::vector<std::string> changed;
  for (auto& [name, held] : kept_) {
    if (which == Which::stale && !stale(held)) continue;
    auto value = fetch(*find(name));
    if (!value.ok()) {
      failed(name, value.error());
      continue;
    }
    held.fetched = needs_.clock.steady();
    if (*value == held.value) continue;
    held.value = std::move(*value);
    changed.push_back(name);
  }
  return changed;
}

}  // namespace aw::secrets
