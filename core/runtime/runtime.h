// SPDX-License-Identifier: Apache-2.0
// THE composer: a configuration becomes a running agent.
//
// Reading runtime.cc from top to bottom explains the process. Everything is built once, in order,
// and goes in the reverse order. `start` blocks until the agent serves or says why it cannot; the
// other methods may be called from any thread but the loops' own.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/config/load.h"
#include "core/http/message.h"
#include "core/identity/provider.h"
#include "core/identity/svid.h"
#include "core/runtime/confine.h"
#include "core/server/health.h"

namespace aw::authz {
class AuthorizationProvider;
}
namespace aw::a2a {
class Executor;
}
namespace aw::backend {
class Backend;
}
namespace aw::secrets {
class SecretsProvider;
}

namespace aw::runtime {

// What an embedder puts in place of what the configuration would make; all optional.
struct Seams {
  Seams();
  ~Seams();
  Seams(Seams&&) noexcept;
  Seams& operator=(Seams&&) noexcept;

  std::unique_ptr<identity::IdentityProvider> identity;
  std::unique_ptr<authz::AuthorizationProvider> authorization;
  std::vector<std::pair<std::string, std::unique_ptr<backend::Backend>>>
      backends;  // capability -> handler
  // Does all work itself: no backend is made.
  std::unique_ptr<a2a::Executor> executor;
  // How long a blocking send waits before it answers with the task as it is; never longer than
  // server.request_timeout_seconds allows.
  std::optional<std::chrono::nanoseconds> wait_limit;
  std::function<void(identity::Svid const&)> on_svid_update;
  // Instead of binding server.host and server.port: a socket that listens already.
  std::optional<int> listening_socket;
  // What confines this process, for /readyz?verbose.
  std::vector<Safeguard> safeguards;
  // Keeps every secret of the configuration, whatever secrets.values[].from says.
  std::unique_ptr<secrets::SecretsProvider> secrets;
  // A secret that run.environment uses has changed; on the secret keeper's thread.
  std::function<void(config::Config const& config)> on_child_secret;
  // What else must be well before the agent takes calls; asked from any thread.
  struct Check {
    std::string name;
    std::function<server::CheckResult()> run;
  };
  std::vector<Check> checks;
};

// Addresses as they were bound: a port 0 of the configuration is the real one here.
struct Listening {
  std::string agent;     // https://127.0.0.1:8443
  std::string metrics;   // http://…, empty when off
  std::string admin;     // with its token, empty when off
  std::string outbound;  // 127.0.0.1:8081 or unix:///path, empty when off
  std::string spiffe_id;
};

// What `start` found, for the banner.
// `source` is a directory, a bundle's file or URL, or the first OPA endpoint; counts are 0 for a
// remote one.
struct PolicySummary {
  std::string source;
  std::string mode;
  std::size_t rules = 0;
  std::size_t tests = 0;
};

// How a drain went. Converts to whether all work was finished.
struct Drained {
  bool finished = true;
  std::uint64_t in_flight = 0;         // requests in work when the listener closed
  std::chrono::nanoseconds waited{0};  // server.shutdown_delay
  std::chrono::nanoseconds took{0};    // to finish what was in work
  explicit operator bool() const { return finished; }
};

class Runtime {
 public:
  // `clock` outlives it. Errors carry what could not be built and why.
  static Result<std::unique_ptr<Runtime>> start(config::Loaded const& loaded, Clock const& clock,
                                                Seams seams, std::stop_token const& stop);
  ~Runtime();
  Runtime(Runtime const&) = delete;
  Runtime& operator=(Runtime const&) = delete;

  // As it is in use: with the secrets filled in. Not to be shown.
  [[nodiscard]] config::Config const& config() const;

  [[nodiscard]] Listening listening() const;
  [[nodiscard]] PolicySummary policy() const;
  [[nodiscard]] identity::Svid svid() const;  // of now; the first one if there is none now
  [[nodiscard]] identity::IdentityProvider& identity_provider();

  // One call of our own to another agent, as the outbound listener takes it (core/server/outbound
  // has how a request names whom it is for): all its gates, no socket. Blocks; errors of OutCalls.
  [[nodiscard]] Result<http::Response> call_out(http::Request request,
                                                std::chrono::nanoseconds patience);

  // Takes over what may change while running (log levels, policy, certificates on disk); says what
  // needs a restart. Policy first, then the identity's files: when those cannot be read, the new
  // policy is in force all the same. An error of the audit record comes when all of it is taken
  // over.
  [[nodiscard]] Result<std::vector<config::Change>> reload(config::Loaded const& loaded);
  // There is nothing to reload: the new configuration cannot be read or is not valid. Said, as an
  // error of `reload` is, in the log, the metrics and /health, until one is taken over.
  void reload_refused(Error const& error);

  // Not ready -> wait (server.shutdown_delay) -> stop accepting -> finish what runs
  // (server.graceful_shutdown) -> audit closed. Not finished when some work was cut off. Twice is
  // fine.
  Drained drain();

  // Headers by which callers claimed to be somebody, and which no backend got to see.
  [[nodiscard]] std::uint64_t claims_dropped() const;

  struct Parts;

 private:
  explicit Runtime(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace aw::runtime
