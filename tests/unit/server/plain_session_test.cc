// SPDX-License-Identifier: Apache-2.0
#include "core/server/plain_session.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/base/json.h"

using namespace aw;
using namespace aw::server;

namespace {

class Page final : public http::ResponseWriter {
 public:
  http::Response response;
  void add_header(std::string_view name, std::string_view value) override {
    response.headers.set(name, value);
  }
  io::Task<void> respond(http::Response given) override {
    response = std::move(given);
    co_return;
  }
  io::Task<Result<void>> start(int /*status*/, http::Headers /*headers*/) override {
    co_return Result<void>{};
  }
  io::Task<Result<void>> write(std::string_view /*bytes*/) override { co_return Result<void>{}; }
  io::Task<Result<void>> finish(http::Headers /*trailers*/) override { co_return Result<void>{}; }
  [[nodiscard]] bool started() const override { return false; }
  [[nodiscard]] bool peer_gone() const override { return false; }
  void on_peer_gone(std::function<void()> /*told*/) override {}
};

http::Request ask(std::string_view target, std::string_view method = "GET",
                  std::string_view authority = "127.0.0.1:9091") {
  http::Request out;
  out.method = method;
  out.set_target(target);
  out.authority = authority;
  return out;
}

struct Probes {
  metrics::Registry registry;
  Health health;
  PlainRoutes routes = probe_routes({.metrics = registry,
                                     .metrics_path = "/metrics",
                                     .health = health,
                                     .agent_name = "billing",
                                     .spiffe_id = [] { return "spiffe://a.test/billing"; },
                                     .uptime = [] { return std::chrono::seconds(7); }});
  std::function<bool(http::Request const&)> admit;

  http::Response get(std::string_view target, std::string_view method = "GET") {
    auto request = ask(target, method);
    Page page;
    PlainSession session(routes, admit);
    io::run_blocking(session.handle(request, page));
    return page.response;
  }
};

}  // namespace

TEST_CASE("probes say what they are asked, before, while and after an agent serves") {
  Probes probes;
  CheckResult::State state = CheckResult::State::ok;
  probes.health.add("identity", Weight::gates_readiness,
                    [&state] { return CheckResult{state, "x"}; });
  struct Row {
    std::string path;
    int starting;
    int ready;
    int failed;
    int draining;
  };
  std::vector<Row> const rows = {
      {"/livez", 200, 200, 200, 200},          {"/health/live", 200, 200, 200, 200},
      {"/healthz", 200, 200, 200, 200},        {"/readyz", 503, 200, 503, 503},
      {"/readyz?verbose", 503, 200, 503, 503}, {"/health/ready", 503, 200, 503, 503},
      {"/ready", 503, 200, 503, 503},          {"/startupz", 503, 200, 200, 200},
      {"/health", 503, 200, 503, 503},         {"/metrics", 200, 200, 200, 200},
      {"/nothing", 404, 404, 404, 404},        {"/", 404, 404, 404, 404},
      {"/livez/", 404, 404, 404, 404},         {"//livez", 404, 404, 404, 404},
  };
  for (auto const& row : rows) CHECK_MESSAGE(probes.get(row.path).status == row.starting, row.path);
  probes.health.set_started();
  for (auto const& row : rows) CHECK_MESSAGE(probes.get(row.path).status == row.ready, row.path);
  state = CheckResult::State::failed;
  for (auto const& row : rows) CHECK_MESSAGE(probes.get(row.path).status == row.failed, row.path);
  state = CheckResult::State::ok;
  probes.health.set_draining();
  for (auto const& row : rows) CHECK_MESSAGE(probes.get(row.path).status == row.draining, row.path);
}

