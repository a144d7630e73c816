// SPDX-License-Identifier: Apache-2.0
// Rows of `observability`: metrics, logs, traces.
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

std::vector<ChoiceName> level_names() {
  return {name("DEBUG", log::Level::debug),     name("INFO", log::Level::info),
          name("WARNING", log::Level::warning), name("WARN", log::Level::warning),
          name("ERROR", log::Level::error),     name("CRITICAL", log::Level::critical)};
}

void add_sampling(std::vector<Field>& rows) {
  using T = trace::Config;
  using S = trace::SamplerKind;
  rows.push_back(choice("observability.tracing.sampler",
                        "who decides whether a request is traced; parentbased_*: its caller, if it "
                        "said so",
                        {name("parentbased_traceidratio", S::parentbased_traceidratio),
                         name("parentbased_always_on", S::parentbased_always_on),
                         name("parentbased_always_off", S::parentbased_always_off),
                         name("traceidratio", S::traceidratio), name("always_on", S::always_on),
                         name("always_off", S::always_off)},
                        &Config::tracing, &T::sampler)
                     .env("OTEL_TRACES_SAMPLER"));
  rows.push_back(field("observability.tracing.sample_rate",
                       "what part of the requests is traced (traceidratio samplers)",
                       &Config::tracing, &T::sample_rate)
                     .env("OTEL_TRACES_SAMPLER_ARG")
                     .in(0, 1));
}

void add_batching(std::vector<Field>& rows) {
  using T = trace::Config;
  const auto row = [](char const* key, char const* help, char const* variable, auto member) {
    return field(std::string("observability.tracing.") + key, help, &Config::tracing, member)
        .env(variable);
  };
  rows.push_back(row("timeout_milliseconds", "how long one batch may take on its way",
                     "OTEL_EXPORTER_OTLP_TIMEOUT", &T::timeout_milliseconds)
                     .in(1, 300'000));
  rows.push_back(row("max_queue", "spans that wait at most; more are dropped and counted",
                     "OTEL_BSP_MAX_QUEUE_SIZE", &T::max_queue)
                     .in(1, 1'000'000));
  rows.push_back(
      row("max_batch", "spans sent at once", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", &T::max_batch)
          .in(1, 100'000));
  rows.push_back(row("delay_milliseconds", "longest wait for a full batch",
                     "OTEL_BSP_SCHEDULE_DELAY", &T::delay_milliseconds)
                     .in(1, 3'600'000));
}

void add_tracing(std::vector<Field>& rows) {
  using T = trace::Config;
  using E = trace::ExporterKind;
  using P = trace::Protocol;
  const auto row = [](char const* key, char const* help, auto member) {
    return field(std::string("observability.tracing.") + key, help, &Config::tracing, member);
  };
  rows.push_back(row("enabled", "send traces, when an endpoint is given", &T::enabled));
  rows.push_back(
      row("disabled", "the opposite, as OpenTelemetry's variable says it; wins", &T::disabled)
          .env("OTEL_SDK_DISABLED"));
  rows.push_back(choice("observability.tracing.exporter", "how traces leave",
                        {name("otlp", E::otlp), name("none", E::none)}, &Config::tracing,
                        &T::exporter)
                     .env("OTEL_TRACES_EXPORTER"));
  rows.push_back(row("endpoint", "OTLP/HTTP collector, /v1/traces is added; empty = none is sent",
                     &T::endpoint)
                     .env("OTEL_EXPORTER_OTLP_ENDPOINT")
                     .checked(checks::http_url, "http:// or https://")
                     .example("http://localhost:4318"));
  rows.push_back(row("traces_endpoint", "the whole URL instead", &T::traces_endpoint)
                     .env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
                     .checked(checks::http_url, "http:// or https://")
                     .example("https://collector.example/otlp/v1/traces"));
  rows.push_back(choice("observability.tracing.protocol", "how a batch is written",
                        {name("http/protobuf", P::http_protobuf), name("http/json", P::http_json)},
                        &Config::tracing, &T::protocol)
                     .env("OTEL_EXPORTER_OTLP_PROTOCOL"));
  rows.push_back(row("headers", "sent with each batch, name=value", &T::headers)
                     .env("OTEL_EXPORTER_OTLP_HEADERS")
                     .checked(checks::name_value, "name=value")
                     .named()
                     .secret()
                     .example("[\"x-api-key=…\"]"));
  rows.push_back(
      row("ca_path", "PEM trust of an https collector; empty = the system's", &T::ca_path)
          .env("OTEL_EXPORTER_OTLP_CERTIFICATE")
          .file());
  rows.push_back(
      row("service_name", "service.name; empty = agentweave-{agent.name}", &T::service_name)
          .env("OTEL_SERVICE_NAME"));
  rows.push_back(row("resource_attributes", "what else every span says of this agent, name=value",
                     &T::resource_attributes)
                     .env("OTEL_RESOURCE_ATTRIBUTES")
                     .checked(checks::name_value, "name=value")
                     .named()
                     .example("[deployment.environment=prod]"));
  add_sampling(rows);
  add_batching(rows);
}

}  // namespace

void add_observability(std::vector<Field>& rows) {
  using C = Config;
  using M = metrics::Config;
  using L = log::Config;
  rows.push_back(field("observability.metrics.enabled", "the metrics and health listener",
                       &C::metrics, &M::enabled));
  rows.push_back(field("observability.metrics.host", "its address", &C::metrics, &M::host)
                     .checked(checks::host, "an IP address or localhost"));
  rows.push_back(field("observability.metrics.port", "its port", &C::metrics, &M::port)
                     .port()
                     .env("AGENTWEAVE_METRICS_PORT"));
  rows.push_back(
      field("observability.metrics.path", "where the scrape is served", &C::metrics, &M::path)
          .checked(checks::url_path, "a path"));
  rows.push_back(
      choice("observability.logging.level", "what is logged", level_names(), &C::logging, &L::level)
          .reloadable()
          .env("AGENTWEAVE_LOG_LEVEL"));
  rows.push_back(choice("observability.logging.format", "how it is logged",
                        {name("json", log::Format::json), name("text", log::Format::text)},
                        &C::logging, &L::format)
                     .env("AGENTWEAVE_LOG_FORMAT"));
  rows.push_back(special("observability.logging.output", "where it is logged", Type::text,
                         [](Config& config, std::size_t /*index*/) -> Slot {
                           return LogOutputSlot{&config.logging.output, &config.logging.file};
                         })
                     .example("file:///var/log/agentweave/agent.log"));
  Field loggers = field("observability.logging.loggers",
                        "levels of single components; the longest matching name counts",
                        &C::logging, &L::loggers);
  loggers.choices = level_names();
  rows.push_back(std::move(loggers).reloadable().example("{agentweave.authz: DEBUG}"));
  add_tracing(rows);
}

}  // namespace aw::config
