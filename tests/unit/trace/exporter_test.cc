// SPDX-License-Identifier: Apache-2.0
#include "core/trace/exporter.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/unit/audit/collector.h"

using namespace aw;
using namespace aw::trace;
using audit::Collector;

namespace {

Span span(std::string name) {
  return {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
          .span_id = "00f067aa0ba902b7",
          .parent_span_id = "",
          .name = std::move(name),
          .kind = Kind::server,
          .start = WallTime(std::chrono::nanoseconds(1'700'000'000'000'000'001)),
          .end = WallTime(std::chrono::nanoseconds(1'700'000'000'000'500'000)),
          .status = Status::error,
          .message = "AW3001",
          .attributes = {{"authz.decision", std::string("deny")},
                         {"http.response.status_code", std::int64_t{403}},
                         {"cached", true}}};
}

struct Site {
  metrics::Registry registry;
  Meters meters{registry};
  std::unique_ptr<log::Log> log = log::Log::silent();
  Resource resource{{"service.name", "agentweave-hello"}};
};

Config config(std::string endpoint) {
  Config out;
  out.endpoint = std::move(endpoint);
  out.protocol = Protocol::http_json;
  out.delay_milliseconds = 10;
  return out;
}

}  // namespace

TEST_CASE("a span reaches the collector with its resource, times, parent, status and attributes") {
  Collector collector(Collector::Speaks::http);
  Site site;
  {
    Exporter exporter(config("http://" + collector.address()), site.resource, site.meters,
                      *site.log);
    exporter.offer(span("handle_greet"));
    REQUIRE(collector.wait_for(1).size() == 1);
  }
  auto const got = nlohmann::json::parse(collector.wait_for(1).front());
  auto const& one = got["resourceSpans"][0];
  CHECK(one["resource"]["attributes"][0] ==
        nlohmann::json::parse(
            R"({"key":"service.name","value":{"stringValue":"agentweave-hello"}})"));
  auto const& sent = one["scopeSpans"][0]["spans"][0];
  CHECK(sent["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(sent["spanId"] == "00f067aa0ba902b7");
  CHECK_FALSE(sent.contains("parentSpanId"));
  CHECK(sent["name"] == "handle_greet");
  CHECK(sent["kind"] == 2);
  CHECK(sent["startTimeUnixNano"] == "1700000000000000001");
  CHECK(sent["endTimeUnixNano"] == "1700000000000500000");
  CHECK(sent["status"] == nlohmann::json::parse(R"({"code":2,"message":"AW3001"})"));
  CHECK(sent["attributes"][1] ==
        nlohmann::json::parse(R"({"key":"http.response.status_code","value":{"intValue":"403"}})"));
  CHECK(sent["attributes"][2]["value"]["boolValue"] == true);
  CHECK(site.meters.exported.value() == 1);
}

TEST_CASE("what is queued when the exporter ends is sent first") {
  Collector collector(Collector::Speaks::http);
  Site site;
  auto patient = config("http://" + collector.address());
  patient.delay_milliseconds = 3'600'000;
  patient.max_batch = 2;
  {
    Exporter exporter(patient, site.resource, site.meters, *site.log);
    for (int i = 0; i < 5; ++i) exporter.offer(span("s" + std::to_string(i)));
  }
  CHECK(collector.wait_for(3).size() == 3);  // two, two and one
  CHECK(site.meters.exported.value() == 5);
}

TEST_CASE("a dead collector costs a counter, and ending does not wait for it") {
  Site site;
  {
    Exporter exporter(config("http://127.0.0.1:1"), site.resource, site.meters, *site.log);
    for (int i = 0; i < 3; ++i) exporter.offer(span("lost"));
  }
  CHECK(site.meters.unsent.value() == 3);
  CHECK(site.meters.exported.value() == 0);
}

TEST_CASE("a full queue drops what comes, and counts it") {
  Site site;
  auto small = config("http://127.0.0.1:1");
  small.max_queue = 2;
  small.delay_milliseconds = 3'600'000;
  {
    Exporter exporter(small, site.resource, site.meters, *site.log);
    for (int i = 0; i < 5; ++i) exporter.offer(span("many"));
  }
  CHECK(site.meters.queue_full.value() == 3);
  CHECK(site.meters.unsent.value() == 2);
}

TEST_CASE("a refusal that may pass is tried again, another is not") {
  for (int const status : {503, 400}) {
    CAPTURE(status);
    Collector collector(Collector::Speaks::http);
    collector.answer(status);
    Site site;
    {
      Exporter exporter(config("http://" + collector.address()), site.resource, site.meters,
                        *site.log);
      exporter.offer(span("again"));
      if (status == 503) {
        while (collector.refused() == 0) std::this_thread::yield();
        collector.answer(200);
        CHECK(collector.wait_for(1).size() == 1);
      } else {
        while (site.meters.refused.value() == 0) std::this_thread::yield();
        CHECK(collector.refused() == 1);
      }
    }
    CHECK(site.meters.exported.value() == (status == 503 ? 1 : 0));
  }
}

TEST_CASE("spans a collector says it threw away are not counted as taken") {
  CHECK(rejected_spans(Protocol::http_json, R"({"partialSuccess":{"rejectedSpans":"2"}})") == 2);
  CHECK(rejected_spans(Protocol::http_json, R"({"partialSuccess":{"rejectedSpans":2}})") == 2);
  CHECK(rejected_spans(Protocol::http_protobuf, std::string_view("\x0a\x02\x08\x03", 4)) == 3);
  for (auto const* const odd : {"", "{}", "[]", "nonsense", R"({"partialSuccess":[1]})",
                                R"({"partialSuccess":{"rejectedSpans":-4}})", "\xff\xff"}) {
    CAPTURE(odd);
    CHECK(rejected_spans(Protocol::http_json, odd) == 0);
    CHECK(rejected_spans(Protocol::http_protobuf, odd) == 0);
  }
}

TEST_CASE("where traces go: the base with its path, or the whole URL as given") {
  Config config;
  config.endpoint = "http://collector.test:4318/";
  CHECK(target_of(config) == "http://collector.test:4318/v1/traces");
  config.endpoint = "http://collector.test/otlp";
  CHECK(target_of(config) == "http://collector.test/otlp/v1/traces");
  config.traces_endpoint = "http://other.test/in";
  CHECK(target_of(config) == "http://other.test/in");
}
