// SPDX-License-Identifier: Apache-2.0
// What the official kits expect of an agent: its behaviour is named by the message's id.
//
// Runs on the loops of the requests; has no state.
#pragma once

#include <chrono>

#include "core/a2a/executor.h"

namespace aw::tck {

struct KitOptions {
  // The 0.3 kit's agent works for a while and then asks for more; the 1.0 kit's completes.
  enum class Unnamed : std::uint8_t { completes, asks } unnamed = Unnamed::completes;
  std::chrono::milliseconds asks_after{3'000};
  std::chrono::milliseconds long_work{4'000};
};

class KitExecutor final : public a2a::Executor {
 public:
  explicit KitExecutor(KitOptions options) : options_(options) {}
  [[nodiscard]] io::Task<Result<void>> run(a2a::Work work, a2a::Progress& progress) override;
  [[nodiscard]] bool serves(std::string_view) const override { return true; }

 private:
  KitOptions const options_;
};

}  // namespace aw::tck
