// SPDX-License-Identifier: Apache-2.0
// Bundles from a service: what comes into force, what does not, and what is left when it is down.
#include "core/authz/bundle_poller.h"

#include <deque>

#include "bundle_fixture.h"
#include "core/authz/authorizer.h"
#include "core/authz/embedded.h"
#include "core/base/fs.h"
#include "core/http/client.h"
#include "core/io/pool.h"
#include "fixture.h"
#include "tests/fakes/fake_opa.h"

using namespace aw;
using namespace aw::authz;

namespace {

// A bundle service in one object: holds a bundle and its ETag, or is down.
struct Service {
  std::optional<std::string> archive;
  std::string etag = "\"1\"";
  std::vector<std::string> asked;  // the ETags that came along
};

class ServiceSource final : public BundleSource {
 public:
  explicit ServiceSource(std::shared_ptr<Service> service) : service_(std::move(service)) {}
  Result<BundleAnswer> fetch(std::string const& etag, std::stop_token /*stop*/) override {
    service_->asked.push_back(etag);
    if (!service_->archive) return make_error(Code::connect, "connection refused");
    if (etag == service_->etag) return BundleAnswer{.changed = false, .archive = {}, .etag = etag};
    return BundleAnswer{.changed = true, .archive = *service_->archive, .etag = service_->etag};
  }

 private:
  std::shared_ptr<Service> service_;
};

// A store that waits for its first policy, and the poller that brings it.
struct Polled {
  Bench bench;
  testing::TempDir state;
  std::shared_ptr<Service> service = std::make_shared<Service>();
  std::shared_ptr<Meters> meters =
      std::make_shared<Meters>(bench.registry, std::vector<std::string>{});
  BundleConfig config{.url = "https://bundles.test/b.tar.gz"};
  std::unique_ptr<PolicyStore> store;
  std::unique_ptr<BundlePoller> poller;

  void open() {
    poller.reset();
    auto opened = PolicyStore::open({.location = {.policy_dir = {},
                                                  .data_files = {},
                                                  .bundle = {},
                                                  .verification = config.verification},
                                     .policy_path = "agentweave/authz",
                                     .look_every = {},
                                     .first = PolicyStore::Options::First::later},
                                    bench.clock, *bench.quiet, meters);
    REQUIRE(opened.ok());
    store = std::move(*opened);
    poller = std::make_unique<BundlePoller>(
        config, BundlePoller::Needs{.source = std::make_unique<ServiceSource>(service),
                                    .store = *store,
                                    .clock = bench.clock,
                                    .log = *bench.quiet,
                                    .meters = meters,
                                    .state_directory = state.path().string()});
  }
  void serve(std::vector<BundleFile> const& files, std::string etag) const {
    service->archive = packed(files);
    service->etag = std::move(etag);
  }
  [[nodiscard]] bool allows(std::string const& action) const {
    EmbeddedPolicy const policy({.policy_path = "agentweave/authz"}, *store, bench.clock, meters);
    return policy.decide(question(action)).allowed();
  }
};

}  // namespace

TEST_CASE("a bundle comes into force, an unchanged one is left alone, a new one replaces it") {
  Polled polled;
  polled.open();
  CHECK_FALSE(polled.allows("invoice"));  // no policy yet: everything is denied
  polled.serve(bundle_of("r1", R"(["invoice"])"), "\"1\"");
  REQUIRE(polled.poller->poll().ok());
  CHECK(polled.allows("invoice"));
  CHECK(polled.store->latest()->revision == "r1");
  REQUIRE(polled.poller->poll().ok());
  CHECK(polled.service->asked == std::vector<std::string>{"", "\"1\""});
  CHECK(polled.store->generation() == 1);
  polled.serve(bundle_of("r2", R"(["refund"])"), "\"2\"");
  REQUIRE(polled.poller->poll().ok());
  CHECK_FALSE(polled.allows("invoice"));
  CHECK(polled.allows("refund"));
  CHECK(polled.store->generation() == 2);
  CHECK(polled.bench.has_line("agentweave_authz_bundle_fetches_total{outcome=\"fresh\"} 2"));
  CHECK(polled.bench.has_line("agentweave_authz_bundle_fetches_total{outcome=\"unchanged\"} 1"));
}

