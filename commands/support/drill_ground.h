// SPDX-License-Identifier: Apache-2.0
// Where drills happen: the agent of a configuration, run in this process with the embedded identity
// on free ports, in a directory of its own that goes with it; and a caller that sees what others
// would see.
//
// Blocks; one thread. Nothing of it listens beyond loopback or outlives it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/base/result.h"
#include "core/config/load.h"
#include "core/identity/dev_issuer.h"
#include "core/runtime/runtime.h"
#include "core/tls/probe.h"

namespace aw::commands {

// What a caller saw of one call.
struct Seen {
  int status = 0;                          // 0: no answer
  std::string code;                        // "AW3010"; empty when the answer names none
  std::string retry;                       // Retry-After
  std::string decision;                    // x-agentweave-decision-id
  std::string why;                         // of no answer: "alert unknown CA"
  [[nodiscard]] std::string text() const;  // "503 AW3010, Retry-After 30", "no answer: …"
};

// One agent from `open` to the end, however often it starts. `context` outlives it.
class DrillGround {
 public:
  struct Spec {
    config::LoadRequest request;  // the project's; ports and places are replaced
    std::string partner;          // a trust domain that may call, when its bundle is known
  };
  // Errors: what is wrong with the configuration, or in the way of serving.
  static Result<std::unique_ptr<DrillGround>> open(Spec spec, Context& context);
  ~DrillGround();
  DrillGround(DrillGround const&) = delete;
  DrillGround& operator=(DrillGround const&) = delete;

  // Ends the agent as SIGTERM would, and starts it again with these settings over the others.
  [[nodiscard]] Result<void> restart(std::vector<std::string> const& settings = {});

  [[nodiscard]] identity::DevIssuer& issuer();
  [[nodiscard]] config::Config const& config() const { return loaded_.config; }
  [[nodiscard]] std::filesystem::path const& directory() const { return directory_; }
  [[nodiscard]] Context& context() const { return context_; }

  // Who calls: the development identity's "client".
  [[nodiscard]] identity::Svid caller() const;
  // An action that `caller` is allowed, if there is one among the capabilities.
  [[nodiscard]] std::string const& action() const { return action_; }

  [[nodiscard]] Seen call(identity::Svid const& as, std::string const& headers = {}) const;
  [[nodiscard]] Seen call() const { return call(caller()); }
  // A connection that a call went over, kept open.
  [[nodiscard]] std::optional<tls::Probe> linger(identity::Svid const& as) const;
  // Of a metric whose series contains all of these; nullopt when there is none.
  [[nodiscard]] std::optional<double> metric(std::vector<std::string> const& parts) const;
  [[nodiscard]] int readiness() const;  // the status of /readyz; 0 = no answer

  // Looks again and again until it holds, eight seconds at the most; how long it took.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> until(
      std::function<bool()> const& holds) const;

 private:
  DrillGround(Spec spec, std::filesystem::path directory, Context& context);
  [[nodiscard]] Result<void> start(std::vector<std::string> const& settings);
  [[nodiscard]] Result<tls::Probe> dial(identity::Svid const& as) const;
  [[nodiscard]] std::string request_text(std::string const& action,
                                         std::string const& headers) const;
  void choose_action();

  Spec const spec_;
  std::filesystem::path const directory_;
  Context& context_;
  config::Loaded loaded_;
  std::unique_ptr<runtime::Runtime> agent_;
  std::string host_;
  std::uint16_t port_ = 0;
  std::string action_;
};

}  // namespace aw::commands
