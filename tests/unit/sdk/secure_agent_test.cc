// SPDX-License-Identifier: Apache-2.0
// Agents in this process, over real mutual TLS on loopback: what their handlers see and what their
// callers get.
#include "core/sdk/secure_agent.h"

#include <doctest/doctest.h>

#include <future>
#include <stdexcept>

#include "core/base/fs.h"
#include "core/testing/mock_authorization_provider.h"
#include "core/testing/mock_identity_provider.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::sdk;

namespace {

// Shared by the agent, which owns it, and the test, which turns it.
class SharedPolicy final : public AuthorizationProvider {
 public:
  explicit SharedPolicy(std::shared_ptr<testing::MockAuthorizationProvider> rules)
      : rules_(std::move(rules)) {}
  AuthzDecision authorize(AuthzContext const& context) override {
    return rules_->authorize(context);
  }

 private:
  std::shared_ptr<testing::MockAuthorizationProvider> const rules_;
};

struct Site {
  testing::TempDir scratch;
  std::shared_ptr<const testing::MockTrustDomain> domain =
      std::make_shared<const testing::MockTrustDomain>("test.local");
  std::shared_ptr<testing::MockAuthorizationProvider> policy =
      std::make_shared<testing::MockAuthorizationProvider>();
  testing::MockIdentityProvider* identity = nullptr;  // of the agent made last

  AgentOptions options(std::string const& name, std::vector<std::string> more = {}) {
    auto provider = std::make_unique<testing::MockIdentityProvider>(
        domain, "spiffe://test.local/agent/" + name);
    identity = provider.get();
    AgentOptions out;
    out.settings = {"agent.name=" + name,
                    "agent.trust_domain=test.local",
                    "agent.environment=development",
                    "authorization.audit.destinations=[file://" +
                        (scratch / (name + "-audit.log")).string() + "]",
                    "authorization.cache_ttl_seconds=0",
                    "observability.metrics.enabled=false",
                    "observability.logging.output=file://" + (scratch / (name + ".log")).string(),
                    "server.admin.enabled=false",
                    "server.host=127.0.0.1",
                    "server.port=0",
                    "server.workers=1"};
    out.settings.insert(out.settings.end(), more.begin(), more.end());
    out.identity = std::move(provider);
    out.authorization = std::make_unique<SharedPolicy>(policy);
    return out;
  }
  static std::unique_ptr<SecureAgent> made(AgentOptions options) {
    auto agent = SecureAgent::make(std::move(options));
    INFO((agent.ok() ? std::string() : agent.error().text()));
    REQUIRE(agent.ok());
    return std::move(agent).value();
  }
  static void start(SecureAgent& agent) {
    auto const started = agent.start();
    INFO((started.ok() ? std::string() : started.error().text()));
    REQUIRE(started.ok());
  }
  // One that calls `server`, and its rule to be allowed to.
  std::unique_ptr<SecureAgent> caller(SecureAgent const& server) {
    auto agent = made(options(
        "caller", {"peers[0].id=" + server.spiffe_id(), "peers[0].address=" + server.address()}));
    start(*agent);
    return agent;
  }
};

Handler answers(std::string json) {
  return [json = std::move(json)](Call const&, Progress&) { return Result<std::string>(json); };
}

constexpr char kServer[] = "spiffe://test.local/agent/server";

}  // namespace

