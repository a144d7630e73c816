// SPDX-License-Identifier: Apache-2.0
#include "core/identity/svid_choice.h"

#include <doctest/doctest.h>

#include "tests/unit/identity/identity_kit.h"

using aw::identity::choose_svid;

TEST_CASE("an SVID is picked by ID, hint or last path segment; without a name it is the default") {
  aw::testing::ManualClock const clock;
  auto const issuer = aw::testing::make_issuer("dev.test", clock);
  auto state = aw::testing::state_of(*issuer);
  CHECK(choose_svid(state, "")->id.text() == "spiffe://dev.test/agent/hello");
  CHECK(choose_svid(state, "spiffe://dev.test/agent/client")->hint == "client");
  state.svids[1].hint = "caller";
  CHECK(choose_svid(state, "caller")->id.text() == "spiffe://dev.test/agent/client");
  CHECK(choose_svid(state, "client")->id.text() == "spiffe://dev.test/agent/client");
  // A hint wins over a path segment.
  state.svids[1].hint = "hello";
  state.svids[0].hint = "";
  CHECK(choose_svid(state, "hello")->id.text() == "spiffe://dev.test/agent/client");
}

TEST_CASE("a name that fits no SVID is refused with the names there are") {
  aw::testing::ManualClock const clock;
  auto const issuer = aw::testing::make_issuer("dev.test", clock);
  auto const chosen = choose_svid(aw::testing::state_of(*issuer), "admin");
  REQUIRE(!chosen.ok());
  CHECK(chosen.error().code == aw::Code::no_svid);
  CHECK(chosen.error().hint ==
        "this workload has spiffe://dev.test/agent/hello, spiffe://dev.test/agent/client");
  CHECK(choose_svid(aw::identity::Snapshot{}, "").error().code == aw::Code::no_svid);
}
