// SPDX-License-Identifier: Apache-2.0
// A batch of spans as OTLP writes it (opentelemetry.proto.collector.trace.v1, protobuf, and its
// JSON mapping with hexadecimal ids), and what the collector answers. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/trace/config.h"
#include "core/trace/span.h"

namespace aw::trace {

// Who speaks: service.name, service.version, …, in this order.
using Resource = std::vector<std::pair<std::string, std::string>>;

// Spans of one request as they are collected: their bytes, without what stands around them.
struct Written {
  std::string bytes;
  std::size_t spans = 0;
};
// Ids are turned from hexadecimal into bytes for protobuf; times before 1970 become 0.
void append(Protocol protocol, Written& to, Span const& span);
// One ResourceSpans with one scope: a request's whole body.
[[nodiscard]] std::string body_of(Protocol protocol, Resource const& resource,
                                  Written const& spans);
[[nodiscard]] std::string_view content_type(Protocol protocol);

// How many spans of an accepted batch the collector threw away all the same (`partial_success`).
// Foreign bytes: what cannot be read is 0.
// Never negative, but not bounded by what was sent: the caller clamps it.
[[nodiscard]] std::int64_t rejected_spans(Protocol protocol, std::string_view answer);

}  // namespace aw::trace