TEST_CASE("a bad bundle changes nothing, and is asked for again") {
  SigningKey const key;
  Polled polled;
  std::filesystem::path const pem = polled.state / "key.pem";
  REQUIRE(fs::write_file_atomic(pem, key.public_pem, fs::Mode::public_file).ok());
  polled.config.verification.public_key = pem.string();
  polled.open();
  BundleSigner const signer{.key = key.private_pem};
  polled.serve(signed_with(bundle_of("r1", R"(["invoice"])"), signer), "\"1\"");
  REQUIRE(polled.poller->poll().ok());
  auto const digest = polled.store->latest()->digest;

  auto const good = packed(signed_with(bundle_of("r2", R"(["refund"])"), signer));
  auto broken = bundle_of("r2", R"(["refund"])");
  broken[1].bytes += "allow if {";
  auto cyclic = bundle_of("r2", R"(["refund"])");
  cyclic[1].bytes += "allow if other\nother if allow\n";
  auto unknown = bundle_of("r2", R"(["refund"])");
  unknown[1].bytes += "allow if no.such.builtin(input)\n";
  auto typed = bundle_of("r2", R"(["refund"])");
  typed[1].bytes += "allow if count(7) == 1\n";
  auto forever = bundle_of("r2", R"(["refund"])");
  forever[1].bytes +=
      "allow if {\n\tsome a in numbers.range(1, 4000)\n\tsome b in numbers.range(1, 4000)\n\t"
      "some c in numbers.range(1, 4000)\n\ta + b + c < 0\n}\n";
  SigningKey const stranger;
  struct Row {
    std::string what;
    std::string archive;
    Code code;
  };
  for (auto const& [what, archive, code] : std::vector<Row>{
           {"unsigned", packed(bundle_of("r2", R"(["refund"])")), Code::policy_signature},
           {"signed by somebody else",
            packed(signed_with(bundle_of("r2", R"(["refund"])"), {.key = stranger.private_pem})),
            Code::policy_signature},
           {"truncated", good.substr(0, good.size() / 2), Code::policy_unreadable},
           {"no archive", "<html>", Code::policy_unreadable},
           {"a syntax error", packed(signed_with(broken, signer)), Code::policy_syntax},
           {"a cycle", packed(signed_with(cyclic, signer)), Code::policy_compile},
           {"an unknown builtin", packed(signed_with(unknown, signer)), Code::policy_unsupported},
           {"a type error", packed(signed_with(typed, signer)), Code::policy_compile},
           {"a policy that takes for ever", packed(signed_with(forever, signer)),
            Code::policy_eval},
       }) {
    CAPTURE(what);
    polled.service->archive = archive;
    polled.service->etag = "\"2\"";
    auto const done = polled.poller->poll();
    REQUIRE_FALSE(done.ok());
    CHECK_MESSAGE(done.error().code == code, done.error().text());
    CHECK(polled.store->latest()->digest == digest);
    CHECK(polled.allows("invoice"));
    CHECK_FALSE(polled.allows("refund"));
    CHECK_FALSE(polled.store->last_error().empty());
    CHECK(polled.service->asked.back() == "\"1\"");
  }
  polled.service->archive = good;
  REQUIRE(polled.poller->poll().ok());
  CHECK(polled.allows("refund"));
  CHECK(polled.store->last_error().empty());
}

TEST_CASE("the last good bundle is used at start when the service is down, and verified again") {
  SigningKey const key;
  Polled polled;
  std::filesystem::path const pem = polled.state / "key.pem";
  REQUIRE(fs::write_file_atomic(pem, key.public_pem, fs::Mode::public_file).ok());
  polled.config.verification.public_key = pem.string();
  polled.open();
  polled.serve(signed_with(bundle_of("r1", R"(["invoice"])"), {.key = key.private_pem}), "\"1\"");
  REQUIRE(polled.poller->poll().ok());

  polled.service->archive.reset();
  polled.open();
  CHECK_FALSE(polled.allows("invoice"));
  REQUIRE(polled.poller->start().ok());
  CHECK(polled.allows("invoice"));

  // The kept file is no way round the signature.
  REQUIRE(fs::write_file_atomic(polled.state / "policy-bundle.tar.gz",
                                packed(bundle_of("r9", R"(["refund"])")), fs::Mode::private_file)
              .ok());
  polled.open();
  CHECK_FALSE(polled.poller->start().ok());
  CHECK_FALSE(polled.allows("refund"));
  CHECK_FALSE(polled.allows("invoice"));
}

