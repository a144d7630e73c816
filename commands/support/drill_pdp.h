// SPDX-License-Identifier: Apache-2.0
// A decision point for drills: answers POST /v1/data/… on loopback as OPA would, with a project's
// own policy, and can be taken away.
//
// Own thread; any thread may call.
#pragma once

#include <memory>
#include <string>

#include "core/authz/config.h"
#include "core/authz/policy_store.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/server.h"
#include "core/io/loops.h"

namespace aw::commands {

class DrillPdp {
 public:
  // Listens; of `config` its policy files and path are used. Errors: policy_*.
  static Result<std::unique_ptr<DrillPdp>> open(authz::Config const& config, Clock const& clock);
  ~DrillPdp();
  DrillPdp(DrillPdp const&) = delete;
  DrillPdp& operator=(DrillPdp const&) = delete;

  [[nodiscard]] std::string url() const;
  void take_away();                         // nobody listens any more
  [[nodiscard]] Result<void> bring_back();  // at the same address
  // Decides on an input's JSON. Pure.
  [[nodiscard]] std::string answer(std::string_view request_body) const;

 private:
  DrillPdp(authz::LoadedPolicy policy, Clock const& clock);
  Result<void> listen(std::uint16_t port);

  authz::LoadedPolicy const policy_;
  Clock const& clock_;
  io::Loops loops_{1};
  std::unique_ptr<http::Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace aw::commands