TEST_CASE("an agent calls an agent: policy at both ends, verified names, the schema, the result") {
  Site site;
  auto server = site.made(site.options("server"));
  Call seen;
  REQUIRE(server
              ->add_capability(
                  {.name = "add",
                   .description = "adds",
                   .parameters = R"({"type":"object","required":["a","b"],
                                     "properties":{"a":{"type":"number"},"b":{"type":"number"}}})",
                   .handler = [&seen](Call const& call, Progress& progress) -> Result<std::string> {
                     seen = call;
                     progress.status("adding");
                     progress.artifact("steps", "a+b");
                     return R"({"sum":3})";
                   }})
              .ok());
  site.start(*server);
  CHECK(server->spiffe_id() == kServer);
  auto const caller = site.caller(*server);

  auto const denied = caller->call_agent(kServer, "add", R"({"a":1,"b":2})");
  REQUIRE_FALSE(denied.ok());
  CHECK(denied.error().code == Code::denied_by_policy);  // our own outbound policy

  site.policy->allow("*", kServer, "add");
  auto const sum = caller->call_agent("server", "add", R"({"a":1,"b":2})");
  INFO((sum.ok() ? std::string() : sum.error().text()));
  REQUIRE(sum.ok());
  CHECK(*sum == R"({"sum":3})");
  CHECK(seen.caller == "spiffe://test.local/agent/caller");
  CHECK(seen.payload == R"({"a":1,"b":2})");
  CHECK(seen.decision_id.starts_with("d-"));
  CHECK_FALSE(seen.traceparent.empty());

  auto const wrong = caller->call_agent("server", "add", R"({"a":1,"b":"2"})");
  REQUIRE_FALSE(wrong.ok());
  CHECK(wrong.error().code == Code::request_malformed);
  CHECK(wrong.error().message.contains("payload.b: Invalid type"));

  CHECK(caller->call_agent("server", "add", "{").error().code == Code::request_malformed);
  CHECK(caller->call_agent("server", "Add", "{}").error().code == Code::usage);
  CHECK(caller->stop());
  CHECK(server->stop());
  CHECK(caller->call_agent("server", "add", "{}").error().code == Code::draining);
  auto const log = fs::read_file(site.scratch / "server-audit.log");
  REQUIRE(log.ok());
  CHECK(log->contains("allowed by policy"));
}

TEST_CASE("what a handler fails with reaches its caller only where it was meant for it") {
  Site site;
  site.policy->allow("*", "*", "*");
  auto server = site.made(site.options("server"));
  auto const add = [&server](std::string name, Handler handler) {
    REQUIRE(server
                ->add_capability(
                    {.name = std::move(name), .description = "x", .handler = std::move(handler)})
                .ok());
  };
  add("tells", [](Call const&, Progress&) -> Result<std::string> {
    return make_error(Code::backend_failed, "no such row");
  });
  add("throws", [](Call const&, Progress&) -> Result<std::string> {
    throw std::runtime_error("secret detail");
  });
  add("rejects", [](Call const&, Progress& progress) -> Result<std::string> {
    progress.rejected("not on Sundays");
    return "{}";
  });
  add("no_json", answers("nope"));
  site.start(*server);
  auto const caller = site.caller(*server);
  auto const told = caller->call_agent("server", "tells", "{}");
  REQUIRE_FALSE(told.ok());
  CHECK(told.error().message == "no such row");
  auto const thrown = caller->call_agent("server", "throws", "{}");
  REQUIRE_FALSE(thrown.ok());
  CHECK_FALSE(thrown.error().text().contains("secret"));
  auto const rejected = caller->call_agent("server", "rejects", "{}");
  REQUIRE_FALSE(rejected.ok());
  CHECK(rejected.error().message == "not on Sundays");
  CHECK_FALSE(caller->call_agent("server", "no_json", "{}").ok());
  CHECK(caller->call_agent("server", "unknown", "{}").error().code == Code::unknown_capability);
}

TEST_CASE("a handler learns that its time is over, and holds up nobody but itself") {
  Site site;
  site.policy->allow("*", "*", "*");
  auto server = site.made(site.options("server"));
  std::promise<void> heard;
  REQUIRE(server
              ->add_capability({.name = "slow",
                                .description = "x",
                                .timeout = std::chrono::milliseconds(200),
                                .handler =
                                    [&heard](Call const& call, Progress& progress) {
                                      std::promise<void> stopped;
                                      std::stop_callback const on_stop(
                                          call.cancelled, [&stopped] { stopped.set_value(); });
                                      stopped.get_future().wait();
                                      progress.status("too late to be heard");
                                      heard.set_value();
                                      return Result<std::string>("{}");
                                    }})
              .ok());
  REQUIRE(
      server->add_capability({.name = "quick", .description = "x", .handler = answers("1")}).ok());
  site.start(*server);
  auto const caller = site.caller(*server);
  auto const slow = caller->call_agent("server", "slow", "{}");
  REQUIRE_FALSE(slow.ok());
  CHECK(slow.error().code == Code::backend_timeout);
  heard.get_future().wait();
  CHECK(caller->call_agent("server", "quick", "{}").ok());
}

TEST_CASE("a handler that calls another agent is answered, also when its own agent stops") {
  Site site;
  site.policy->allow("*", "*", "*");
  auto far = site.made(site.options("server"));
  std::promise<void> reached;
  std::promise<void> release;
  REQUIRE(far->add_capability({.name = "wait",
                               .description = "x",
                               .handler =
                                   [&reached, &release](Call const&, Progress&) {
                                     reached.set_value();
                                     release.get_future().wait();
                                     return Result<std::string>("1");
                                   }})
              .ok());
  site.start(*far);
  auto const near = site.caller(*far);
  auto const waiting =
      std::async(std::launch::async, [&near] { return near->call_agent("server", "wait", "{}"); });
  reached.get_future().wait();
  near->stop();
  auto const answer = waiting.wait_for(std::chrono::seconds(30));
  REQUIRE(answer == std::future_status::ready);
  release.set_value();
  CHECK(near->call_agent("server", "wait", "{}").error().code == Code::draining);
}

