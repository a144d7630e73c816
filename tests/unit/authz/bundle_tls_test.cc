// SPDX-License-Identifier: Apache-2.0
// A bundle service over mutual TLS, on a real socket: it sees our identity, and we see its.
#include <doctest/doctest.h>

#include "bundle_fixture.h"
#include "core/authz/bundle_poller.h"
#include "core/authz/bundle_source.h"
#include "core/authz/embedded.h"
#include "core/io/pool.h"
#include "fixture.h"
#include "tests/unit/http/site.h"

using namespace aw;
using namespace aw::authz;

namespace {

// Serves one bundle at /b.tar.gz, with its ETag.
struct SecureService {
  std::string archive = packed(bundle_of("r1", R"(["invoice"])"));
  http::testing::Site site{http::testing::Wired::tls,
                           [this](http::Request& request, http::ResponseWriter& writer) {
                             return answer(request, writer);
                           }};
  io::BlockingPool pool{1, 16};
  http::Client client{http::ClientConfig{}, pool, site.clock()};
  BundleConfig config;

  SecureService() {
    config.url = "https://127.0.0.1:" + std::to_string(site.endpoint().port) + "/b.tar.gz";
  }
  io::Task<void> answer(http::Request& request, http::ResponseWriter& writer) const {
    http::Response response;
    bool const known = request.headers.get("if-none-match") == "\"r1\"";
    response.status = request.target != "/b.tar.gz" ? 404 : known ? 304 : 200;
    response.headers.add("etag", "\"r1\"");
    if (response.status == 200) response.body = archive;
    co_await writer.respond(std::move(response));
  }
  [[nodiscard]] std::unique_ptr<BundleSource> source(http::Security security) {
    auto made = http_bundle_source(config, client, std::move(security));
    REQUIRE(made.ok());
    return std::move(*made);
  }
};

}  // namespace

TEST_CASE("a bundle is fetched over mutual TLS with our own identity, then left alone") {
  SecureService service;
  auto const source = service.source(service.site.as("spiffe://example.org/agent/billing"));
  auto const first = source->fetch("", {});
  REQUIRE_MESSAGE(first.ok(), (first.ok() ? "" : first.error().text()));
  CHECK(first->archive == service.archive);
  auto const second = source->fetch(first->etag, {});
  REQUIRE(second.ok());
  CHECK_FALSE(second->changed);
  auto const seen = service.site.infos();
  REQUIRE_FALSE(seen.empty());
  REQUIRE_FALSE(seen[0].peer_chain.empty());
  CHECK(seen[0].peer_chain[0].uri_sans().at(0) == "spiffe://example.org/agent/billing");
}

TEST_CASE("a service that does not take our identity gives no bundle, and nothing changes") {
  SecureService service;
  auto const source = service.source(service.site.as("spiffe://example.org/evil"));
  CHECK_FALSE(source->fetch("", {}).ok());
}

TEST_CASE("a service that is somebody else gives no bundle, whatever it offers") {
  SecureService service;
  auto security = service.site.as("spiffe://example.org/agent/billing");
  security.check = [](std::span<const tls::Certificate> chain) -> Result<void> {
    bool const right =
        !chain.empty() && chain[0].uri_sans().at(0) == "spiffe://example.org/bundles";
    if (right) return {};
    return make_error(Code::peer_mismatch, "not the bundle service");
  };
  auto const source = service.source(std::move(security));
  auto const refused = source->fetch("", {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::peer_mismatch);
  // Once it shows the right identity it is believed: a new connection each time it was refused.
  service.site.rotate("spiffe://example.org/bundles");
  auto const good = source->fetch("", {});
  REQUIRE_MESSAGE(good.ok(), (good.ok() ? "" : good.error().text()));
}

TEST_CASE("what the poller gets over mutual TLS decides") {
  SecureService service;
  Bench bench;
  testing::TempDir const state;
  auto const meters = std::make_shared<Meters>(bench.registry, std::vector<std::string>{});
  auto opened = PolicyStore::open(
      {.policy_path = "agentweave/authz", .first = PolicyStore::Options::First::later}, bench.clock,
      *bench.quiet, meters);
  REQUIRE(opened.ok());
  BundlePoller poller(
      service.config,
      {.source = service.source(service.site.as("spiffe://example.org/agent/billing")),
       .store = **opened,
       .clock = bench.clock,
       .log = *bench.quiet,
       .meters = meters,
       .state_directory = state.path().string()});
  REQUIRE(poller.poll().ok());
  EmbeddedPolicy const policy({.policy_path = "agentweave/authz"}, **opened, bench.clock, meters);
  CHECK(policy.decide(question("invoice")).allowed());
  CHECK_FALSE(policy.decide(question("refund")).allowed());
}
