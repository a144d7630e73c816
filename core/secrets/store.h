// SPDX-License-Identifier: Apache-2.0
// The configured secrets by name: fetched at the first question, kept for the TTL, zeroed when they
// go.
//
// Any thread; a question blocks while another is being answered, up to secrets.timeout. Never on
// the request path. Errors are the provider's, with the secret's name; none holds a byte of a
// secret.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/secrets/provider.h"

namespace aw::secrets {

// What may be told of a secret.
struct Known {
  std::string name;
  std::string source;
  std::size_t bytes = 0;
  std::chrono::nanoseconds age{0};  // since it was fetched
};

class Store {
 public:
  // `clock` outlives the store.
  struct Needs {
    Clock const& clock;
    Ourselves who = {};
    Variables variables = process_variables();
    std::unique_ptr<SecretsProvider> instead = nullptr;  // asked for every secret
  };
  Store(Config config, Needs needs);

  // Code::secret_unavailable too for a name that is not configured.
  [[nodiscard]] Result<Secret> get(std::string const& name);
  // The value as it was read last, however old; asked for when it never was.
  [[nodiscard]] Result<Secret> last(std::string const& name);
  [[nodiscard]] Result<Known> look(std::string const& name);

  // Asks again for everything that was asked for (and is older than the TTL); the names of those
  // that are different now. What cannot be fetched keeps its value, and `failed` hears why.
  using Failed = std::function<void(std::string const& name, Error const& error)>;
  enum class Which { stale, all };
  [[nodiscard]] std::vector<std::string> refresh(Which which, Failed const& failed);

  [[nodiscard]] Config const& config() const { return config_; }

 private:
  struct Kept {
    Secret value;
    SteadyTime fetched;
  };
  Result<Kept*> kept(std::string const& name);
  Result<Secret> fetch(Entry const& entry);
  SecretsProvider& provider_of(From from);
  [[nodiscard]] Entry const* find(std::string const& name) const;
  [[nodiscard]] bool stale(Kept const& kept) const;

  Config const config_;
  Needs needs_;
  std::mutex mutex_;
  std::map<From, std::unique_ptr<SecretsProvider>> providers_;  // guarded by mutex_
  std::map<std::string, Kept> kept_;                            // guarded by mutex_
};

}  // namespace aw::secrets
