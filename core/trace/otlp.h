// SPDX-License-Identifier: Apache-2.0
// A batch of spans as OTLP writes it (opentelemetry.proto.collector.trace.v1, protobuf, and its
// JSON mapping with hexadecimal ids), and what the collector answers. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/trace/config.h"
#include "core/trace/span.h"

namespace aw::trace {

// Who speaks: service.name, service.version, …, in this order.
using Resource = std::vector<std::pair<std::string, std::string>>;

[[nodiscard]] std::string encode(Protocol protocol, Resource const& resource,
                                 std::span<Span const> spans);
[[nodiscard]] std::string_view content_type(Protocol protocol);

// How many spans of an accepted batch the collector threw away all the same (`partial_success`).
// Foreign bytes: what cannot be read is 0.
[[nodiscard]] std::int64_t rejected_spans(Protocol protocol, std::string_view answer);

}  // namespace aw::trace
