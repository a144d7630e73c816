// SPDX-License-Identifier: Apache-2.0
// One piece of work as a trace shows it (OpenTelemetry's span). Views into whoever made it: a span
// is written down at once (otlp.h) and gone. Made only for what is kept.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/clock.h"

namespace aw::trace {

// The numbers are those of opentelemetry.proto.trace.v1.Span.SpanKind and Status.StatusCode.
enum class Kind : std::uint8_t { internal = 1, server = 2, client = 3 };
// Success is left unset, as OpenTelemetry asks of instrumentation: `ok` is the operator's word.
enum class Status : std::uint8_t { unset = 0, error = 2 };

// OpenTelemetry's semantic conventions name the keys. Never a secret: traces leave the machine.
struct Attribute {
  std::string_view key;  // a literal
  std::variant<std::string_view, std::int64_t, bool> value;
};

// Ends before it begins at worst, never checked: both are wall time of this machine.
struct Span {
  std::string_view trace_id;        // 32 lower-case hexadecimal digits
  std::string_view span_id;         // 16
  std::string_view parent_span_id;  // 16, or empty: the first of its trace
  std::string_view name;
  Kind kind = Kind::internal;
  WallTime start;
  WallTime end;
  Status status = Status::unset;
  std::string_view message;                                  // of an error
  boost::container::small_vector<Attribute, 16> attributes;  // a usual span takes no memory
};

}  // namespace aw::trace
