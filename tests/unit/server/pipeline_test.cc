// SPDX-License-Identifier: Apache-2.0
#include "core/server/pipeline.h"

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/a2a/grpc_codec.h"
#include "core/a2a/grpc_frame.h"
#include "core/a2a/task_engine.h"
#include "core/a2a/task_store.h"
#include "core/base/fs.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/decisions/store.h"
#include "core/server/dispatch.h"
#include "core/testing/manual_clock.h"
#include "tests/support/small_files.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::server;
using namespace std::chrono_literals;

namespace {

// Decides as told; counts how often it was asked.
class ScriptedPolicy final : public authz::AuthorizationProvider {
 public:
  authz::AuthzDecision answer = authz::allow("rule");
  std::atomic<int> asked{0};
  std::string last_action;

  io::Task<authz::AuthzDecision> authorize(authz::AuthzContext const& context) override {
    ++asked;
    last_action = context.action;
    co_return answer;
  }
  [[nodiscard]] authz::ProviderStatus status() const override { return {}; }
};

class Answer final : public http::ResponseWriter {
 public:
  http::Response response;
  http::Headers extra;
  bool done = false;

  void add_header(std::string_view name, std::string_view value) override {
    extra.set(name, value);
  }
  io::Task<void> respond(http::Response given) override {
    response = std::move(given);
    done = true;
    co_return;
  }
  io::Task<Result<void>> start(int status, http::Headers headers) override {
    response.status = status;
    response.headers = std::move(headers);
    co_return Result<void>{};
  }
  io::Task<Result<void>> write(std::string_view bytes) override {
    response.body += bytes;
    co_return Result<void>{};
  }
  io::Task<Result<void>> finish(http::Headers trailers) override {
    response.trailers = std::move(trailers);
    done = true;
    co_return Result<void>{};
  }
  [[nodiscard]] bool started() const override { return done; }
  [[nodiscard]] bool peer_gone() const override { return false; }
  void on_peer_gone(std::function<void()>) override {}
};

// A request body in pieces.
class Pieces final : public http::BodyReader {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  io::Task<Result<std::string>> read() override {
    if (next_ == pieces_.size()) co_return std::string();
    co_return pieces_[next_++];
  }

 private:
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
};

std::string framed_message(std::string_view type, std::string_view json) {
  std::string out;
  a2a::append_grpc_frame(out, a2a::grpc_from_json(type, json).value());
  return out;
}

std::string grpc_send() {
  return framed_message(
      "lf.a2a.v1.SendMessageRequest",
      R"({"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"hi"}]}})");
}

constexpr char const* kGrpcSend = "/lf.a2a.v1.A2AService/SendMessage";

// Every part but the listener, all real but the policy.
struct House {
  testing::ManualClock clock;
  testing::TempDir dir;
  std::unique_ptr<log::Log> log = log::Log::silent();
  metrics::Registry registry;
  ScriptedPolicy policy;
  std::atomic<int> ran{0};
  std::string seen_caller;
  std::optional<Error> fails;  // what the backend says instead of a result
  a2a::MemoryTaskStore store;
  a2a::TaskEngine engine{a2a::EngineLimits{}, store, clock};
  std::unique_ptr<Dispatch> dispatch;
  std::unique_ptr<a2a::Service> service;
  a2a::Router router{a2a::RouterOptions{.capabilities = {"work"}}};
  std::unique_ptr<audit::AuditLog> audit;
  std::unique_ptr<ReplayGuard> replay;
  RateLimiter rates{RateLimitConfig{}};
  Admission admission{10};
  Admission greedy{10, 1};  // a caller may have one request in work
  Instruments instruments{registry, "agent", {"work"}};
  RecentDecisions recent{10};
  Tracer tracer;
  std::unique_ptr<Pipeline> pipeline;
  decisions::Store* decisions = nullptr;
  CallMap* calls = nullptr;  // set, and `build` again

