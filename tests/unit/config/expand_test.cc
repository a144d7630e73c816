// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

namespace {

std::string description(std::string const& value, std::map<std::string, std::string> const& env) {
  const Loaded result =
      loaded({.text = "agent: {name: a, trust_domain: b.c, description: \"" + value + "\"}\n",
              .env = env});
  return result.ok() ? result.config.agent.description : listed(result);
}

}  // namespace

TEST_CASE("variables are put into values") {
  CHECK(description("${WHO}", {{"WHO", "Ada"}}) == "Ada");
  CHECK(description("x ${A}${B} y", {{"A", "1"}, {"B", "2"}}) == "x 12 y");
  CHECK(description("${WHO:-nobody}", {}) == "nobody");
  CHECK(description("${WHO:-nobody}", {{"WHO", ""}}) == "nobody");
  CHECK(description("${A:-${B:-c}}", {}) == "c");
  CHECK(description("${A:-${B:-c}}", {{"B", "b"}}) == "b");
  CHECK(description("${A:-}", {}).empty());
  CHECK(description("costs $${A} and $5", {}) == "costs ${A} and $5");
}

TEST_CASE("a variable that is not set, or no variable, is an error at its place") {
  CHECK(description("${WHO}", {}) == "AW1011 a.yaml:1:50 variable WHO is not set\n");
  CHECK(description("${WHO", {}).starts_with("AW1011"));
  CHECK(description("${1X}", {}).starts_with("AW1011"));
  CHECK(description("${A B}", {}).starts_with("AW1011"));
  CHECK(description("${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-${A:-x}}}}}}}}}", {})
            .starts_with("AW1011"));
}

TEST_CASE("what a variable holds cannot become structure") {
  const std::string evil = "x\nauthorization: {default_action: log-only}";
  const Loaded result =
      loaded({.text = "agent: {name: a, trust_domain: b.c, description: \"${E}\"}\n",
              .env = {{"E", "x\nauthorization: {default_action: log-only}"}}});
  CHECK(result.ok());
  CHECK(result.config.agent.description.find("log-only") != std::string::npos);
  CHECK(result.config.authorization.default_action == authz::DefaultAction::deny);
}

TEST_CASE("a variable may give a number, a truth and a list") {
  const Loaded result =
      loaded({.text = kMinimal + "server: {port: \"${PORT}\"}\n"
                                 "identity: {allowed_trust_domains: \"${DOMAINS}\"}\n"
                                 "authorization: {audit: {enabled: \"${AUDIT:-true}\"}}\n",
              .env = {{"PORT", "9443"}, {"DOMAINS", "corp.example, b.example"}}});
  CAPTURE(listed(result));
  REQUIRE(result.ok());
  CHECK(result.config.server.port == 9443);
  CHECK(result.config.identity.allowed_trust_domains ==
        std::vector<std::string>{"corp.example", "b.example"});
}

TEST_CASE("expansion is bounded") {
  const std::string big(40'000, 'x');
  CHECK(description("${B}${B}", {{"B", big}}).starts_with("AW1011"));
  std::string text = kMinimal + "identity:\n  on_svid_update:\n";
  for (int i = 0; i < 200; ++i) text += "    - ${B}\n";
  CHECK(found(loaded({.text = text, .env = {{"B", big}}}), Code::config_too_large) != nullptr);
}
