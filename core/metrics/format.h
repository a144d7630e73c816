// SPDX-License-Identifier: Apache-2.0
// In which form a scraper wants its metrics: Prometheus text 0.0.4, or OpenMetrics 1.0 where it
// asks.
//
// Pure; any thread.
#pragma once

#include <string_view>

namespace aw::metrics {

enum class Format { prometheus, openmetrics };

// What an Accept header (RFC 9110 §12.5.1) prefers of the two; OpenMetrics only when it is named,
// in version 1.0.0 or in none. Anything else, also what cannot be read: Prometheus text.
// Weights (`q`) count; with equal weights OpenMetrics wins. q=0 means: not that one.
[[nodiscard]] Format accepted_format(std::string_view accept);

// A literal, with version and charset, for the Content-Type header.
[[nodiscard]] std::string_view content_type(Format format);

}  // namespace aw::metrics