TEST_CASE("a bundle kept from another service is not used") {
  Polled polled;
  polled.open();
  polled.serve(bundle_of("r1", R"(["invoice"])"), "\"1\"");
  REQUIRE(polled.poller->poll().ok());
  polled.service->archive.reset();
  polled.config.url = "https://elsewhere.test/b.tar.gz";
  polled.open();
  CHECK_FALSE(polled.poller->start().ok());
  CHECK_FALSE(polled.allows("invoice"));
}

TEST_CASE("silence of the service is told when it lasts too long") {
  Polled polled;
  polled.config.max_staleness = std::chrono::hours(1);
  polled.open();
  polled.serve(bundle_of("r1", R"(["invoice"])"), "\"1\"");
  REQUIRE(polled.poller->poll().ok());
  CHECK(polled.poller->staleness().empty());
  polled.service->archive.reset();
  polled.bench.clock.advance(std::chrono::hours(3));
  CHECK_FALSE(polled.poller->poll().ok());
  CHECK(polled.poller->staleness() == "no good bundle from the service for 3h (max 60m)");
  polled.poller->measure();
  CHECK(polled.bench.has_line("agentweave_authz_bundle_stale 1"));
  CHECK(polled.bench.has_line("agentweave_authz_bundle_age_seconds 10800"));
  CHECK(polled.allows("invoice"));  // stale is not gone
  polled.serve(bundle_of("r1", R"(["invoice"])"), "\"1\"");
  REQUIRE(polled.poller->poll().ok());  // unchanged is as good as new
  CHECK(polled.poller->staleness().empty());
}

TEST_CASE(
    "a bundle that was kept by a clock that ran ahead goes stale from now on, not from then") {
  Polled polled;
  polled.config.max_staleness = std::chrono::hours(1);
  polled.bench.clock.advance(std::chrono::hours(1000));
  polled.open();
  polled.serve(bundle_of("r1", R"(["invoice"])"), "\"1\"");
  REQUIRE(polled.poller->poll().ok());
  polled.service->archive.reset();
  polled.bench.clock.advance(-std::chrono::hours(1000));
  polled.open();
  REQUIRE(polled.poller->start().ok());
  polled.bench.clock.advance(std::chrono::hours(2));
  CHECK(polled.poller->staleness() == "no good bundle from the service for 2h (max 60m)");
}

TEST_CASE(
    "the alarm is told when it begins, again as often as the bound passes, and when it ends") {
  Polled polled;
  auto const file = polled.state / "log.txt";
  auto log = log::Log::open({.output = log::Output::file, .file = file.string()},
                            polled.bench.clock, "billing");
  REQUIRE(log.ok());
  polled.bench.quiet = std::move(*log);
  auto const told = [&file](std::string_view words) {
    auto const text = fs::read_file(file, 1U << 20);
    REQUIRE(text.ok());
    int count = 0;
    for (auto at = text->find(words); at != std::string::npos; at = text->find(words, at + 1)) {
      ++count;
    }
    return count;
  };
  constexpr auto kAlarm = "the policy is older than it may be";
  polled.config.max_staleness = std::chrono::hours(1);
  polled.open();
  polled.serve(bundle_of("r1", R"(["invoice"])"), "\"1\"");
  REQUIRE(polled.poller->poll().ok());
  polled.service->archive.reset();
  struct Step {
    std::chrono::minutes later;
    int alarms;
  };
  for (auto const& [later, alarms] : {Step{std::chrono::minutes(50), 0},
                                      {std::chrono::minutes(20), 1},
                                      {std::chrono::minutes(20), 1},
                                      {std::chrono::minutes(45), 2},
                                      {std::chrono::minutes(10), 2},
                                      {std::chrono::minutes(60), 3}}) {
    polled.bench.clock.advance(later);
    CHECK_FALSE(polled.poller->poll().ok());
    CHECK(told(kAlarm) == alarms);
  }
  polled.serve(bundle_of("r1", R"(["invoice"])"), "\"1\"");
  REQUIRE(polled.poller->poll().ok());
  CHECK(told("gives good bundles again") == 1);
  REQUIRE(polled.poller->poll().ok());
  CHECK(told("gives good bundles again") == 1);
  CHECK(told(kAlarm) == 3);
}

