// SPDX-License-Identifier: Apache-2.0
// The authorization provider as a command needs it: the very one that `serve` builds, with its
// surroundings.
//
// One thread; `explain` blocks up to the configured timeout.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/authz/authorizer.h"
#include "core/http/client.h"
#include "core/identity/spiffe_id.h"
#include "core/io/pool.h"

namespace aw::commands {

// Where policy comes from, flags over configuration.
struct PolicyOptions {
  std::string config;
  std::string environment;
  std::vector<std::string> opa_endpoints;  // --opa-endpoint
  std::string policy_path;                 // --policy-path
  std::string policy_dir;                  // --policy
  std::vector<std::string> data_files;     // --data
};

// --config --env --opa-endpoint --policy-path --policy --data. `options` outlives the tree.
void add_policy_options(CLI::App& command, PolicyOptions& options);

struct PolicySource {
  authz::Config config;
  std::optional<identity::SpiffeId> self;  // the agent's, when a configuration says who it is
};

// Without flags that say it all, a configuration is loaded (--config or the search path).
[[nodiscard]] Result<PolicySource> policy_source(PolicyOptions const& options,
                                                 Context const& context);

class CommandAuthorizer {
 public:
  // Errors: policy_*, config_*.
  static Result<std::unique_ptr<CommandAuthorizer>> open(authz::Config const& config,
                                                         Context const& context);
  // Never fails: that nobody could decide is an answer too. With `detail` the trace's events are
  // in it.
  [[nodiscard]] authz::Explanation explain(authz::AuthzContext const& question,
                                           std::optional<rego::EventDetail> detail = std::nullopt);
  // Whether there is somebody to decide, and in whose words there was no answer.
  [[nodiscard]] authz::ProviderStatus status() const { return authorizer_->status(); }

 private:
  CommandAuthorizer(authz::Config const& config, Clock const& clock);

  std::unique_ptr<log::Log> log_;
  metrics::Registry metrics_;
  io::BlockingPool pool_;
  http::Client client_;
  std::unique_ptr<authz::Authorizer> authorizer_;
};

}  // namespace aw::commands
