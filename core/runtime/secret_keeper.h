// SPDX-License-Identifier: Apache-2.0
// The secrets of a running agent: filled into its configuration once there is an identity, looked
// at again when their time is over, and handed to what uses them when they have changed.
//
// Owns a thread of its own, which only ever asks keepers of secrets. `fill` and the constructor
// from one thread; `changed` is called on the keeper's.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "core/base/mask.h"
#include "core/config/load.h"
#include "core/metrics/registry.h"
#include "core/secrets/store.h"

namespace aw::runtime {

class SecretKeeper {
 public:
  // What is referred to outlives the keeper.
  struct Needs {
    config::Loaded const& loaded;  // as it was loaded: with references
    std::unique_ptr<secrets::Store> store;
    log::Log& log;
    metrics::Registry& metrics;
    Mask& mask;  // learns each secret
  };
  explicit SecretKeeper(Needs needs);
  ~SecretKeeper();  // stops
  SecretKeeper(SecretKeeper const&) = delete;
  SecretKeeper& operator=(SecretKeeper const&) = delete;

  // The secrets into `config`. Errors name the key and the secret.
  [[nodiscard]] Result<void> fill(config::Config& config);

  // What changed: the uses, and a configuration in which these are filled anew (and no others).
  using Changed =
      std::function<void(std::vector<config::SecretUse> const& uses, config::Config const& config)>;
  void watch(Changed changed);
  // Asks again for all of them now (SIGHUP). Blocks; after `watch`.
  void look_now() { look_again(secrets::Store::Which::all); }
  void stop();

 private:
  void run(std::stop_token const& stop);
  void look_again(secrets::Store::Which which);
  void tell(std::vector<config::SecretUse> const& uses);

  Needs needs_;
  std::mutex looking_;  // one look at a time: what changed is told in order
  Changed changed_;
  metrics::Counter& rotations_;
  metrics::Counter& failures_;
  std::jthread thread_;
};

// The store that a configuration describes; `who` may be empty.
[[nodiscard]] std::unique_ptr<secrets::Store> make_secret_store(
    config::Config const& config, Clock const& clock, secrets::Ourselves who,
    std::unique_ptr<secrets::SecretsProvider> instead = nullptr);

// JWT-SVIDs from the configuration's Workload API.
[[nodiscard]] std::function<Result<std::string>(std::string const& audience)> jwt_source(
    config::Config const& config);

}  // namespace aw::runtime
