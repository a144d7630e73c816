// SPDX-License-Identifier: Apache-2.0
// The admin port of a running agent: who is let in, what each route refuses, and that a refusal
// changes nothing.
#include "core/runtime/admin.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/http/client.h"
#include "core/http/server.h"
#include "core/io/loops.h"
#include "core/io/pool.h"
#include "core/io/task.h"
#include "tests/fixtures/ca.h"
#include "tests/support/small_files.h"
#include "tests/unit/runtime/project.h"

using namespace aw;
using namespace aw::runtime;

namespace {

enum class Kept { nothing, state };

// An agent, and a caller of its admin port who has its token unless told otherwise.
struct AdminPort : runtime::test::Project {
  std::unique_ptr<Runtime> agent;
  http::Url url;
  std::string token;
  io::BlockingPool pool{1, 16};
  http::Client client{http::ClientConfig{}, pool, clock};

  explicit AdminPort(Kept kept = Kept::state) {
    std::string more = "identity: {allowed_trust_domains: [dev.test, eu.test]}\n";
    if (kept == Kept::state)
      more += "state: {directory: \"" + (scratch / "state").string() + "\"}\n";
    agent = start(loaded(more));
    auto const given = agent->listening().admin;
    auto const at = given.find("?t=");
    REQUIRE(at != std::string::npos);
    token = given.substr(at + 3);
    url = http::parse_url(given.substr(0, given.find('?'))).value();
  }

  http::Response send(std::string method, std::string const& target, std::string body = {},
                      http::Headers headers = {}) {
    http::Request request;
    request.method = std::move(method);
    request.set_target(target);
    request.headers = std::move(headers);
    request.body = std::move(body);
    auto answer = io::run_blocking(client.send(
        url.endpoint, std::move(request), {.deadline = steady_now() + std::chrono::seconds(30)}));
    INFO((answer.ok() ? std::string() : answer.error().text()));
    REQUIRE(answer.ok());
    return std::move(answer).value();
  }
  http::Response ask(std::string method, std::string const& target, std::string body = {},
                     http::Headers headers = {}) {
    headers.set("authorization", "Bearer " + token);
    return send(std::move(method), target, std::move(body), std::move(headers));
  }
  // The code in a refusal of federation.
  std::string refused(std::string const& what, std::string const& body) {
    auto const answer = ask("POST", "/federation/" + what, body);
    CHECK(answer.status == 409);
    return nlohmann::json::parse(answer.body).value("code", "");
  }
};

// A bundle endpoint on loopback that says who signs for eu.test.
struct Endpoint {
  SystemClock clock;
  fixtures::TestCa eu{"eu.test"};
  io::Loops loops{1};
  std::unique_ptr<http::Server> server;

  Endpoint() {
    auto leaf = eu.pki().leaf("spiffe://eu.test/endpoint");
    auto const context = fixtures::must(tls::Context::server(
        fixtures::context_spec(std::move(leaf), fixtures::accept_anyone(), {"http/1.1"})));
    http::ServerOptions options;
    options.tls = [context] { return context; };
    options.sessions =
        [this](http::ConnectionInfo const&) -> Result<std::unique_ptr<http::Session>> {
      return std::unique_ptr<http::Session>(std::make_unique<Session>(eu.bundle().json()));
    };
    server = fixtures::must(http::Server::start(std::move(options), loops, clock));
  }
  [[nodiscard]] std::string url() const {
    return "https://localhost:" + std::to_string(server->port()) + "/bundle";
  }
  // Of POST /federation/add.
  [[nodiscard]] std::string asked() const {
    return nlohmann::json{{"trust_domain", "eu.test"},
                          {"url", url()},
                          {"profile", "https_spiffe"},
                          {"endpoint_spiffe_id", "spiffe://eu.test/endpoint"},
                          {"bootstrap", eu.bundle().json()}}
        .dump();
  }

