// SPDX-License-Identifier: Apache-2.0
// Gate 8: from a task to the backend of its capability.
//
// Immutable after construction; any loop. Owns the backends.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/a2a/executor.h"
#include "core/backend/backend.h"

namespace aw::server {

using Backends = std::map<std::string, std::unique_ptr<backend::Backend>, std::less<>>;
// Capabilities that another A2A server does: it speaks of tasks itself.
using Upstreams = std::map<std::string, std::unique_ptr<a2a::Executor>, std::less<>>;

// Errors: unknown_capability where nothing serves it, else the backend's own. A capability with
// both goes to the upstream.
class Dispatch final : public a2a::Executor {
 public:
  explicit Dispatch(Backends backends, Upstreams upstreams = {})
      : backends_(std::move(backends)), upstreams_(std::move(upstreams)) {}

  [[nodiscard]] io::Task<Result<void>> run(a2a::Work work, a2a::Progress& progress) override;
  // False for upstreams, and for capabilities nobody serves.
  [[nodiscard]] bool never_waits(std::string_view capability) const override;
  [[nodiscard]] Result<void> run_at_once(a2a::Work work, a2a::Progress& progress) override;
  // Hands a backend what may change while it runs (Backend::renew); false when it cannot take it.
  // Any thread.
  [[nodiscard]] bool renew(std::string_view capability, backend::Config const& config);
  [[nodiscard]] bool serves(std::string_view capability) const override {
    return backends_.contains(capability) || upstreams_.contains(capability);
  }

 private:
  Backends const backends_;
  Upstreams const upstreams_;
};

}  // namespace aw::server