  House() {
    Backends backends;
    backends.emplace(
        "work", backend::function_backend(
                    [this](backend::Call call, backend::Output& out) -> io::Task<Result<void>> {
                      ++ran;
                      seen_caller = call.caller;
                      if (fails) co_return *fails;
                      out.result(R"({"ok":true})");
                      co_return Result<void>{};
                    }));
    dispatch = std::make_unique<Dispatch>(std::move(backends));
    service = std::make_unique<a2a::Service>(a2a::ServiceOptions{}, engine, *dispatch, clock, *log);
    audit::Config where;
    where.destinations = {"file://" + (dir / "audit.log").string()};
    auto opened = audit::AuditLog::open(where, {.clock = clock,
                                                .log = *log,
                                                .metrics = registry,
                                                .agent_name = "agent",
                                                .state_directory = {}});
    REQUIRE(opened.ok());
    audit = std::move(opened).value();
    replay = std::move(ReplayGuard::open({}, {}, clock)).value();
    build(admission);
  }

  void build() { build(admission); }
  void build(Admission& slots) {
    pipeline = std::make_unique<Pipeline>(Pipeline::Needs{.router = router,
                                                          .service = *service,
                                                          .cards =
                                                              [](a2a::CardRequest const&) {
                                                                http::Response out;
                                                                out.body = "{}";
                                                                return out;
                                                              },
                                                          .authorization = policy,
                                                          .audit = *audit,
                                                          .replay = *replay,
                                                          .rates = rates,
                                                          .admission = slots,
                                                          .instruments = instruments,
                                                          .recent = recent,
                                                          .tracer = tracer,
                                                          .clock = clock,
                                                          .log = *log,
                                                          .decisions = decisions,
                                                          .calls = calls});
  }

  Visitor visitor(std::string_view id = "spiffe://a.test/agent/client") {
    return {.peer = std::make_shared<const identity::Peer>(
                identity::Peer{.id = identity::SpiffeId::parse(id).value(),
                               .not_after = clock.now() + 1h,
                               .chain = {},
                               .xfcc = "x"}),
            .until = clock.now() + 1h,
            .self = identity::SpiffeId::parse("spiffe://a.test/agent/agent").value(),
            .remote_address = "10.0.0.7:1234"};
  }

  http::Request post(std::string_view path, std::string_view body) {
    http::Request out;
    out.method = "POST";
    out.set_target(path);
    out.authority = "agent:8443";
    out.headers.add("content-type", "application/json");
    out.body = body;
    return out;
  }

  Answer serve(http::Request request, std::optional<Visitor> who = {}) {
    Answer answer;
    Visitor const visitor_now = who ? *who : visitor();
    io::run_blocking(pipeline->serve(visitor_now, request, answer));
    CHECK(answer.done);
    return answer;
  }
  // A gRPC call whose body comes in `pieces`.
  Answer grpc(std::string path, std::vector<std::string> pieces, http::Headers headers = {}) {
    http::Request request;
    request.method = "POST";
    request.version = http::Version::http2;
    request.set_target(path);
    request.authority = "agent:8443";
    request.headers = std::move(headers);
    request.headers.add("content-type", "application/grpc");
    Pieces body(std::move(pieces));
    Answer answer;
    Visitor const visitor_now = visitor();
    io::run_blocking(pipeline->serve(visitor_now, request, answer, &body));
    CHECK(answer.done);
    return answer;
  }
  Answer call(std::string_view task_type = "work") {
    return serve(
        post("/a2a/v1/tasks", R"({"task_type":")" + std::string(task_type) + R"(","payload":{}})"));
  }

  bool has_line(std::string const& line) {
    return ("\n" + registry.text()).find("\n" + line + "\n") != std::string::npos;
  }

  std::vector<nlohmann::json> records() {
    std::vector<nlohmann::json> out;
    std::ifstream file(dir / "audit.log");
    for (std::string line; std::getline(file, line);) out.push_back(nlohmann::json::parse(line));
    return out;
  }
};

nlohmann::json error_of(Answer const& answer) {
  return nlohmann::json::parse(answer.response.body).at("error");
}

}  // namespace

