// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/discovery.h"

#include <doctest/doctest.h>

using namespace aw;       // NOLINT(google-build-using-namespace): test
using namespace aw::a2a;  // NOLINT(google-build-using-namespace): test

namespace {

identity::TrustDomain const kOwn = *identity::TrustDomain::parse("corp.example");

identity::SpiffeId id(std::string_view text) { return *identity::SpiffeId::parse(text); }

std::string found(std::string_view target, DiscoveryConfig const& config,
                  std::string_view address = "") {
  auto const endpoint = target_endpoint(id(target), config, address);
  return endpoint.ok() ? endpoint->text() : endpoint.error().text();
}

}  // namespace

TEST_CASE("a short name is an agent of the own trust domain") {
  CHECK(target_id("search", kOwn)->text() == "spiffe://corp.example/agent/search");
  CHECK(target_id("spiffe://eu.example/agent/x", kOwn)->text() == "spiffe://eu.example/agent/x");
}

TEST_CASE("what names no agent is a usage error") {
  for (auto const* text :
       {"", "a b", "spiffe://corp.example", "SPIFFE://corp.example/x", "../up"}) {
    CAPTURE(text);
    auto const result = target_id(text, kOwn);
    REQUIRE(!result.ok());
    CHECK(result.error().code == Code::usage);
  }
}

TEST_CASE("an address given wins over the peers' table, and that over the template") {
  DiscoveryConfig const config{.peers = {{.spiffe_id = "spiffe://corp.example/agent/search",
                                          .address = "https://10.0.0.7:9443"}},
                               .address_template = "{name}.{trust_domain}:8443"};
  CHECK(found("spiffe://corp.example/agent/search", config, "https://[::1]:1") ==
        "https://[::1]:1");
  CHECK(found("spiffe://corp.example/agent/search", config) == "https://10.0.0.7:9443");
  CHECK(found("spiffe://corp.example/agent/other", config) == "https://other.corp.example:8443");
}

TEST_CASE("an address without a port means the agents' port") {
  CHECK(found("spiffe://corp.example/agent/a", {}, "10.1.2.3") == "https://10.1.2.3:8443");
  CHECK(found("spiffe://corp.example/agent/a", {}, "[::1]") == "https://[::1]:8443");
  CHECK(found("spiffe://corp.example/agent/a", {}, "a:99") == "https://a:99");
}

TEST_CASE("no agent is called without TLS") {
  auto const plain =
      target_endpoint(id("spiffe://corp.example/agent/a"), {}, "http://127.0.0.1:8080");
  REQUIRE(!plain.ok());
  CHECK(plain.error().code == Code::usage);
}

TEST_CASE("a template that makes no address is the configuration's fault") {
  auto const bad = target_endpoint(id("spiffe://corp.example/agent/a"),
                                   {.peers = {}, .address_template = "http://{name}"}, "");
  REQUIRE(!bad.ok());
  CHECK(bad.error().code == Code::config_out_of_range);
}
