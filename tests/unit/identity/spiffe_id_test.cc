// SPDX-License-Identifier: Apache-2.0
#include "core/identity/spiffe_id.h"

#include <doctest/doctest.h>

#include <set>
#include <unordered_set>

#include "tests/fixtures/ca.h"

using namespace aw;
using namespace aw::fixtures;
using identity::SpiffeId;
using identity::TrustDomain;

TEST_CASE("an ID falls into its parts") {
  auto const id = spiffe_id("spiffe://example.org/agent/search");
  CHECK(id.trust_domain().name() == "example.org");
  CHECK(id.trust_domain().id() == "spiffe://example.org");
  CHECK(id.path() == "/agent/search");
  CHECK(id.last_segment() == "search");
  CHECK(id.text() == "spiffe://example.org/agent/search");
  auto const bare = spiffe_id("spiffe://example.org");
  CHECK(bare.path().empty());
  CHECK(bare.last_segment().empty());
}

TEST_CASE("what the SPIFFE-ID standard allows is accepted") {
  for (auto const* text :
       {"spiffe://a", "spiffe://1.2.3.4/x", "spiffe://trust_domain-1.example/x",
        "spiffe://example.org/A-Z_a-z.0-9", "spiffe://example.org/...", "spiffe://example.org/.a",
        "spiffe://example.org/a/b/c/d", "spiffe://.-_/x"}) {
    CAPTURE(text);
    CHECK(SpiffeId::parse(text).ok());
  }
}

TEST_CASE("what the SPIFFE-ID standard does not allow is refused") {
  for (auto const* text : {"",
                           "spiffe:",
                           "spiffe:/",
                           "spiffe://",
                           "spiffe:///path",
                           "http://example.org/x",
                           "SPIFFE://example.org/x",
                           "Spiffe://example.org/x",
                           " spiffe://example.org/x",
                           "spiffe://Example.org/x",
                           "spiffe://example.org/",
                           "spiffe://example.org/x/",
                           "spiffe://example.org//x",
                           "spiffe://example.org/x//y",
                           "spiffe://example.org/.",
                           "spiffe://example.org/..",
                           "spiffe://example.org/x/../y",
                           "spiffe://example.org/./x",
                           "spiffe://user@example.org/x",
                           "spiffe://user:pw@example.org/x",
                           "spiffe://example.org:8443/x",
                           "spiffe://example.org?q",
                           "spiffe://example.org#f",
                           "spiffe://example.org/x?q=1",
                           "spiffe://example.org/x#f",
                           "spiffe://example.org/x y",
                           "spiffe://example.org/%61",
                           "spiffe://ex%61mple.org/x",
                           "spiffe://example.org/x\n",
                           "spiffe://example.org/\xc3\xa4",
                           "spiffe://\xc3\xa4.org/x",
                           "spiffe://[::1]/x",
                           "spiffe://example.org/a:b",
                           "spiffe://example.org/a@b",
                           "spiffe://example.org/*",
                           "spiffe://*/x",
                           "spiffe://example.org\\x"}) {
    CAPTURE(text);
    auto const id = SpiffeId::parse(text);
    REQUIRE_FALSE(id.ok());
    CHECK(id.error().code == Code::spiffe_id_malformed);
  }
  CHECK_FALSE(SpiffeId::parse(std::string_view("spiffe://example.org/a\0b", 24)).ok());
}

TEST_CASE("lengths have their bounds: 255 bytes of trust domain, 2048 of ID") {
  CHECK(SpiffeId::parse("spiffe://" + std::string(255, 'a') + "/x").ok());
  CHECK_FALSE(SpiffeId::parse("spiffe://" + std::string(256, 'a') + "/x").ok());
  std::string const head = "spiffe://example.org/";
  CHECK(SpiffeId::parse(head + std::string(2048 - head.size(), 'a')).ok());
  CHECK_FALSE(SpiffeId::parse(head + std::string(2049 - head.size(), 'a')).ok());
}

TEST_CASE("an ID is made of a domain and a path") {
  auto const domain = trust_domain("example.org");
  CHECK(must(SpiffeId::make(domain, "/a/b")).text() == "spiffe://example.org/a/b");
  CHECK(must(SpiffeId::make(domain, "")).text() == "spiffe://example.org");
  CHECK_FALSE(SpiffeId::make(domain, "a").ok());
  CHECK_FALSE(SpiffeId::make(domain, "/a/").ok());
  CHECK_FALSE(SpiffeId::make(domain, "?x").ok());
}

TEST_CASE("a trust domain is a bare name") {
  CHECK(TrustDomain::parse("example.org").ok());
  CHECK_FALSE(TrustDomain::parse("spiffe://example.org").ok());
  CHECK_FALSE(TrustDomain::parse("example.org/x").ok());
  CHECK_FALSE(TrustDomain::parse("*").ok());
  CHECK_FALSE(TrustDomain::parse("").ok());
}

TEST_CASE("IDs compare by their bytes, order, and hash") {
  auto const a = spiffe_id("spiffe://example.org/a");
  auto const b = spiffe_id("spiffe://example.org/b");
  CHECK(a == spiffe_id("spiffe://example.org/a"));
  CHECK(a != b);
  CHECK(a < b);
  CHECK(spiffe_id("spiffe://example.org/A") != a);
  CHECK(std::set{a, b, a}.size() == 2);
  CHECK(std::unordered_set<SpiffeId>{a, b, a}.size() == 2);
  CHECK(std::unordered_set<TrustDomain>{a.trust_domain(), b.trust_domain()}.size() == 1);
}

TEST_CASE("a message never repeats control bytes or pages of foreign text") {
  auto const evil = SpiffeId::parse("spiffe://x\x1b[2J/" + std::string(1000, 'a'));
  REQUIRE_FALSE(evil.ok());
  CHECK(evil.error().message.find('\x1b') == std::string::npos);
  CHECK(evil.error().message.size() < 500);
}