TEST_CASE(
    "an allowed call reaches the backend with the verified caller, after its record is in the "
    "log") {
  House house;
  auto const answer = house.call();
  CHECK(answer.response.status == 200);
  CHECK(house.ran == 1);
  CHECK(house.seen_caller == "spiffe://a.test/agent/client");
  auto const records = house.records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].at("decision") == "allow");
  CHECK(records[0].at("action") == "work");
  CHECK(answer.extra.get("x-agentweave-decision-id") ==
        records[0].at("decision_id").get<std::string>());
}

TEST_CASE("a default-constructed decision denies and the backend hears nothing") {
  House house;
  house.policy.answer = authz::AuthzDecision{};
  auto const answer = house.call();
  CHECK(answer.response.status == 403);
  CHECK(error_of(answer).at("code") == "AW3001");
  CHECK(house.ran == 0);
  REQUIRE(house.records().size() == 1);
  CHECK(house.records()[0].at("decision") == "deny");
}

TEST_CASE("an unavailable decision point is 503 with Retry-After, never a plain deny") {
  House house;
  house.policy.answer = authz::unavailable("nobody answers", 30s);
  auto const answer = house.call();
  CHECK(answer.response.status == 503);
  CHECK(answer.response.headers.get("retry-after") == "30");
  CHECK(error_of(answer).at("code") == "AW3010");
  CHECK(house.ran == 0);
}

TEST_CASE("the same nonce again is a replay: 409, audited, not asked of policy, not run") {
  House house;
  auto const send = [&] {
    auto request = house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
    request.headers.add(kNonceHeader, "AAAAAAAAAAAAAAAAAAAAAA");
    request.headers.add(kTimestampHeader, format_rfc3339(house.clock.now()));
    return house.serve(std::move(request));
  };
  CHECK(send().response.status == 200);
  auto const again = send();
  CHECK(again.response.status == 409);
  CHECK(error_of(again).at("code") == "AW4002");
  CHECK(error_of(again).at("reason") == "replayed");
  CHECK(error_of(again).at("retryable") == false);
  CHECK(house.policy.asked == 1);
  CHECK(house.ran == 1);
  CHECK(house.records().back().at("decision") == "deny");
}

TEST_CASE("a nonce given twice in one request is refused") {
  House house;
  auto request = house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
  request.headers.add(kNonceHeader, "AAAAAAAAAAAAAAAAAAAAAA");
  request.headers.add(kNonceHeader, "BBBBBBBBBBBBBBBBBBBBBB");
  request.headers.add(kTimestampHeader, format_rfc3339(house.clock.now()));
  CHECK(house.serve(std::move(request)).response.status == 400);
  CHECK(house.ran == 0);
}

TEST_CASE("what cannot be understood or is not mapped is refused without asking policy") {
  House house;
  CHECK(house.serve(house.post("/nowhere", "{}")).response.status == 403);
  CHECK(house.serve(house.post("/a2a/v1/tasks", "{not json")).response.status == 400);
  CHECK(house.serve(house.post("/a2a/v1/tasks", R"({"payload":{}})")).response.status == 400);
  CHECK(house.policy.asked == 0);
  CHECK(house.ran == 0);
  CHECK(house.records().size() == 3);
  for (auto const& record : house.records()) CHECK(record.at("decision") == "deny");
}

TEST_CASE("a caller whose certificate ran out meanwhile is refused") {
  House house;
  auto who = house.visitor();
  who.until = house.clock.now();
  auto const answer =
      house.serve(house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})"), who);
  CHECK(answer.response.status == 401);
  CHECK(house.ran == 0);
}

TEST_CASE("no record, no dispatch: an audit log that is closed denies with 503") {
  House house;
  house.audit->close(0s);
  auto const answer = house.call();
  CHECK(answer.response.status == 503);
  CHECK(error_of(answer).at("code") == "AW6001");
  CHECK(house.ran == 0);
}

