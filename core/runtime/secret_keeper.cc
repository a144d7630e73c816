// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/secret_keeper.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "core/config/secret_refs.h"
#include "core/identity/workload_fetch.h"

namespace aw::runtime {
namespace {

// Secrets are looked at when their time is over; that is noticed this often at the latest.
constexpr auto kLongestNap = std::chrono::seconds(30);
constexpr auto kShortestNap = std::chrono::milliseconds(100);

}  // namespace

SecretKeeper::SecretKeeper(Needs needs)
    : needs_(std::move(needs)),
      rotations_(needs_.metrics.counter("agentweave_secret_changes_total",
                                        "Secrets that were different when they were read again.")),
      failures_(needs_.metrics.counter("agentweave_secret_errors_total",
                                       "Secrets that could not be read again.")) {}

SecretKeeper::~SecretKeeper() { stop(); }

Result<void> SecretKeeper::fill(config::Config& config) {
  return config::fill_secrets(needs_.loaded.secrets, config,
                              [this](std::string const& name) -> Result<Secret> {
                                AW_TRY(auto secret, needs_.store->get(name));
                                needs_.mask.add(secret);
                                return secret;
                              });
}

void SecretKeeper::watch(Changed changed) {
  auto const ttl = needs_.store->config().cache_ttl;
  changed_ = std::move(changed);
  if (needs_.loaded.secrets.empty() || ttl.count() == 0) return;
  thread_ = std::jthread([this](std::stop_token const& stop) { run(stop); });
}

void SecretKeeper::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

void SecretKeeper::run(std::stop_token const& stop) {
  auto const ttl = needs_.store->config().cache_ttl;
  auto const nap = std::clamp<std::chrono::nanoseconds>(ttl / 4, kShortestNap, kLongestNap);
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    std::unique_lock lock(mutex);
    wake.wait_for(lock, stop, nap, [] { return false; });
    if (!stop.stop_requested()) look_again(secrets::Store::Which::stale);
  }
}

void SecretKeeper::look_again(secrets::Store::Which which) {
  std::lock_guard const lock(looking_);
  auto const changed =
      needs_.store->refresh(which, [this](std::string const& name, Error const& error) {
        failures_.add();
        needs_.log.failed(log::Component::config, log::Level::warning,
                          "Secret not read again, the old value stays: " + name, error);
      });
  if (changed.empty()) return;
  rotations_.add(changed.size());
  std::vector<config::SecretUse> uses;
  for (auto const& use : needs_.loaded.secrets) {
    bool const touched = std::ranges::any_of(use.names, [&changed](std::string const& name) {
      return std::ranges::find(changed, name) != changed.end();
    });
    if (touched) uses.push_back(use);
  }
  tell(uses);
}

// Use by use: one that does not fit must not keep the others from theirs.
void SecretKeeper::tell(std::vector<config::SecretUse> const& uses) {
  auto config = needs_.loaded.config;
  std::vector<config::SecretUse> fitting;
  for (auto const& use : uses) {
    auto filled = config::fill_secrets({use}, config, [this](std::string const& name) {
      auto secret = needs_.store->last(name);
      if (secret.ok()) needs_.mask.add(*secret);
      return secret;
    });
    if (filled.ok()) {
      fitting.push_back(use);
      continue;
    }
    failures_.add();
    needs_.log.failed(log::Component::config, log::Level::error,
                      "Secret changed, but does not fit: the old one stays in use", filled.error());
  }
  if (!fitting.empty()) changed_(fitting, config);
  config::wipe_secrets(needs_.loaded.secrets, config);
}

std::unique_ptr<secrets::Store> make_secret_store(
    config::Config const& config, Clock const& clock, secrets::Ourselves who,
    std::unique_ptr<secrets::SecretsProvider> instead) {
  return std::make_unique<secrets::Store>(
      config.secrets,
      secrets::Store::Needs{.clock = clock, .who = std::move(who), .instead = std::move(instead)});
}

std::function<Result<std::string>(std::string const& audience)> jwt_source(
    config::Config const& config) {
  bool const embedded = config.identity.provider == identity::Provider::dev;
  return [address =
              embedded ? "unix://" + config.identity.dev.socket : config.identity.spiffe_endpoint,
          timeout = config.secrets.timeout](std::string const& audience) -> Result<std::string> {
    AW_TRY(auto const endpoint, identity::WorkloadEndpoint::parse(address));
    AW_TRY(auto svid,
           identity::fetch_jwt_svid(endpoint, {.audience = {audience}, .id = {}}, timeout));
    return std::move(svid.token);
  };
}

}  // namespace aw::runtime
