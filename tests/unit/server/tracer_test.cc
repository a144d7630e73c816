// SPDX-License-Identifier: Apache-2.0
#include "core/server/tracer.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/unit/audit/collector.h"

using namespace aw;
using namespace aw::server;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kKept = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view kNotKept = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

// A tracer whose spans end at a collector on loopback.
struct Site {
  Site() {
    config.endpoint = "http://" + collector.address();
    config.protocol = trace::Protocol::http_json;
    config.delay_milliseconds = 3'600'000;
    exporter = std::make_unique<trace::Exporter>(config, trace::Resource{}, meters, *log);
    tracer = Tracer(trace::Sampler(config), exporter.get(), "hello");
  }
  // The spans by name; ends the exporter.
  std::map<std::string, nlohmann::json> spans() {
    exporter.reset();
    std::map<std::string, nlohmann::json> out;
    for (auto const& body : collector.wait_for(1)) {
      auto const parsed = nlohmann::json::parse(body);
      for (auto const& one : parsed["resourceSpans"][0]["scopeSpans"][0]["spans"])
        out[one["name"]] = one;
    }
    return out;
  }

  audit::Collector collector{audit::Collector::Speaks::http};
  metrics::Registry registry;
  trace::Meters meters{registry};
  std::unique_ptr<log::Log> log = log::Log::silent();
  trace::Config config;
  std::unique_ptr<trace::Exporter> exporter;
  Tracer tracer;
};

DecisionFacts facts(Trace const& trace, authz::Direction direction = authz::Direction::inbound) {
  return {.direction = direction,
          .trace = trace,
          .decision_id = "d-1",
          .caller = "spiffe://a.test/agent/client",
          .callee = "spiffe://a.test/agent/hello",
          .action = "greet",
          .method = "SendMessage",
          .task_id = "t-1",
          .remote_address = "10.0.0.7:1234"};
}

std::string text_of(nlohmann::json const& span, std::string_view key) {
  for (auto const& attribute : span["attributes"])
    if (attribute["key"] == key) return attribute["value"].value("stringValue", "");
  return {};
}

WallTime at(std::int64_t milliseconds) { return WallTime(std::chrono::milliseconds(milliseconds)); }

}  // namespace

TEST_CASE("a request is a span in its caller's trace, and its decision is a span below it") {
  Site site;
  auto const trace = site.tracer.begin(kKept);
  CHECK(trace.kept);
  CHECK(trace.traceparent() == "00-4bf92f3577b34da6a3ce929d0e0e4736-" + trace.span_id + "-01");
  auto decision = authz::allow("allow_greet");
  decision.duration = 2ms;
  site.tracer.decided(facts(trace), decision, at(1003));
  site.tracer.answered(facts(trace),
                       {.status = 200, .code = {}, .began = at(1000), .ended = at(1009)});
  auto const spans = site.spans();
  REQUIRE(spans.contains("handle_greet"));
  auto const& request = spans.at("handle_greet");
  CHECK(request["kind"] == 2);
  CHECK(request["traceId"] == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(request["spanId"] == trace.span_id);
  CHECK(request["parentSpanId"] == "00f067aa0ba902b7");
  CHECK(request["startTimeUnixNano"] == "1000000000");
  CHECK(request["endTimeUnixNano"] == "1009000000");
  CHECK(text_of(request, "agent.caller.spiffe_id") == "spiffe://a.test/agent/client");
  CHECK(text_of(request, "agent.capability") == "greet");
  CHECK(text_of(request, "span.type") == "incoming_request");
  CHECK_FALSE(request.contains("status"));
  REQUIRE(spans.contains("authz_check_inbound"));
  auto const& check = spans.at("authz_check_inbound");
  CHECK(check["kind"] == 1);
  CHECK(check["parentSpanId"] == trace.span_id);
  CHECK(check["startTimeUnixNano"] == "1001000000");
  CHECK(text_of(check, "authz.decision") == "allow");
  CHECK(text_of(check, "agentweave.decision_id") == "d-1");
}

TEST_CASE("a call that goes out is a client's span, and one that failed says so") {
  Site site;
  auto const trace = site.tracer.begin(std::nullopt);
  CHECK(trace.kept);
  CHECK(trace.parent_id.empty());
  site.tracer.decided(facts(trace, authz::Direction::outbound), {}, at(1));
  site.tracer.answered(
      facts(trace, authz::Direction::outbound),
      {.status = 503, .code = Code::backend_unreachable, .began = at(1), .ended = at(2)});
  auto const spans = site.spans();
  REQUIRE(spans.contains("call_greet"));
  CHECK(spans.at("call_greet")["kind"] == 3);
  CHECK(spans.at("call_greet")["status"]["code"] == 2);
  CHECK(spans.at("call_greet")["status"]["message"] == "AW7005");
  CHECK(text_of(spans.at("call_greet"), "agent.peer.spiffe_id") == "spiffe://a.test/agent/hello");
  REQUIRE(spans.contains("authz_check_outbound"));
  CHECK(text_of(spans.at("authz_check_outbound"), "authz.decision") == "deny");
}

TEST_CASE("what the caller does not keep is not kept here, and who comes next is told the same") {
  Site site;
  auto const trace = site.tracer.begin(kNotKept);
  CHECK_FALSE(trace.kept);
  CHECK(trace.traceparent().ends_with("-00"));
  site.tracer.decided(facts(trace), {}, at(1));
  site.tracer.answered(facts(trace), {.status = 403, .code = {}, .began = at(1), .ended = at(2)});
  site.exporter.reset();
  CHECK(site.meters.exported.value() + site.meters.unsent.value() == 0);
}

TEST_CASE("without a collector the caller's trace and its flags go on as they came") {
  Tracer const none;
  CHECK(none.begin(kKept).traceparent().ends_with("-01"));
  CHECK(none.begin(kNotKept).traceparent().ends_with("-00"));
  CHECK_FALSE(none.begin(kKept).kept);
  CHECK(none.begin("00-nonsense").trace_id.size() == 32);
}