TEST_CASE("no kept decision, no dispatch: the log tells of the refusal, and of no allow") {
  House house;
  decisions::Config const config;
  auto store = decisions::Store::open(house.dir / "decisions", config,
                                      {.clock = house.clock,
                                       .log = *house.log,
                                       .metrics = house.registry,
                                       .input_of = [](decisions::Entry const&) { return "{}"; }});
  REQUIRE(store.ok());
  house.decisions = store->get();
  house.build();
  REQUIRE(house.call().response.status == 200);
  // A disk that has room for the log and none for the store, which is larger.
  decisions::Fields large;
  std::string const text(1U << 20, 'x');
  large.set(decisions::Text::reason, text);
  decisions::Ticket ticket;
  (*store)->keep_now(large, ticket);
  REQUIRE(ticket.outcome.ok());
  {
    testing::SmallFiles const full(512U << 10);
    auto const answer = house.call();
    CHECK(answer.response.status == 503);
    CHECK(error_of(answer).at("code") == "AW6001");
  }
  CHECK(house.ran == 1);
  auto const records = house.records();
  REQUIRE(records.size() == 2);
  CHECK(records[0].at("decision") == "allow");
  CHECK(records[1].at("decision") == "deny");
  CHECK(house.has_line("agentweave_decisions_refused_total 2"));  // the allow, and its refusal
  CHECK(house.call().response.status == 200);
}

TEST_CASE("another caller's task is not found, and that is on the record") {
  House house;
  auto const made = house.call();
  auto const id = nlohmann::json::parse(made.response.body).at("id").get<std::string>();
  http::Request get;
  get.method = "GET";
  get.set_target("/a2a/v1/tasks/" + id);
  get.authority = "agent:8443";
  CHECK(house.serve(http::Request(get)).response.status == 200);
  auto const stranger = house.serve(std::move(get), house.visitor("spiffe://a.test/agent/other"));
  CHECK(stranger.response.status == 404);
  CHECK(house.records().back().at("decision") == "deny");
}

TEST_CASE("a failing backend is an error of ours in the metrics, once") {
  House house;
  house.fails = make_error(Code::backend_failed, "the printer is on fire");
  house.call();
  CHECK(house.has_line(
      R"(agentweave_errors_total{agent_name="agent",error_type="backend_failed"} 1)"));
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="error"} 1)"));
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="success"} 0)"));
}

TEST_CASE("a decision point that does not answer counts as one error, a denial as none") {
  House house;
  house.policy.answer = authz::unavailable("x", 1s);
  house.call();
  CHECK(house.has_line(
      R"(agentweave_errors_total{agent_name="agent",error_type="pdp_unavailable"} 1)"));
  house.policy.answer = authz::deny("x");
  house.call();
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="denied"} 1)"));
  CHECK(house.has_line(
      R"(agentweave_requests_total{agent_name="agent",capability="work",status="error"} 1)"));
  CHECK(house.has_line(R"(agentweave_gate_refusals_total{reason="no_matching_rule"} 1)"));
}

TEST_CASE("every answer tells nothing of the inside") {
  House house;
  house.policy.answer = authz::deny("secret rule text: /etc/policy/authz.rego:14");
  auto const answer = house.call();
  CHECK(answer.response.body.find("rego") == std::string::npos);
  CHECK(house.records().back().at("reason").get<std::string>().find("rego") != std::string::npos);
}

TEST_CASE("whatever policy answers, only a plain allow runs") {
  House house;
  std::vector<authz::AuthzDecision> const answers = {
      authz::AuthzDecision{},
      authz::deny("x"),
      authz::deny("x", Code::policy_result_malformed),
      authz::deny("x", Code::decision_timeout),
      authz::unavailable("x", 1s),
      authz::deny("x", Code::internal)};
  for (auto const& answer : answers) {
    house.policy.answer = answer;
    CHECK(house.call().response.status >= 400);
  }
  CHECK(house.ran == 0);
  CHECK(house.records().size() == answers.size());
  house.policy.answer = authz::allow("x");
  CHECK(house.call().response.status == 200);
  CHECK(house.ran == 1);
}

