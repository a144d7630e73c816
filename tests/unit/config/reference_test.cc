// SPDX-License-Identifier: Apache-2.0
#include "core/config/reference.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/config/schema.h"
#include "core/config/show.h"
#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

TEST_CASE("keys are unique, and each row says what it is") {
  std::set<std::string> seen;
  for (Field const& field : all_fields()) {
    CAPTURE(field.key);
    CHECK(seen.insert(field.key).second);
    CHECK_FALSE(field.help.empty());
    CHECK(field.help.back() != '.');
    CHECK_FALSE(section_help(field.key.substr(0, field.key.find_first_of(".["))).empty());
  }
}

TEST_CASE("defaults obey their own rows") {
  for (Field const& field : all_fields()) {
    const std::string text = default_text(field);
    if (field.is_item() || text.empty() || field.type == Type::maps || field.type == Type::levels) {
      continue;
    }
    CAPTURE(field.key);
    CAPTURE(text);
    CHECK(with("").ok());
    std::string yaml = kMinimal;
    const auto explained = explain(field.key);
    REQUIRE(explained.ok());
    // Every example must load.
    const std::string example = (*explained)["example"];
    if (example.empty() || example.starts_with("agent:")) continue;
    const Loaded result = loaded({.text = kMinimal + example + '\n', .environment = "development"});
    CAPTURE(example);
    CAPTURE(listed(result));
    const bool needs_more = field.key == "authorization.data_files";
    CHECK((result.ok() || needs_more));
  }
}

TEST_CASE("explain knows settings, sections, items and older names") {
  const auto port = explain("server.port");
  REQUIRE(port.ok());
  CHECK((*port)["default"] == "8443");
  CHECK((*port)["environment"] == nlohmann::json({"AGENTWEAVE_SERVER_PORT"}));
  CHECK(explain_text(*port).find("1 to 65535") != std::string::npos);
  CHECK((*explain("replay"))["keys"].size() == 4);
  CHECK((*explain(""))["keys"].size() == all_fields().size());
  CHECK((*explain("agent.capabilities.name"))["key"] == "agent.capabilities[].name");
  CHECK((*explain("peers[3].id"))["key"] == "peers[].id");
  CHECK((*explain("identity.spire_socket"))["key"] == "identity.spiffe_endpoint");
  const auto refused = explain("transport.tls_verify");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::config_unsupported);
  const auto typo = explain("server.prt");
  REQUIRE_FALSE(typo.ok());
  CHECK(typo.error().hint == "did you mean \"server.port\"?");
}

TEST_CASE("the JSON Schema has every setting and closes every mapping") {
  const nlohmann::ordered_json schema = json_schema();
  CHECK(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  CHECK(schema["additionalProperties"] == false);
  auto const& agent = schema["properties"]["agent"];
  CHECK(agent["additionalProperties"] == false);
  CHECK(agent["required"] == nlohmann::json({"name", "trust_domain"}));
  auto const& item = agent["properties"]["capabilities"]["items"];
  CHECK(item["properties"]["backend"]["properties"]["type"]["anyOf"][0]["enum"].size() == 4);
  auto const& port = schema["properties"]["server"]["properties"]["port"]["anyOf"][0];
  CHECK(port["minimum"] == 1);
  CHECK(port["maximum"] == 65535);
  CHECK(schema["properties"]["metadata"]["properties"]["name"]["deprecated"] == true);
}

TEST_CASE("what show prints is a configuration that means the same") {
  const Loaded first = loaded({.text = R"(
agent:
  name: a
  trust_domain: b.c
  description: "quotes \" and: colons # and hashes"
  capabilities:
    - {name: x, description: "yes", backend: {type: exec, command: [./x, "a b", "-1"]}}
    - {name: y, description: d, parameters: {type: object}, backend: {type: builtin, name: echo}}
identity: {on_svid_update: ["true", "null", "1.5", "~", ""]}
peers: [{id: "spiffe://a/b", address: "https://h:1"}, {id: "spiffe://a/c", address: "https://h:2"}]
observability: {logging: {loggers: {agentweave.authz: DEBUG, agentweave.a2a: ERROR}, output: "file:///x"}}
)"});
  CAPTURE(listed(first));
  REQUIRE(first.ok());
  const std::string text = yaml_document(first.config);
  CAPTURE(text);
  const Loaded second = loaded({.text = text});
  CAPTURE(listed(second));
  REQUIRE(second.ok());
  CHECK(changed_keys(first.config, second.config).empty());
  CHECK(second.config.identity.on_svid_update == first.config.identity.on_svid_update);
}

TEST_CASE("show masks secrets and knows where values came from") {
  const Loaded result = loaded({.text = kMinimal + "authorization: {opa_token: hunter2}\n",
                                .env = {{"AGENTWEAVE_SERVER_PORT", "9443"}}});
  REQUIRE(result.ok());
  CHECK(result.config.authorization.opa_token == "hunter2");
  CHECK(yaml_document(result.config).find("hunter2") == std::string::npos);
  CHECK(yaml_document(result.config).find("[redacted]") != std::string::npos);
  std::map<std::string, Setting> all;
  for (Setting const& one : settings(result)) all[one.key] = one;
  CHECK(all.at("agent.name").origin == "a.yaml:1:15");
  CHECK(all.at("server.port").origin == "AGENTWEAVE_SERVER_PORT");
  CHECK(all.at("server.host").origin == "default");
  CHECK(all.at("authorization.opa_token").value.find("hunter2") == std::string::npos);
}
