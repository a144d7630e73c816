// SPDX-License-Identifier: Apache-2.0
// A whole house behind the gates: every part of a server but its listener, all real but the policy,
// which answers what the test tells it to. One thread; the clock stands until the test moves it;
// files are in a directory of its own that goes with it. A test that sets `decisions` or `calls`
// builds the pipeline again; what they point to outlives the house's use of it.
#pragma once

#include <doctest/doctest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/a2a/task_engine.h"
#include "core/a2a/task_store.h"
#include "core/decisions/store.h"
#include "core/server/dispatch.h"
#include "core/server/pipeline.h"
#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace aw::server::test {

using namespace std::chrono_literals;

// Decides as told; counts how often it was asked.
class ScriptedPolicy final : public authz::AuthorizationProvider {
 public:
  authz::AuthzDecision answer = authz::allow("rule");
  std::atomic<int> asked{0};
  std::string last_action;
  std::function<void()> thinks = [] {};  // may throw, as a wait that is cut off does

  io::Task<authz::AuthzDecision> authorize(authz::AuthzContext const& context) override {
    ++asked;
    last_action = context.action;
    thinks();
    co_return answer;
  }
  [[nodiscard]] authz::ProviderStatus status() const override { return {}; }
};

class Answer final : public http::ResponseWriter {
 public:
  http::Response response;
  http::Headers extra;
  bool done = false;
  bool gone = false;    // the peer
  bool breaks = false;  // when it is given an answer

  void add_header(std::string_view name, std::string_view value) override {
    extra.set(name, value);
  }
  io::Task<void> respond(http::Response given) override {
    if (breaks) throw std::runtime_error("broken");
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
    if (gone) co_return make_error(Code::interrupted, "the peer is gone");
    response.body += bytes;
    co_return Result<void>{};
  }
  io::Task<Result<void>> finish(http::Headers trailers) override {
    response.trailers = std::move(trailers);
    done = true;
    co_return Result<void>{};
  }
  [[nodiscard]] bool started() const override { return done; }
  [[nodiscard]] bool peer_gone() const override { return gone; }
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

  // From here on decisions are kept. The store outlives the house's last call.
  [[nodiscard]] std::unique_ptr<decisions::Store> keep_decisions() {
    auto kept = decisions::Store::open(
        dir / "decisions", {},
        {.clock = clock, .log = *log, .metrics = registry, .input_of = [](decisions::Entry const&) {
           return "{}";
         }});
    REQUIRE(kept.ok());
    decisions = kept->get();
    build();
    return std::move(*kept);
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

inline nlohmann::json error_of(Answer const& answer) {
  return nlohmann::json::parse(answer.response.body).at("error");
}

}  // namespace aw::server::test