TEST_CASE("the hook hears of the first identity and of each rotation; calls go on under the new") {
  Site site;
  site.policy->allow("*", "*", "*");
  std::vector<SvidInfo> seen;
  auto options = site.options("server");
  auto* const identity = site.identity;
  options.on_svid_update = [&seen](SvidInfo const& svid) { seen.push_back(svid); };
  auto server = site.made(std::move(options));
  REQUIRE(
      server->add_capability({.name = "ping", .description = "x", .handler = answers("1")}).ok());
  site.start(*server);
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].spiffe_id == kServer);
  CHECK(seen[0].not_after > seen[0].not_before);
  REQUIRE(identity->rotate().ok());
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].fingerprint != seen[1].fingerprint);
  auto const caller = site.caller(*server);
  CHECK(caller->call_agent("server", "ping", "{}").ok());
  REQUIRE(identity->withdraw().ok());
  CHECK_FALSE(caller->call_agent("server", "ping", "{}").ok());
  REQUIRE(identity->rotate().ok());
  CHECK(caller->call_agent("server", "ping", "{}").ok());
}

TEST_CASE(
    "identities that cannot be are refused where they are published, and the last one stands") {
  struct Row {
    char const* what;
    void (*spoil)(IdentityMaterial&);
    Code code;
  };
  for (Row const& row : {
           Row{"no PEM", [](IdentityMaterial& m) { m.certificate_chain = "x"; },
               Code::svid_malformed},
           Row{"no key", [](IdentityMaterial& m) { m.private_key = Secret("x"); },
               Code::key_malformed},
           Row{"another's bundle",
               [](IdentityMaterial& m) {
                 auto pem = m.bundles.at("test.local");
                 m.bundles = {{"other.local", pem}};
               },
               Code::no_bundle},
       }) {
    CAPTURE(std::string(row.what));
    class Odd final : public IdentityProvider {
     public:
      explicit Odd(IdentityMaterial material, Result<void>& said)
          : material_(std::move(material)), said_(said) {}
      Result<void> start(Publish publish) override {
        said_ = publish(std::move(material_));
        return {};
      }
      void stop() override {}

     private:
      IdentityMaterial material_;
      Result<void>& said_;
    };
    Site site;
    auto material = site.domain->issue(kServer, std::chrono::hours(1));
    row.spoil(material);
    Result<void> said;
    auto options = site.options("server", {"identity.first_fetch_timeout=0.1"});
    options.identity = std::make_unique<Odd>(std::move(material), said);
    auto server = site.made(std::move(options));
    CHECK_FALSE(server->start().ok());
    REQUIRE_FALSE(said.ok());
    CHECK(said.error().code == row.code);
  }
}

TEST_CASE("a provider of decisions that throws denies") {
  class Throws final : public AuthorizationProvider {
   public:
    AuthzDecision authorize(AuthzContext const&) override { throw std::runtime_error("x"); }
  };
  Site site;
  site.policy->allow("*", "*", "*");
  auto options = site.options("server");
  options.authorization = std::make_unique<Throws>();
  auto server = site.made(std::move(options));
  REQUIRE(
      server->add_capability({.name = "ping", .description = "x", .handler = answers("1")}).ok());
  site.start(*server);
  auto const caller = site.caller(*server);
  CHECK_FALSE(caller->call_agent("server", "ping", "{}").ok());
}

TEST_CASE("what cannot start says so") {
  Site site;
  AgentOptions nothing;
  CHECK_FALSE(SecureAgent::make(std::move(nothing)).ok());  // no name, no trust domain
  auto insecure = site.options(
      "server", {"agent.environment=production", "authorization.default_action=log-only"});
  auto const refused = SecureAgent::make(std::move(insecure));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::insecure_in_production);
  auto agent = site.made(site.options("server"));
  site.start(*agent);
  CHECK(agent->start().error().code == Code::usage);
  CHECK(agent->add_capability({.name = "late", .description = "x", .handler = answers("1")})
            .error()
            .code == Code::usage);
}
