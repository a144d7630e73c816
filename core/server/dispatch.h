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

class Dispatch final : public a2a::Executor {
 public:
  explicit Dispatch(Backends backends) : backends_(std::move(backends)) {}

  [[nodiscard]] io::Task<Result<void>> run(a2a::Work work, a2a::Progress& progress) override;
  [[nodiscard]] std::optional<Result<void>> run_at_once(a2a::Work const& work,
                                                        a2a::Progress& progress) override;
  [[nodiscard]] bool serves(std::string_view capability) const override {
    return backends_.contains(capability);
  }

 private:
  Backends const backends_;
};

}  // namespace aw::server
