// SPDX-License-Identifier: Apache-2.0
// The parts of drills that need no agent; the drills themselves run in tests/e2e/test_drills.py.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "commands/support/drill_ground.h"
#include "commands/support/drill_pdp.h"
#include "commands/support/drill_transcript.h"
#include "commands/support/drills.h"
#include "commands/support/web.h"
#include "core/base/fs.h"
#include "core/testing/manual_clock.h"
#include "tests/fixtures/pki.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace aw::commands;

struct Stage {
  std::istringstream in;
  std::ostringstream out;
  Env env;
  aw::testing::ManualClock clock{*aw::parse_rfc3339("2026-11-28T15:41:07.000Z")};
  Context context{{.in = in, .out = out, .err = out, .env = env, .clock = clock}};
};

struct Pdp {
  aw::testing::TempDir directory;
  aw::SystemClock clock;
  std::unique_ptr<DrillPdp> pdp;

  Pdp() {
    aw::fixtures::must(aw::fs::write_file_atomic(
        directory / "authz.rego",
        "package agentweave.authz\ndefault allow := false\nallow if input.action == \"greet\"\n",
        aw::fs::Mode::private_file));
    aw::authz::Config config;
    config.policy_dir = directory.path().string();
    config.policy_path = "agentweave/authz/allow";
    pdp = aw::fixtures::must(DrillPdp::open(config, clock));
  }
};

}  // namespace

TEST_CASE("a drill behaved when something good was seen and nothing bad") {
  Stage stage;
  Transcript script("opa-down", stage.context);
  CHECK_FALSE(script.behaved());
  script.tell("nobody answers");
  CHECK_FALSE(script.behaved());
  script.see("503 AW3010", true);
  CHECK(script.behaved());
  script.see("200", false);
  CHECK_FALSE(script.behaved());
  script.close();
  CHECK(stage.out.str() ==
        "drill opa-down\n  15:41:07   nobody answers\n  15:41:07 √ 503 AW3010\n"
        "  15:41:07 × 200\nFAILED    opa-down\n");
  auto const data = script.json();
  CHECK(data.at("behaved") == false);
  CHECK(data.at("lines")[2].at("met") == "bad");
}

TEST_CASE("quietly only what is bad is said; for machines nothing is") {
  Stage stage;
  stage.context.verbosity = Verbosity::quiet;
  {
    Transcript script("a", stage.context);
    script.see("fine", true);
    script.close();
  }
  CHECK(stage.out.str().empty());
  {
    Transcript script("b", stage.context);
    script.see("bad", false);
    script.close();
  }
  CHECK(stage.out.str() == "  15:41:07 × bad\nFAILED    b\n");
  stage.out.str("");
  stage.context.output = Output::json;
  Transcript script("c", stage.context);
  script.see("bad", false);
  script.close();
  CHECK(stage.out.str().empty());
}

TEST_CASE("what a caller saw is one line") {
  CHECK(Seen{.status = 200}.text() == "200");
  CHECK(Seen{.status = 503, .code = "AW3010", .retry = "30"}.text() ==
        "503 AW3010, Retry-After 30");
  CHECK(Seen{.why = "alert unknown CA"}.text() == "no answer: alert unknown CA");
}

TEST_CASE("the drills' decision point decides as the project's policy does, and denies nonsense") {
  Pdp const here;
  CHECK(here.pdp->answer(R"({"input":{"action":"greet"}})") == R"({"result":true})");
  CHECK(here.pdp->answer(R"({"input":{"action":"delete"}})") == R"({"result":false})");
  CHECK(here.pdp->answer(R"({})") == R"({"result":false})");
  CHECK(here.pdp->answer("no json") == "{}");
}

TEST_CASE("the drills' decision point goes away and comes back at the same address") {
  Pdp const here;
  auto const url = here.pdp->url();
  CHECK(web_get(url + "/", std::chrono::seconds(5))->status == 404);
  here.pdp->take_away();
  CHECK_FALSE(web_get(url + "/", std::chrono::seconds(5)).ok());
  REQUIRE(here.pdp->bring_back().ok());
  CHECK(here.pdp->url() == url);
  CHECK(web_get(url + "/", std::chrono::seconds(5)).ok());
}

TEST_CASE("drills have names, each once") {
  auto const names = drill_names();
  CHECK(std::set<std::string_view>(names.begin(), names.end()).size() == names.size());
  CHECK(names.size() == 7);
}
