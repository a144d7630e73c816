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

// Spans of one request as they are collected: begun and closed by an Envelope.
struct Written {
  std::string bytes;
  std::size_t spans = 0;
};
// Ids are turned from hexadecimal into bytes for protobuf; times before 1970 become 0.
void append(Protocol protocol, Written& to, Span const& span);

// What stands around the spans of every batch: one ResourceSpans with one scope. Made once.
class Envelope {
 public:
  Envelope(Protocol protocol, Resource const& resource);

  // A batch without spans, in `memory` of an earlier one. What stands before the spans, or the room
  // for it, is there already: a batch of hundreds of kilobytes is never copied.
  [[nodiscard]] Written begin(std::string memory = {}) const;
  // The request's whole body: a view of `batch`, to which nothing is added any more. Once.
  [[nodiscard]] std::string_view close(Written& batch) const;

 private:
  [[nodiscard]] std::size_t room() const;

  Protocol protocol_;
  std::string before_;  // JSON: up to the first span; protobuf: the resource's field
  std::string scope_;   // protobuf: the scope's field
};

[[nodiscard]] std::string_view content_type(Protocol protocol);

// How many spans of an accepted batch the collector threw away all the same (`partial_success`).
// Foreign bytes: what cannot be read is 0.
// Never negative, but not bounded by what was sent: the caller clamps it.
[[nodiscard]] std::int64_t rejected_spans(Protocol protocol, std::string_view answer);

}  // namespace aw::trace