TEST_CASE("a method that is not there is 405 with Allow; HEAD is GET") {
  Probes probes;
  for (std::string const method : {"POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "get"}) {
    CAPTURE(method);
    auto const answer = probes.get("/metrics", method);
    CHECK(answer.status == 405);
    CHECK(answer.headers.get("allow") == "GET");
  }
  CHECK(probes.get("/metrics", "HEAD").status == 200);
}

TEST_CASE("what is served is not kept, sniffed or mistaken") {
  Probes probes;
  probes.health.set_started();
  auto const page = probes.get("/health");
  CHECK(page.headers.get("cache-control") == "no-store");
  CHECK(page.headers.get("x-content-type-options") == "nosniff");
  CHECK(page.headers.get("content-type") == "application/json");
  auto const parsed = json::parse(page.body);
  REQUIRE(parsed.ok());
  CHECK(parsed->at("spiffe_id") == "spiffe://a.test/billing");
}

TEST_CASE("a listener with a token answers nothing without it, not even what is not there") {
  Probes probes;
  probes.admit = token_check("s3cret", HostRule::loopback_only);
  for (std::string const target :
       {"/metrics", "/metrics?t=", "/metrics?t=S3cret", "/metrics?t=s3cre", "/metrics?t=s3crets",
        "/metrics?x=s3cret", "/metrics?tt=s3cret", "/nothing", "/metrics?&&&", "/metrics?t"}) {
    CAPTURE(target);
    auto const refused = probes.get(target);
    CHECK(refused.status == 401);
    CHECK(refused.headers.get("www-authenticate") == "Bearer");
    CHECK(refused.body.find("agentweave_") == std::string::npos);
  }
  CHECK(probes.get("/metrics?t=s3cret").status == 200);
  CHECK(probes.get("/metrics?a=b&t=s3cret&c=d").status == 200);
  CHECK(probes.get("/nothing?t=s3cret").status == 404);
}

TEST_CASE("a page elsewhere cannot reach the admin listener by a name that resolves to us") {
  auto const check = token_check("s3cret", HostRule::loopback_only);
  auto const anywhere = token_check("s3cret", HostRule::any);
  struct Row {
    std::string authority;
    bool loopback;
  };
  for (Row const& row : {
           Row{"127.0.0.1:9091", true},
           Row{"127.0.0.1", true},
           Row{"127.8.9.10:1", true},
           Row{"localhost:9091", true},
           Row{"[::1]:9091", true},
           Row{"127.0.0.1.evil.test:9091", false},
           Row{"127.evil.test", false},
           Row{"127.", false},
           Row{"localhost.evil.test", false},
           Row{"evil.test:9091", false},
           Row{"[::2]:9091", false},
           Row{"10.0.0.1", false},
           Row{"", false},
       }) {
    CAPTURE(row.authority);
    auto const request = ask("/?t=s3cret", "GET", row.authority);
    CHECK(check(request) == row.loopback);
    CHECK(anywhere(request));
  }
}

TEST_CASE("the token may come as a header, in one spelling") {
  auto const check = token_check("s3cret", HostRule::loopback_only);
  auto const with = [](std::string_view value) {
    auto request = ask("/");
    request.headers.add("authorization", value);
    return request;
  };
  CHECK(check(with("Bearer s3cret")));
  for (std::string const value :
       {"Bearer", "Bearer ", "Bearer  s3cret", "Basic s3cret", "s3cret", "Bearer s3cret "}) {
    CAPTURE(value);
    CHECK_FALSE(check(with(value)));
  }
}

TEST_CASE(
    "a route that guards itself is asked without the listener's token, and the others are not") {
  PlainRoutes routes;
  auto const say = [](std::string words) {
    return [words = std::move(words)](http::Request const&) {
      http::Response out;
      out.body = words;
      return out;
    };
  };
  routes.emplace("/open",
                 PlainRoute{.method = "GET", .answer = say("own"), .guard = RouteGuard::own});
  routes.emplace("/closed", PlainRoute{.method = "GET", .answer = say("listener")});
  routes.emplace("/stream",
                 PlainRoute{.method = "GET",
                            .answer = {},
                            .stream = [](http::Request const&,
                                         http::ResponseWriter& writer) -> io::Task<void> {
                              http::Response out;
                              out.body = "written";
                              co_await writer.respond(std::move(out));
                            },
                            .guard = RouteGuard::own});
  auto const admit = token_check("s3cret", HostRule::loopback_only);
  auto const get = [&](std::string_view target, std::string_view method = "GET") {
    auto request = ask(target, method);
    Page page;
    PlainSession session(routes, admit);
    io::run_blocking(session.handle(request, page));
    return page.response;
  };
  CHECK(get("/open").body == "own");
  CHECK(get("/closed").status == 401);
  CHECK(get("/closed?t=s3cret").body == "listener");
  CHECK(get("/nothing").status == 401);
  CHECK(get("/open", "POST").status == 405);
  CHECK(get("/stream").body == "written");
  CHECK(get("/stream", "HEAD").status == 405);  // a stream has no head alone
}