TEST_CASE("beyond the concurrency limit the answer is 503 and others are not harmed") {
  House house;
  std::vector<Admission::Slot> taken;
  for (int i = 0; i < 10; ++i) taken.push_back(house.admission.enter());
  auto const answer = house.call();
  CHECK(answer.response.status == 503);
  CHECK(answer.response.headers.get("retry-after").has_value());
  CHECK(house.ran == 0);
  taken.clear();
  CHECK(house.call().response.status == 200);
}

TEST_CASE("a caller that has its share in work gets 429, and nobody else does") {
  House house;
  auto busy = house.visitor();
  busy.load = house.greedy.load_of(busy.peer->id.text());
  auto const held = house.greedy.enter(busy.load);
  house.build(house.greedy);
  auto const body = R"({"task_type":"work","payload":{}})";
  auto const refused = house.serve(house.post("/a2a/v1/tasks", body), busy);
  CHECK(refused.response.status == 429);
  CHECK(refused.response.headers.get("retry-after").has_value());
  CHECK(house.records().back()["reason"] == "rate_limited");
  auto other = house.visitor("spiffe://a.test/agent/other");
  other.load = house.greedy.load_of(other.peer->id.text());
  CHECK(house.serve(house.post("/a2a/v1/tasks", body), other).response.status == 200);
}

TEST_CASE("a gRPC call goes through the same gates, in whatever pieces it arrives") {
  House house;
  auto const whole = grpc_send();
  std::vector<std::string> bytes;
  for (char const c : whole) bytes.emplace_back(1, c);
  for (auto const& pieces : {std::vector<std::string>{whole}, bytes}) {
    auto const answer = house.grpc(kGrpcSend, pieces);
    CHECK(answer.response.trailers.get("grpc-status") == "0");
    auto const json =
        nlohmann::json::parse(a2a::grpc_to_json("lf.a2a.v1.SendMessageResponse",
                                                std::string_view(answer.response.body).substr(5))
                                  .value());
    CHECK(json["task"]["status"]["state"] == "TASK_STATE_COMPLETED");
  }
  CHECK(house.ran == 2);
  CHECK(house.seen_caller == "spiffe://a.test/agent/client");
  CHECK(house.records()[0].at("action") == "work");
}

TEST_CASE("what a gate refuses over gRPC reaches no backend and is on the record") {
  House house;
  house.policy.answer = authz::deny("no");
  auto const denied = house.grpc(kGrpcSend, {grpc_send()});
  CHECK(denied.response.trailers.get("grpc-status") == "7");
  CHECK(denied.response.trailers.has("grpc-status-details-bin"));
  house.policy.answer = authz::unavailable("x", 1s);
  CHECK(house.grpc(kGrpcSend, {grpc_send()}).response.trailers.get("grpc-status") == "14");
  house.policy.answer = authz::allow("x");
  house.audit->close(0s);
  CHECK(house.grpc(kGrpcSend, {grpc_send()}).response.trailers.get("grpc-status") == "14");
  CHECK(house.ran == 0);
  CHECK(house.records().size() == 2);
}

TEST_CASE("a gRPC body that is no one message is refused before policy is asked") {
  House house;
  auto const whole = grpc_send();
  std::string compressed = whole;
  compressed[0] = 1;
  struct Row {
    std::vector<std::string> pieces;
    std::string_view status;
  };
  for (auto const& row :
       std::initializer_list<Row>{{{}, "3"},
                                  {{whole.substr(0, 3)}, "3"},
                                  {{whole.substr(0, whole.size() - 1)}, "3"},
                                  {{whole + whole}, "3"},
                                  {{compressed}, "12"},
                                  {{std::string("\0\xff\xff\xff\xff", 5)}, "8"},
                                  {{std::string("\0\0\0\0\2\xff\xff", 7)}, "3"}}) {
    auto const answer = house.grpc(kGrpcSend, row.pieces);
    CHECK(answer.response.trailers.get("grpc-status") == row.status);
  }
  CHECK(house.policy.asked == 0);
  CHECK(house.ran == 0);
  CHECK(house.records().size() == 7);
}

