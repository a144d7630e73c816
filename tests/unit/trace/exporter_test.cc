// SPDX-License-Identifier: Apache-2.0
#include "core/trace/exporter.h"

#include <core/trace/otlp.pb.h>
#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/text.h"
#include "tests/unit/audit/collector.h"

using namespace aw;
using namespace aw::trace;
using audit::Collector;

namespace {

Span span(std::string_view name) {
  return {.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
          .span_id = "00f067aa0ba902b7",
          .parent_span_id = "",
          .name = name,
          .kind = Kind::server,
          .start = WallTime(std::chrono::nanoseconds(1'700'000'000'000'000'001)),
          .end = WallTime(std::chrono::nanoseconds(1'700'000'000'000'500'000)),
          .status = Status::error,
          .message = "AW3001",
          .attributes = {{"authz.decision", std::string_view("deny")},
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

TEST_CASE("a span written for protobuf is what the protocol's own reader reads") {
  Envelope const envelope(Protocol::http_protobuf, {{"service.name", "agentweave-hello"}});
  auto batch = envelope.begin("what an earlier batch has left");
  append(Protocol::http_protobuf, batch, span("handle_greet"));
  std::string const large(70'000, 'x');
  auto second = span(large);
  second.parent_span_id = "53995c3f42cd8ad8";
  second.status = Status::unset;
  second.attributes = {{"empty", std::string_view()},
                       {"below", std::int64_t{-1}},
                       {"large", std::string_view(large)},
                       {"no", false}};
  append(Protocol::http_protobuf, batch, second);
  CHECK(batch.spans == 2);
  otlp::ExportRequest got;
  std::string const body(envelope.close(batch));
  REQUIRE(got.ParseFromString(body));
  CHECK(got.SerializeAsString() == body);  // nothing it does not know, in its own order
  REQUIRE(got.resource_spans_size() == 1);
  auto const& one = got.resource_spans(0);
  CHECK(one.resource().attributes(0).value().string_value() == "agentweave-hello");
  REQUIRE(one.scope_spans(0).spans_size() == 2);
  auto const& first = one.scope_spans(0).spans(0);
  CHECK(text::to_hex(first.trace_id()) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(text::to_hex(first.span_id()) == "00f067aa0ba902b7");
  CHECK(first.parent_span_id().empty());
  CHECK(first.name() == "handle_greet");
  CHECK(first.kind() == 2);
  CHECK(first.start_time_unix_nano() == 1'700'000'000'000'000'001U);
  CHECK(first.end_time_unix_nano() == 1'700'000'000'000'500'000U);
  CHECK(first.status().code() == 2);
  CHECK(first.status().message() == "AW3001");
  CHECK(first.flags() == 1);
  REQUIRE(first.attributes_size() == 3);
  CHECK(first.attributes(0).key() == "authz.decision");
  CHECK(first.attributes(0).value().string_value() == "deny");
  CHECK(first.attributes(1).value().int_value() == 403);
  CHECK(first.attributes(2).value().bool_value());
  auto const& other = one.scope_spans(0).spans(1);
  CHECK(text::to_hex(other.parent_span_id()) == "53995c3f42cd8ad8");
  CHECK(other.name() == large);
  CHECK_FALSE(other.has_status());
  CHECK(other.attributes(0).value().value_case() == otlp::Any::kStringValue);
  CHECK(other.attributes(1).value().int_value() == -1);
  CHECK(other.attributes(2).value().string_value() == large);
  CHECK(other.attributes(3).value().value_case() == otlp::Any::kBoolValue);
}

TEST_CASE("what is written is what is read, at every length whose own length grows") {
  for (std::size_t const size : {1U, 126U, 127U, 128U, 129U, 16'383U, 16'384U, 16'385U}) {
    std::string const text(size, 'x');
    auto one = span(text);
    one.message = text;
    one.attributes = {{text, std::string_view(text)},
                      {"number", static_cast<std::int64_t>(size)},
                      {"most", std::numeric_limits<std::int64_t>::max()},
                      {"least", std::numeric_limits<std::int64_t>::min()}};
    Envelope const envelope(Protocol::http_protobuf, {{text, text}, {"empty", ""}});
    auto batch = envelope.begin();
    append(Protocol::http_protobuf, batch, one);
    std::string const body(envelope.close(batch));
    CAPTURE(size);
    otlp::ExportRequest got;
    REQUIRE(got.ParseFromString(body));
    CHECK(got.SerializeAsString() == body);
    auto const& read = got.resource_spans(0).scope_spans(0).spans(0);
    CHECK(read.attributes(0).value().string_value() == text);
    CHECK(read.attributes(3).value().int_value() == std::numeric_limits<std::int64_t>::min());
    CHECK(read.status().message() == text);
  }
}

TEST_CASE("full batches leave one by one, the rest at its time, and none twice") {
  Collector collector(Collector::Speaks::http);
  Site site;
  auto settings = config("http://" + collector.address());
  settings.max_batch = 4;
  settings.delay_milliseconds = 3'600'000;
  {
    Exporter exporter(settings, site.resource, site.meters, *site.log);
    for (int i = 0; i < 10; ++i) exporter.offer(span("s" + std::to_string(i)));
  }
  std::vector<std::string> names;
  std::vector<std::size_t> sizes;
  for (auto const& body : collector.wait_for(3)) {
    auto const got = nlohmann::json::parse(body);
    auto const& spans = got["resourceSpans"][0]["scopeSpans"][0]["spans"];
    sizes.push_back(spans.size());
    for (auto const& one : spans) names.push_back(one["name"]);
  }
  CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
  REQUIRE(names.size() == 10);
  CHECK(names.front() == "s0");
  CHECK(names.back() == "s9");
  CHECK(site.meters.exported.value() == 10);
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
