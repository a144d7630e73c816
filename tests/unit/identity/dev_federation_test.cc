// SPDX-License-Identifier: Apache-2.0
#include "core/identity/dev_federation.h"

#include <doctest/doctest.h>

#include "core/identity/workload_server.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/identity/identity_kit.h"

namespace {

using aw::testing::domain;
using aw::testing::eventually;
using aw::testing::state_of;

// A development trust domain with its Workload API.
struct Side {
  Side(std::string const& name, std::filesystem::path const& socket, aw::Clock const& clock)
      : issuer(aw::testing::make_issuer(name, clock)),
        server(aw::identity::WorkloadServer::start(socket, *issuer, clock).value()) {}
  std::unique_ptr<aw::identity::DevIssuer> issuer;
  std::unique_ptr<aw::identity::WorkloadServer> server;
};

bool knows(Side const& side, Side const& other) {
  auto const state = state_of(*side.issuer);
  auto const own = other.issuer->bundle();
  auto const found = state.bundles.find(own.trust_domain());
  return found != state.bundles.end() && found->second.der() == own.der() &&
         found->second.jwt_authorities().size() == own.jwt_authorities().size();
}

}  // namespace

TEST_CASE("two development processes federate both ways and follow each other's CA rotation") {
  aw::testing::TempDir const scratch;
  aw::SystemClock const clock;
  auto const log = aw::log::Log::silent();
  Side one("one.test", scratch / "one.sock", clock);
  Side two("two.test", scratch / "two.sock", clock);
  aw::identity::DevFederation there(*one.issuer, two.server->address(), clock, *log);
  aw::identity::DevFederation back(*two.issuer, one.server->address(), clock, *log);
  REQUIRE(there.start().ok());
  REQUIRE(back.start().ok());
  CHECK(eventually([&] { return knows(one, two) && knows(two, one); }));
  REQUIRE(two.issuer->rotate_ca().ok());
  CHECK(eventually([&] { return knows(one, two); }));
  CHECK(state_of(*one.issuer).bundles.at(domain("two.test")).x509_authorities().size() == 2);
  // They settle: following each other does not publish for ever.
  there.stop();
  back.stop();
  auto const settled = one.issuer->snapshots().version();
  CHECK(settled < 8);
}

TEST_CASE("the other's bundle stays while the other is away or withdrawn") {
  aw::testing::TempDir const scratch;
  aw::SystemClock const clock;
  auto const log = aw::log::Log::silent();
  Side one("one.test", scratch / "one.sock", clock);
  Side two("two.test", scratch / "two.sock", clock);
  aw::identity::DevFederation there(*one.issuer, two.server->address(), clock, *log);
  REQUIRE(there.start().ok());
  REQUIRE(eventually([&] { return knows(one, two); }));
  REQUIRE(two.issuer->withdraw().ok());
  two.server->stop();
  there.stop();
  CHECK(knows(one, two));
}

TEST_CASE("federation refuses an address no Workload API can have") {
  aw::SystemClock const clock;
  auto const log = aw::log::Log::silent();
  auto const issuer = aw::testing::make_issuer("one.test", clock);
  aw::identity::DevFederation there(*issuer, "https://two.test", clock, *log);
  CHECK(there.start().error().code == aw::Code::config_out_of_range);
}
