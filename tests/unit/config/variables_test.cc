// SPDX-License-Identifier: Apache-2.0
// Environment variables that were meant for us and that nobody reads.
#include "core/config/variables.h"

#include <doctest/doctest.h>

#include "core/config/schema.h"
#include "tests/unit/config/support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

TEST_CASE("a misspelt variable is warned of, with the name that was meant") {
  struct Row {
    std::string name;
    std::string meant;
  };
  for (auto const& [name, meant] : {
           Row{"AGENTWEAVE_SEVER_PORT", "AGENTWEAVE_SERVER_PORT"},
           Row{"AGENTWEAVE_LOGLEVEL", "AGENTWEAVE_LOG_LEVEL"},
           Row{"AGENTWEAVE_CONFIG_PAHT", "AGENTWEAVE_CONFIG_PATH"},
           Row{"AGENTWEAVE_SPIFFE_ENDPOINT", "AGENTWEAVE_IDENTITY_SPIFFE_ENDPOINT"},
           Row{"AGENTWEAVE_AUTHORIZATION_POLICYDIR", "AGENTWEAVE_AUTHORIZATION_POLICY_DIR"},
       }) {
    CAPTURE(name);
    Loaded const result = loaded({.env = {{name, "a secret, perhaps"}}});
    CHECK(result.ok());
    REQUIRE(result.diagnostics.size() == 1);
    auto const& one = result.diagnostics[0];
    CHECK(one.severity == Severity::warning);
    CHECK(one.place.text() == name);
    CHECK(one.hint == "did you mean " + meant + "?");
    CHECK(render_text(one).find("secret") == std::string::npos);
  }
}

TEST_CASE("variables of others are nobody's business, whatever their prefix") {
  for (std::string const name : {
           "AGENTWEAVE_", "AGENTWEAVE_BANANA",
           "AGENTWEAVE_SERVICE_HOST",  // Kubernetes, of a Service called agentweave
           "AGENTWEAVE_SERVICE_PORT_HTTPS", "AGENTWEAVE_PORT", "AGENTWEAVE_PORT_8443_TCP_ADDR",
           "AGENTWEAVE_APP",  // what our own commands get
           "AGENTWEAVE_AGENT", "AGENTWEAVE_OUTBOUND", "AGENTWEAVE_METRICS", "AGENTWEAVE_ADMIN",
           "AGENTWEAVE_CAPABILITY", "AGENTWEAVE_TASK_ID", "AGENTWEAVE_CONTEXT_ID",
           "AGENTWEAVE_CALLER", "AGENTWEAVE_DECISION_ID", "AGENTWEAVE_SVID_EXPIRY",
           "AGENTWAVE_SERVER_PORT",  // not our prefix
       }) {
    CAPTURE(name);
    CHECK(listed(loaded({.env = {{name, "tcp://10.0.0.1:8443"}}})).empty());
  }
}

TEST_CASE("a variable that the configuration itself names is no slip") {
  std::map<std::string, std::string> const env = {{"AGENTWEAVE_SERVER_HOSTS", "127.0.0.2"},
                                                  {"AGENTWEAVE_SERVER_PORTS", "1"}};
  auto const names_one = kMinimal + "server: {host: \"${AGENTWEAVE_SERVER_HOSTS:-127.0.0.1}\"}\n";
  auto const names_both = names_one + "run: {environment: [\"PORT=AGENTWEAVE_SERVER_PORTS\"]}\n";
  auto const warnings = [&env](std::string const& text) {
    return loaded({.text = text, .env = env}).diagnostics.size();
  };
  CHECK(warnings(kMinimal) == 2);
  CHECK(warnings(names_one) == 1);
  CHECK(warnings(names_both) == 0);
}

TEST_CASE("no variable that is read is taken for another") {
  std::vector<std::string> all;
  for (auto const& field : all_fields()) {
    if (auto const derived = derived_variable(field); !derived.empty()) all.push_back(derived);
    for (auto const& name : field.variables) all.push_back(name);
  }
  CHECK(misspelt_variables(all, [](std::string_view) { return false; }).empty());
}
