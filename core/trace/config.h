// SPDX-License-Identifier: Apache-2.0
// Which requests leave a trace, and where it goes. Plain values; the rows of
// core/config/schema_observability.cc fill them. Names and defaults are OpenTelemetry's, whose
// variables (OTEL_*) set the same rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace aw::trace {

// none: traces are made for nobody, so nothing is kept and nothing is sent.
enum class ExporterKind : std::uint8_t { otlp, none };
// How a batch is written: OTLP over HTTP, as protobuf or as JSON.
enum class Protocol : std::uint8_t { http_protobuf, http_json };
// Who decides whether a request is kept. `parentbased_*`: the caller where it said so.
enum class SamplerKind : std::uint8_t {
  always_on,
  always_off,
  traceidratio,
  parentbased_always_on,
  parentbased_always_off,
  parentbased_traceidratio,
};

// Counts are spans; a batch is sent when `max_batch` wait or `delay_milliseconds` have passed.
// `timeout_milliseconds` is one transfer's, from connect to answer.
struct Config {
  bool enabled = true;
  bool disabled = false;  // OTEL_SDK_DISABLED; wins
  ExporterKind exporter = ExporterKind::otlp;
  std::string endpoint;         // base URL, /v1/traces is added; empty = nothing is sent
  std::string traces_endpoint;  // the whole URL; wins over endpoint
  Protocol protocol = Protocol::http_protobuf;
  std::vector<std::string> headers;  // name=value; may be secrets
  std::string ca_path;               // PEM trust of an https collector; empty = the system's
  std::uint32_t timeout_milliseconds = 10'000;
  std::string service_name;                      // empty = agentweave-{agent.name}
  std::vector<std::string> resource_attributes;  // name=value
  SamplerKind sampler = SamplerKind::parentbased_traceidratio;
  double sample_rate = 1.0;
  std::uint32_t max_queue = 2048;
  std::uint32_t max_batch = 512;
  std::uint32_t delay_milliseconds = 5000;  // between two batches

  // Is there anywhere to send to?
  [[nodiscard]] bool active() const {
    return enabled && !disabled && exporter == ExporterKind::otlp &&
           !(endpoint.empty() && traces_endpoint.empty());
  }
};

}  // namespace aw::trace