 private:
  struct Session final : http::Session {
    explicit Session(std::string its_document) : document(std::move(its_document)) {}
    io::Task<void> handle(http::Request&, http::ResponseWriter& writer) override {
      http::Response answer;
      answer.body = document;
      co_await writer.respond(std::move(answer));
    }
    std::string document;
  };
};

struct AdminRoute {
  char const* method;
  char const* path;
};
constexpr AdminRoute kAdminRoutes[] = {
    {"GET", "/"},
    {"GET", "/status"},
    {"GET", "/v1/data/system/decisions"},
    {"GET", "/metrics"},
    {"GET", "/federation"},
    {"GET", "/map/snapshot"},
    {"POST", "/reload-policy"},
    {"POST", "/map/ticket"},
    {"POST", "/federation/add"},
    {"POST", "/federation/remove"},
};

}  // namespace

TEST_CASE("nobody without the token hears or changes anything, whatever is tried in its place") {
  AdminPort port;
  for (auto const& [method, path] : kAdminRoutes) {
    CAPTURE(std::string(path));
    CHECK(port.send(method, path).status == 401);
    for (auto const& wrong : std::vector<std::string>{
             "Bearer ", "Bearer x", "Bearer " + port.token + "x", "Bearer " + port.token.substr(1),
             "Basic " + port.token, port.token}) {
      CHECK(port.send(method, path, {}, {{"authorization", wrong}}).status == 401);
    }
    CHECK(port.send(method, std::string(path) + "?t=x").status == 401);
  }
  CHECK(port.agent->drain());
}

TEST_CASE("with the token each route answers, and says that nobody may keep or frame it") {
  AdminPort port;
  for (auto const& [method, path] : kAdminRoutes) {
    if (std::string_view(path).starts_with("/federation/")) continue;
    CAPTURE(std::string(path));
    auto const answer = port.ask(method, path);
    CHECK(answer.status == 200);
    CHECK(answer.headers.get("x-content-type-options") == "nosniff");
  }
  CHECK(port.ask("GET", "/nowhere").status == 404);
  CHECK(port.ask("GET", "/reload-policy").status == 405);
  CHECK(port.ask("POST", "/status").status == 405);
  auto const status = nlohmann::json::parse(port.ask("GET", "/status").body);
  CHECK(status["spiffe_id"] == "spiffe://dev.test/agent/a");
  CHECK(status["ready"] == true);
  CHECK(status["policy"]["generation"].is_number());
  CHECK(status["audit"]["seq"].get<int>() >= 1);
}

TEST_CASE("a policy that does not compile is refused by a reload, and the old one stays") {
  AdminPort port;
  auto const digest = [&port] {
    return nlohmann::json::parse(port.ask("GET", "/status").body)["policy"]["digest"];
  };
  auto const before = digest();
  std::ofstream(port.scratch / "policy/authz.rego") << "package agentweave.authz\nallow if {";
  auto const refused = port.ask("POST", "/reload-policy");
  CHECK(refused.status == 409);
  CHECK(refused.body.find("authz.rego") != std::string::npos);
  CHECK(digest() == before);
  std::ofstream(port.scratch / "policy/authz.rego")
      << "package agentweave.authz\ndefault allow := false\n";
  CHECK(port.ask("POST", "/reload-policy").status == 200);
  CHECK(digest() != before);
}

