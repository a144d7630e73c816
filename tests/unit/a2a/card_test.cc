// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/card.h"

#include <doctest/doctest.h>

#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

CardOptions options() {
  CardOptions out;
  out.agent = {.name = "hello",
               .trust_domain = "hello.test",
               .description = "says hello",
               .version = "1.2.0",
               .capabilities = {{.name = "greet", .description = "greets"}}};
  out.spiffe_id = "spiffe://hello.test/agent/hello";
  return out;
}

CardRequest asked(CardRequest::Form form) {
  CardRequest out;
  out.form = form;
  out.host = "agent.example:8443";
  return out;
}

}  // namespace

TEST_CASE("the pure card is a 1.0 document and nothing else") {
  auto const card =
      nlohmann::json::parse(Card(options()).respond(asked(CardRequest::Form::pure)).body);
  CHECK(card["name"] == "hello");
  CHECK(card["version"] == "1.2.0");
  CHECK(card["supportedInterfaces"][0]["url"] == "https://agent.example:8443/rpc");
  CHECK(card["supportedInterfaces"][0]["protocolBinding"] == "JSONRPC");
  CHECK(card["supportedInterfaces"][0]["protocolVersion"] == "1.0");
  CHECK(card["supportedInterfaces"][1]["protocolBinding"] == "HTTP+JSON");
  CHECK(card["supportedInterfaces"][2]["protocolBinding"] == "GRPC");
  CHECK(card["supportedInterfaces"][2]["url"] == "agent.example:8443");
  CHECK(card["supportedInterfaces"][3]["protocolVersion"] == "0.3");
  CHECK(card["supportedInterfaces"][5]["url"] == "https://agent.example:8443");
  CHECK(card["skills"][0]["id"] == "greet");
  CHECK(card["skills"][0]["tags"].size() == 1);
  CHECK(card["securitySchemes"]["mtls"].contains("mtlsSecurityScheme"));
  for (auto const* const old : {"protocolVersion", "url", "preferredTransport",
                                "additionalInterfaces", "security", "authentication", "extensions"})
    CHECK_FALSE(card.contains(old));
  CHECK(card["capabilities"]["extensions"][0]["params"]["spiffe_id"] ==
        "spiffe://hello.test/agent/hello");
}

TEST_CASE("the card says what a capability takes, where its owner said so") {
  auto said = options();
  said.agent.capabilities.push_back({.name = "add",
                                     .description = "adds",
                                     .parameters = R"({"type":"object","required":["a"]})"});
  auto const card = nlohmann::json::parse(Card(said).respond(asked(CardRequest::Form::pure)).body);
  auto const& extension = card["capabilities"]["extensions"][1];
  CHECK(extension["uri"] == "urn:agentweave:extension:parameters");
  CHECK(extension["params"] ==
        nlohmann::json::parse(R"({"add":{"type":"object","required":["a"]}})"));
  CHECK(nlohmann::json::parse(Card(options())
                                  .respond(asked(CardRequest::Form::pure))
                                  .body)["capabilities"]["extensions"]
            .size() == 1);
}

TEST_CASE("the hybrid card adds what 0.3 clients read") {
  auto const card =
      nlohmann::json::parse(Card(options()).respond(asked(CardRequest::Form::hybrid)).body);
  CHECK(card["protocolVersion"] == "0.3.0");
  CHECK(card["url"] == "https://agent.example:8443/rpc");
  CHECK(card["securitySchemes"]["mtls"]["type"] == "mutualTLS");
  CHECK(card.contains("supportedInterfaces"));
  CHECK_FALSE(card.contains("authentication"));  // an array of other things to 0.2's readers
}

TEST_CASE("the old name's card has what the earlier implementation's clients look for") {
  auto const card =
      nlohmann::json::parse(Card(options()).respond(asked(CardRequest::Form::earlier)).body);
  CHECK(card["extensions"]["spiffe_id"] == "spiffe://hello.test/agent/hello");
  CHECK(card["authentication"]["schemes"][0]["type"] == "mtls");
  CHECK(card["protocolVersion"] == "0.3.0");
}

TEST_CASE("no required value of a card is empty") {
  CardOptions bare;
  bare.agent.name = "x";
  bare.agent.capabilities = {{.name = "c"}};
  auto const card = nlohmann::json::parse(Card(bare).respond(asked(CardRequest::Form::pure)).body);
  CHECK(card["description"] == "x");
  CHECK(card["skills"][0]["description"] == "c");
  CHECK_FALSE(card["defaultInputModes"].empty());
}

TEST_CASE("a known document is answered 304 without a body") {
  Card const card(options());
  auto request = asked(CardRequest::Form::hybrid);
  auto const first = card.respond(request);
  CHECK(first.headers.get("cache-control") == "max-age=300");
  CHECK(first.headers.has("last-modified"));
  request.if_none_match = "\"other\", W/" + std::string(first.headers.get("etag").value());
  auto const again = card.respond(request);
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(again.headers.get("etag") == first.headers.get("etag"));
  request.form = CardRequest::Form::pure;
  CHECK(card.respond(request).status == 200);
}

TEST_CASE("a strange Host does not get into the card") {
  Card const card(options());
  for (auto const* const host : {"", "a b", "evil\"/><", "x/y", "user@host"})
    CHECK(card.base_url_for(host) == "https://localhost:8443");
  CHECK(card.base_url_for("[::1]:8443") == "https://[::1]:8443");
  auto fixed = options();
  fixed.base_url = "https://public.example";
  CHECK(Card(fixed).base_url_for("other") == "https://public.example");
}
