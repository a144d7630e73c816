// needs: aw_metrics
// SPDX-License-Identifier: Apache-2.0
// The Accept header of a scrape: whatever it says, one of two formats is chosen, and the same one
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/metrics/format.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const accept(reinterpret_cast<char const*>(data), size);
  auto const chosen = aw::metrics::accepted_format(accept);
  if (chosen != aw::metrics::accepted_format(accept)) std::abort();
  // Nobody gets OpenMetrics who did not name it.
  bool const named = accept.find("application/openmetrics-text") != std::string_view::npos;
  if (chosen == aw::metrics::Format::openmetrics && !named) std::abort();
  return 0;
}
