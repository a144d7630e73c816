// SPDX-License-Identifier: Apache-2.0
// What the authorization tests stand on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/authz/authz.h"
#include "core/authz/config.h"
#include "core/authz/meters.h"
#include "core/authz/opa_transport.h"
#include "core/base/log.h"
#include "core/io/task.h"
#include "core/metrics/registry.h"
#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace aw::authz {

inline identity::SpiffeId spiffe(std::string_view text) { return *identity::SpiffeId::parse(text); }

inline AuthzContext question(std::string action,
                             std::string_view caller = "spiffe://corp.example/agent/planner") {
  return {.caller = spiffe(caller),
          .callee = spiffe("spiffe://corp.example/agent/billing"),
          .action = std::move(action),
          .time = *parse_rfc3339("2026-11-23T15:33:12.041Z")};
}

// Answers as told, one exchange after another, and remembers what it was asked.
class ScriptedOpa final : public OpaTransport {
 public:
  using Answer = std::function<Result<OpaAnswer>(OpaRequest const&)>;
  struct State {
    std::vector<OpaRequest> asked;
    Answer answer;
  };
  explicit ScriptedOpa(std::shared_ptr<State> state) : state_(std::move(state)) {}
  io::Task<Result<OpaAnswer>> send(OpaRequest request) override {
    state_->asked.push_back(request);
    co_return state_->answer(request);
  }

 private:
  std::shared_ptr<State> const state_;
};

struct Bench {
  testing::ManualClock clock{*parse_rfc3339("2026-11-23T15:33:12.041Z")};
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  metrics::Registry registry;

  [[nodiscard]] bool has_line(std::string const& line) const {
    return ("\n" + registry.text()).find("\n" + line + "\n") != std::string::npos;
  }
};

}  // namespace aw::authz