TEST_CASE("pauses lie between the bounds, and grow while the service fails") {
  Polled polled;
  polled.config.polling = {.min_delay = std::chrono::seconds(60),
                           .max_delay = std::chrono::seconds(120)};
  polled.open();
  for (int i = 0; i < 200; ++i) {
    auto const delay = polled.poller->next_delay({});
    CHECK(delay >= std::chrono::seconds(60));
    CHECK(delay <= std::chrono::seconds(120));
  }
  Result<void> const failed = make_error(Code::connect, "refused");
  CHECK(polled.poller->next_delay(failed) <= std::chrono::seconds(1));
  for (int i = 0; i < 20; ++i) {
    CHECK(polled.poller->next_delay(failed) <= std::chrono::seconds(120));
  }
}

TEST_CASE("over HTTP: the ETag goes along, 304 changes nothing, other statuses are errors") {
  testing::FakeOpa service;
  SystemClock clock;
  io::BlockingPool pool{1, 16};
  http::Client client{http::ClientConfig{}, pool, clock};
  BundleConfig config{.url = service.url() + "/bundles/agents.tar.gz", .token = "t0ken"};
  auto source = http_bundle_source(config, client, std::nullopt);
  REQUIRE(source.ok());
  auto const archive = packed(bundle_of("r1", "[]"));
  service.behave({.body = archive, .headers = "etag: \"r1\"\r\n"});
  auto const first = (*source)->fetch("", {});
  REQUIRE_MESSAGE(first.ok(), (first.ok() ? "" : first.error().text()));
  CHECK(first->changed);
  CHECK(first->archive == archive);
  CHECK(first->etag == "\"r1\"");
  service.behave({.status = 304, .body = ""});
  auto const second = (*source)->fetch(first->etag, {});
  REQUIRE_MESSAGE(second.ok(), (second.ok() ? "" : second.error().text()));
  CHECK_FALSE(second->changed);
  auto const asked = service.asked();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].target == "/bundles/agents.tar.gz");
  CHECK(asked[0].head.find("authorization: Bearer t0ken") != std::string::npos);
  CHECK(asked[0].head.find("if-none-match") == std::string::npos);
  CHECK(asked[1].head.find("if-none-match: \"r1\"") != std::string::npos);
  for (int const status : {304, 404, 500, 302}) {
    service.behave({.status = status, .body = ""});
    CHECK_FALSE((*source)->fetch("", {}).ok());
  }
  CHECK_FALSE(http_bundle_source({.url = "not a url"}, client, std::nullopt).ok());
}

TEST_CASE("an authorizer with a bundle service denies until there is a policy, then decides") {
  Bench bench;
  auto const service = std::make_shared<Service>();
  Config config;
  config.bundle.url = "https://bundles.test/b.tar.gz";
  config.cache.ttl = {};
  AuthorizerNeeds const needs{.clock = bench.clock, .log = *bench.quiet, .metrics = bench.registry};
  auto const context = question("invoice");
  {
    auto opened = Authorizer::open(config, needs, nullptr,
                                   {.source = std::make_unique<ServiceSource>(service)});
    REQUIRE(opened.ok());
    auto const decision = io::run_blocking((*opened)->authorize(context));
    CHECK_FALSE(decision.allowed());
    CHECK(decision.code == Code::pdp_unavailable);
    CHECK((*opened)->status().state == ProviderStatus::State::unavailable);
    CHECK_FALSE(io::run_blocking((*opened)->explain(context)).decision.allowed());
  }
  service->archive = packed(bundle_of("r1", R"(["invoice"])"));
  auto opened = Authorizer::open(config, needs, nullptr,
                                 {.source = std::make_unique<ServiceSource>(service)});
  REQUIRE(opened.ok());
  CHECK(io::run_blocking((*opened)->authorize(context)).allowed());
  auto const status = (*opened)->status();
  CHECK(status.state == ProviderStatus::State::ready);
  CHECK(status.revision == "r1");
  CHECK(bench.has_line("agentweave_authz_policy_info{digest=\"" + status.policy_digest + "\"} 1"));
  bench.clock.advance(std::chrono::hours(2));
  CHECK((*opened)->status().state == ProviderStatus::State::degraded);
  CHECK((*opened)->status().last_error.find("no good bundle") != std::string::npos);
}