TEST_CASE("a replayed gRPC call is refused") {
  House house;
  http::Headers const fresh = {{"x-agentweave-nonce", "AAAAAAAAAAAAAAAAAAAAAA"},
                               {"x-agentweave-timestamp", format_rfc3339(house.clock.now())}};
  CHECK(house.grpc(kGrpcSend, {grpc_send()}, fresh).response.trailers.get("grpc-status") == "0");
  CHECK(house.grpc(kGrpcSend, {grpc_send()}, fresh).response.trailers.get("grpc-status") == "6");
  CHECK(house.ran == 1);
}

TEST_CASE("a gRPC call past its deadline ends with it, its task does not") {
  House house;
  auto const answer = house.grpc(kGrpcSend, {grpc_send()}, {{"grpc-timeout", "0n"}});
  // The work was quick: it may have been done before anyone looked at the clock.
  auto const status = answer.response.trailers.get("grpc-status");
  CHECK((status == "4" || status == "0"));
  CHECK(house.ran == 1);
}

TEST_CASE("health and reflection answer any verified peer without policy, on the record") {
  House house;
  house.policy.answer = authz::deny("no");
  auto const health = house.grpc("/grpc.health.v1.Health/Check",
                                 {framed_message("grpc.health.v1.HealthCheckRequest", "{}")});
  CHECK(health.response.body == std::string("\0\0\0\0\2\x08\x01", 7));
  auto const question =
      framed_message("grpc.reflection.v1.ServerReflectionRequest", R"({"listServices":"*"})");
  for (auto const* const version : {"v1", "v1alpha"}) {
    auto const told = house.grpc(
        "/grpc.reflection." + std::string(version) + ".ServerReflection/ServerReflectionInfo",
        {question, question});
    CHECK(told.response.trailers.get("grpc-status") == "0");
    a2a::GrpcFrames answers(1 << 16);
    answers.feed(told.response.body);
    int count = 0;
    while (answers.next().value()) ++count;
    CHECK(count == 2);
  }
  CHECK(house.policy.asked == 0);
  CHECK(house.records().size() == 3);
  CHECK(house.records()[0].at("decision") == "allow");
}

TEST_CASE(
    "each request counts once on its connection's line of the trust map, by what became of it") {
  House house;
  CallMap map(house.clock, house.registry);
  CHECK(house.pipeline->line_of(house.visitor()) == nullptr);  // without a map
  house.calls = &map;
  house.build();
  auto who = house.visitor();
  who.line = house.pipeline->line_of(who);
  auto const count = [&](CallOutcome outcome) { return who.line->total(outcome); };
  auto const work = [&] {
    return house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})");
  };
  auto const allowed = house.serve(work(), who);
  CHECK(count(CallOutcome::allowed) == 1);
  CHECK(who.line->tally(CallOutcome::allowed, house.clock.steady(), 0).decisions ==
        std::vector<std::string>{std::string(*allowed.extra.get("x-agentweave-decision-id"))});

  house.policy.answer.shadow_says = authz::ShadowSays::would_deny;
  house.serve(work(), who);
  CHECK(count(CallOutcome::would_deny) == 1);
  house.policy.answer = authz::deny("no");
  house.serve(work(), who);
  house.serve(house.post("/nowhere", "{}"), who);
  house.serve(house.post("/rpc", "no json"), who);
  CHECK(count(CallOutcome::denied) == 3);
  house.policy.answer = authz::allow("rule");
  house.serve(house.post("/.well-known/agent-card.json", ""), who);
  auto once = work();
  once.headers.add("x-agentweave-nonce", std::string(22, 'A'));
  once.headers.add("x-agentweave-timestamp", format_rfc3339(house.clock.now()));
  house.serve(once, who);
  house.serve(once, who);
  CHECK(count(CallOutcome::replay) == 1);
  auto const before = count(CallOutcome::denied);
  who.until = house.clock.now();
  house.serve(work(), who);
  CHECK(count(CallOutcome::denied) == before + 1);
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < kCallOutcomes; ++i) all += count(static_cast<CallOutcome>(i));
  CHECK(all == 9);
  auto const picture = map.picture(house.clock.steady(), 0, nullptr);
  CHECK(picture.lives.contains("spiffe://a.test/agent/client"));
}