TEST_CASE("federation is refused where it would trust more than the configuration lets it") {
  AdminPort port;
  auto const add = [&port](std::string const& body) { return port.refused("add", body); };
  CHECK(add("") != "");
  CHECK(add("{") != "");
  CHECK(add("[]") == code_name(Code::request_malformed));
  CHECK(add("{}") != "");
  CHECK(add(R"({"trust_domain": "EU test", "url": "https://127.0.0.1:1/"})") != "");
  CHECK(add(R"({"trust_domain": "eu.test", "url": "http://127.0.0.1:1/"})") != "");
  CHECK(add(R"({"trust_domain": "eu.test", "url": ["https://127.0.0.1:1/"]})") != "");
  CHECK(add(R"({"trust_domain": "dev.test", "url": "https://127.0.0.1:1/"})") ==
        code_name(Code::config_conflict));
  CHECK(add(R"({"trust_domain": "us.test", "url": "https://127.0.0.1:1/"})") ==
        code_name(Code::trust_domain_not_allowed));
  CHECK(add(R"({"trust_domain": "eu.test", "url": "https://127.0.0.1:1/", "bootstrap": "{"})") !=
        "");
  // Nothing that was meant to ask for more proof asks for less: spellings, names, kinds.
  std::string const good = R"({"trust_domain": "eu.test", "url": "https://127.0.0.1:1/", )";
  auto const id = std::string(R"("endpoint_spiffe_id": "spiffe://eu.test/spire/server"})");
  CHECK(add(good + R"("profile": "https-spiffe", )" + id) == code_name(Code::config_out_of_range));
  CHECK(add(good + R"("profile": "HTTPS_SPIFFE", )" + id) == code_name(Code::config_out_of_range));
  CHECK(add(good + R"("profile": 1, )" + id) == code_name(Code::request_malformed));
  CHECK(add(good + R"("profil": "https_spiffe", )" + id) == code_name(Code::request_malformed));
  CHECK(add(good + id) == code_name(Code::config_conflict));
  CHECK(add(good + R"("bootstrap": {"keys": []}})") == code_name(Code::request_malformed));
  CHECK(add(good + R"("ca_path": ["/etc/ca.pem"]})") == code_name(Code::request_malformed));
  // An endpoint that never answered is not kept.
  CHECK(add(R"({"trust_domain": "eu.test", "url": "https://127.0.0.1:1/"})") != "");
  CHECK(port.ask("GET", "/federation").body.find("eu.test") == std::string::npos);
  CHECK(port.refused("remove", R"({"trust_domain": "eu.test"})") != "");
  CHECK(port.refused("remove", R"({"trust_domain": 7})") != "");
  CHECK(port.refused("remove", "no json") != "");
  auto const audit = fs::read_file(port.scratch / "audit.log").value();
  CHECK(audit.find("federation added") == std::string::npos);
}

TEST_CASE("a federation whose removal cannot be kept is gone, and the answer says what is not") {
  AdminPort port;
  Endpoint const endpoint;
  auto const gone = R"({"trust_domain": "eu.test"})";
  REQUIRE(port.ask("POST", "/federation/add", endpoint.asked()).status == 200);
  auto const state = port.scratch / "state";
  std::filesystem::rename(state, port.scratch / "elsewhere");
  CHECK(port.refused("remove", gone) == code_name(Code::io));
  CHECK(port.ask("GET", "/federation").body.find("eu.test") == std::string::npos);
  auto const audit = fs::read_file(port.scratch / "audit.log").value();
  CHECK(audit.find("federation removed") != std::string::npos);
  std::filesystem::rename(port.scratch / "elsewhere", state);
  CHECK(fs::read_file(state / "federation.json").value().find("eu.test") != std::string::npos);
  CHECK(port.ask("POST", "/federation/remove", gone).status == 200);
  CHECK(fs::read_file(state / "federation.json").value().find("eu.test") == std::string::npos);
}

TEST_CASE("trust that cannot be put on record is taken back") {
  AdminPort port;
  Endpoint const endpoint;
  auto const body = endpoint.asked();
  auto const trusted = [&port] {
    return port.ask("GET", "/federation").body.find("eu.test") != std::string::npos;
  };
  auto const kept = [&port] {
    return fs::read_file(port.scratch / "state/federation.json").value_or("").find("eu.test") !=
           std::string::npos;
  };
  auto const added = port.ask("POST", "/federation/add", body);
  CAPTURE(added.body);
  REQUIRE(added.status == 200);
  CHECK(trusted());
  CHECK(kept());
  REQUIRE(port.ask("POST", "/federation/remove", R"({"trust_domain": "eu.test"})").status == 200);
  CHECK_FALSE(kept());

  // A disk that has room for what is kept, which is smaller, and none for the log.
  testing::SmallFiles const full(std::filesystem::file_size(port.scratch / "audit.log"));
  CHECK(port.refused("add", body) == code_name(Code::audit_unavailable));
  CHECK_FALSE(trusted());
  CHECK_FALSE(kept());
}

TEST_CASE("an agent that keeps nothing has no federation to change") {
  AdminPort port(Kept::nothing);
  CHECK(port.ask("GET", "/federation").status == 404);
  CHECK(port.ask("POST", "/federation/add", "{}").status == 404);
}

TEST_CASE("the map opens for one ticket, once, and tells nothing to who has the token alone") {
  for (auto const kept : {Kept::state, Kept::nothing}) {
    AdminPort port(kept);
    for (auto const* const path : {"/map", "/map?ticket=x", "/map/events", "/map/decisions?ids=d-1",
                                   "/map/decision?ids=d-1"})
      CHECK_MESSAGE(port.ask("GET", path).status == 401, path);
    auto const ticket = nlohmann::json::parse(port.ask("POST", "/map/ticket").body);
    auto const path = ticket["path"].get<std::string>();
    // A browser that looks ahead spends nothing.
    CHECK(port.send("HEAD", path).status == 401);
    CHECK(port.send("GET", path, {}, {{"sec-purpose", "prefetch"}}).status == 401);
    auto const entered = port.send("GET", path);
    REQUIRE(entered.status == 200);
    CHECK(port.send("GET", path).status == 401);
    auto const set = std::string(entered.headers.get("set-cookie").value_or(""));
    CHECK(set.find("HttpOnly; SameSite=Strict") != std::string::npos);
    CHECK(std::string(entered.headers.get("content-security-policy").value_or(""))
              .starts_with("default-src 'none'"));
    http::Headers const cookie = {{"cookie", set.substr(0, set.find(';'))}};
    CHECK(port.send("GET", "/map", {}, cookie).status == 200);
    CHECK(port.send("GET", "/map/decisions?ids=d-123", {}, cookie).status == 401);
    auto wrong = cookie;
    wrong.set("x-agentweave-map-key", "AAAA");
    CHECK(port.send("GET", "/map/decisions?ids=d-123", {}, wrong).status == 401);
  }
}

TEST_CASE("a page that was let in asks for decisions by their ids, a few at a time") {
  for (auto const kept : {Kept::state, Kept::nothing}) {
    AdminPort port(kept);
    auto const ticket = nlohmann::json::parse(port.ask("POST", "/map/ticket").body);
    auto const entered = port.send("GET", ticket["path"].get<std::string>());
    REQUIRE(entered.status == 200);
    auto const set = std::string(entered.headers.get("set-cookie").value_or(""));
    std::string const mark = "name=\"map-key\" content=\"";
    auto const at = entered.body.find(mark) + mark.size();
    auto const key = entered.body.substr(at, entered.body.find('"', at) - at);
    REQUIRE_FALSE(key.empty());
    auto const look = [&](std::string const& path, http::Headers more = {}) {
      more.set("cookie", set.substr(0, set.find(';')));
      more.set("x-agentweave-map-key", key);
      return port.send("GET", path, {}, std::move(more));
    };
    auto const none = look("/map/decisions?ids=d-123,d-456");
    CHECK(none.status == 200);
    CHECK(none.body == "[]");
    CHECK(look("/map/decision?ids=d-123").status == 404);
    for (auto const* const bad : {"", "?ids=", "?ids=x", "?ids=d-1,,d-2", "?ids=d-1%00",
                                  "?ids=d-1,d-2,d-3,d-4,d-5,d-6,d-7,d-8,d-9", "?ids=../../etc"}) {
      CAPTURE(std::string(bad));
      CHECK(look("/map/decisions" + std::string(bad)).status == 400);
    }
    CHECK(look("/map/decisions?ids=d-123", {{"origin", "http://evil.example"}}).status == 401);
    CHECK(look("/map/decisions?ids=d-123", {{"sec-fetch-site", "cross-site"}}).status == 401);
  }
}
