// SPDX-License-Identifier: Apache-2.0
// Calls of the own agent that never leave: what is told, recorded and kept of them.
#include "core/server/outbound.h"

#include "core/decisions/reader.h"
#include "core/io/pool.h"
#include "tests/fixtures/ca.h"
#include "tests/unit/server/gate_house.h"

using namespace aw;
using namespace aw::server;
using namespace aw::server::test;

namespace {

char const* const kUs = "spiffe://example.org/agent/us";
char const* const kSearch = "spiffe://example.org/agent/search";

// The gates of the way out, with a policy that answers what the test says and no peer behind them.
struct WayOut {
  fixtures::StandingClock clock;
  testing::TempDir dir;
  std::unique_ptr<log::Log> log = log::Log::silent();
  metrics::Registry metrics;
  ScriptedPolicy policy;
  fixtures::TestCa ca{"example.org", tls::KeyType::p256, clock.now()};
  std::shared_ptr<const identity::Credentials> self =
      fixtures::must(identity::Credentials::make(fixtures::snapshot(ca, "/agent/us"), {}, clock));
  io::BlockingPool pool{1, 16};
  http::Client client{{}, pool, clock};
  OutboundCaller caller{{}, {}, client, clock};
  Tracer tracer;
  std::unique_ptr<audit::AuditLog> audit;
  std::unique_ptr<decisions::Store> kept;
  std::unique_ptr<Outbound> gates;

  WayOut() {
    audit::Config where;
    where.destinations = {"file://" + (dir / "audit.log").string()};
    audit = fixtures::must(audit::AuditLog::open(where, {.clock = clock,
                                                         .log = *log,
                                                         .metrics = metrics,
                                                         .agent_name = "us",
                                                         .state_directory = {}}));
    kept = fixtures::must(decisions::Store::open(
        dir / "decisions", {},
        {.clock = clock, .log = *log, .metrics = metrics, .input_of = [](auto const&) {
           return "{}";
         }}));
    gates = std::make_unique<Outbound>(Outbound::Needs{.caller = caller,
                                                       .credentials = [this] { return self; },
                                                       .authorization = policy,
                                                       .audit = *audit,
                                                       .tracer = tracer,
                                                       .metrics = metrics,
                                                       .clock = clock,
                                                       .log = *log,
                                                       .decisions = kept.get()});
  }

  static http::Request post(std::string_view path, std::string_view body) {
    http::Request out;
    out.method = "POST";
    out.set_target(path);
    out.authority = "127.0.0.1:8081";
    out.headers.add("content-type", "application/json");
    out.body = body;
    return out;
  }
  static http::Request call() {
    return post("/agents/search/rpc",
                R"({"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"message":{
                    "messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}],
                    "metadata":{"skill":"find"}}}})");
  }
  Answer serve(http::Request request) {
    Answer answer;
    io::run_blocking(gates->serve(request, answer, from));
    CHECK(answer.done);
    return answer;
  }

  std::vector<nlohmann::json> records() {
    std::vector<nlohmann::json> out;
    std::ifstream file(dir / "audit.log");
    for (std::string line; std::getline(file, line);) out.push_back(nlohmann::json::parse(line));
    return out;
  }
  decisions::Entry kept_as(std::string const& id) {
    REQUIRE(kept->flush().ok());
    return fixtures::must(fixtures::must(decisions::Reader::open(dir / "decisions")).find(id));
  }

  std::string const from = "127.0.0.1:5555";
};

}  // namespace

TEST_CASE("what the codec refuses of our own agent's is one denial on record, under one id") {
  struct Row {
    http::EarlyRefusal refusal;
    char const* code;
    char const* gate;
  };
  auto const head = WayOut::post("/agents/search/rpc", "");
  for (auto const& row :
       {Row{{.code = Code::too_large, .status = 413, .what = "body too large", .head = &head},
            "AW4007",
            "limits"},
        Row{{.code = Code::request_timeout, .status = 408, .what = "body too slow", .head = &head},
            "AW4008",
            "limits"},
        Row{{.code = Code::request_malformed, .status = 400, .what = "no host"},
            "AW4001",
            "understood"}}) {
    CAPTURE(row.code);
    WayOut out;
    OutboundSession session(*out.gates, out.from);
    auto const answer = session.refuse(row.refusal);
    REQUIRE(answer);
    auto const records = out.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].at("decision") == "deny");
    CHECK(records[0].at("direction") == "outbound");
    CHECK(records[0].at("caller_id") == kUs);
    CHECK(records[0].at("code") == row.code);
    CHECK(records[0].at("remote_address") == out.from);
    CHECK(records[0].value("resource", "") ==
          (row.refusal.head == nullptr ? "" : "POST /agents/search/rpc"));
    auto const id = records[0].at("decision_id").get<std::string>();
    CHECK(answer->headers.get("x-agentweave-decision-id") == id);
    CHECK(nlohmann::json::parse(answer->body).at("error").at("decision_id") == id);
    auto const entry = out.kept_as(id);
    CHECK(entry.text(decisions::Text::gate) == row.gate);
    CHECK(entry.text(decisions::Text::caller) == kUs);
  }
}

TEST_CASE("a denial that policy was not asked about is kept with who, whom and what") {
  WayOut out;
  // A route that is none of A2A's: no action yet.
  auto const unmapped = out.serve(WayOut::post("/agents/search/nothing", ""));
  auto const first = out.kept_as(std::string(*unmapped.extra.get("x-agentweave-decision-id")));
  CHECK_FALSE(first.flag(decisions::kAsked));
  CHECK(first.text(decisions::Text::caller) == kUs);
  CHECK(first.text(decisions::Text::callee) == kSearch);
  CHECK(first.text(decisions::Text::direction) == "outbound");
  CHECK(first.text(decisions::Text::gate) == "understood");
  // Understood, and cut off before it is decided.
  Answer cut;
  out.policy.thinks = [&cut] {
    cut.done = true;
    throw std::runtime_error("late");
  };
  auto request = WayOut::call();
  CHECK_THROWS_AS(io::run_blocking(out.gates->serve(request, cut, out.from)), std::runtime_error);
  auto const second = out.kept_as(std::string(*cut.extra.get("x-agentweave-decision-id")));
  CHECK_FALSE(second.flag(decisions::kAsked));
  CHECK(second.text(decisions::Text::caller) == kUs);
  CHECK(second.text(decisions::Text::callee) == kSearch);
  CHECK(second.text(decisions::Text::action) == "find");
  CHECK(second.text(decisions::Text::reason) == "timed_out");
  CHECK(out.records().size() == 2);
}

TEST_CASE("an outbound allow that could not be audited is kept as the refusal it became") {
  WayOut out;
  out.audit->close({});
  auto const answer = out.serve(WayOut::call());
  CHECK(answer.response.status == 503);
  auto const id = std::string(*answer.extra.get("x-agentweave-decision-id"));
  auto const kept = out.kept_as(id.substr(0, id.size() - 1));
  CHECK(kept.text(decisions::Text::id) == id);
  CHECK_FALSE(kept.allowed());
}