TEST_CASE("an allowed call that is not on record was no allowed call on the map either") {
  House house;
  CallMap map(house.clock, house.registry);
  house.calls = &map;
  house.build();
  auto who = house.visitor();
  who.line = house.pipeline->line_of(who);
  house.audit->close(0ns);
  auto const answer =
      house.serve(house.post("/a2a/v1/tasks", R"({"task_type":"work","payload":{}})"), who);
  CHECK(answer.response.status == 503);
  CHECK(who.line->total(CallOutcome::allowed) == 0);
  CHECK(who.line->total(CallOutcome::denied) == 1);
}

TEST_CASE("a recent decision is found by its id, as far as the gates knew of it") {
  House house;
  house.policy.answer = authz::deny("no");
  auto const answer = house.call();
  auto const id = std::string(*answer.extra.get("x-agentweave-decision-id"));
  auto const found = house.recent.find(id);
  REQUIRE(found);
  using decisions::Text;
  CHECK(found->text(Text::id) == id);
  CHECK(found->text(Text::caller) == "spiffe://a.test/agent/client");
  CHECK(found->text(Text::action) == "work");
  CHECK(found->text(Text::gate) == "authorization");
  CHECK(found->text(Text::reason) == "no");
  CHECK_FALSE(found->allowed());
  CHECK(found->number(decisions::Number::code) ==
        static_cast<std::uint64_t>(Code::denied_by_policy));
  CHECK_FALSE(house.recent.find("d-nothing"));
  CHECK_FALSE(house.recent.find(""));
}

TEST_CASE("what is not understood is refused with the decision's id in the body, too") {
  House house;
  for (std::string const body :
       {R"({"task_type":)", R"({"payload":{}})", R"({"task_type":"a b"})"}) {
    CAPTURE(body);
    auto const answer = house.serve(house.post("/a2a/v1/tasks", body));
    auto const error = nlohmann::json::parse(answer.response.body).at("error");
    CHECK(error.at("decision_id") == std::string(*answer.extra.get("x-agentweave-decision-id")));
    CHECK(error.at("code").get<std::string>().starts_with("AW"));
  }
  CHECK(house.ran == 0);
}

TEST_CASE("the agent's health is told to verified callers, on record and without a policy's word") {
  House house;
  http::Request request;
  request.method = "GET";
  request.set_target("/health");
  auto const answer = house.serve(request);
  CHECK(answer.response.status == 200);
  CHECK(answer.response.body == R"({"status":"healthy","agent":""})");
  CHECK(house.policy.asked == 0);
  REQUIRE(!house.records().empty());
  CHECK(house.records().back().at("decision") == "allow");
  CHECK(house.records().back().at("reason") == "health");
}

TEST_CASE("policy's answers are counted by capability, and names callers make up are one") {
  House house;
  CHECK(house.has_line(
      R"(agentweave_auth_decisions_total{agent_name="agent",capability="work",decision="allow"} 0)"));
  CHECK(house.call().response.status == 200);
  house.policy.answer = authz::AuthzDecision{};
  CHECK(house.call().response.status == 403);
  CHECK(house.call("made_up").response.status == 403);
  for (
      auto const* const line :
      {R"(agentweave_auth_decisions_total{agent_name="agent",capability="work",decision="allow"} 1)",
       R"(agentweave_auth_decisions_total{agent_name="agent",capability="work",decision="deny"} 1)",
       R"(agentweave_auth_decisions_total{agent_name="agent",capability="none",decision="deny"} 1)",
       R"(agentweave_auth_check_duration_seconds_count{agent_name="agent",capability="work"} 2)"}) {
    CAPTURE(line);
    CHECK(house.has_line(line));
  }
}
