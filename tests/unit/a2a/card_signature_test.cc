// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/card_signature.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/a2a/card.h"
#include "core/a2a/card_keys.h"
#include "core/a2a/jcs.h"
#include "core/base/text.h"
#include "tests/fixtures/ca.h"

using namespace aw;       // NOLINT(google-build-using-namespace): test
using namespace aw::a2a;  // NOLINT(google-build-using-namespace): test
using json::Json;

namespace {

constexpr char const* kPath = "/agent/hello";

struct Signers {
  fixtures::TestCa ca{"hello.test"};
  fixtures::TestCa foreign{"hello.test"};  // the same name, another authority
  identity::Svid svid = ca.svid(kPath);
  identity::Bundles bundles{{ca.domain(), ca.bundle()}};

  [[nodiscard]] CardTrust trust() const {
    return {.bundles = &bundles, .allowed = {ca.domain()}, .keys = {}, .now = ca.now()};
  }
  [[nodiscard]] Card card(CardKeys keys,
                          std::string spiffe_id = "spiffe://hello.test/agent/hello") const {
    return Card({.agent = {.name = "hello",
                           .trust_domain = "hello.test",
                           .capabilities = {{.name = "greet", .description = "grüßt"}}},
                 .spiffe_id = std::move(spiffe_id),
                 .base_url = "https://hello.test:8443",
                 .keys = [keys] { return keys; }});
  }
  [[nodiscard]] static CardKeys only(CardKey key) {
    return std::make_shared<const std::vector<CardKey>>(std::vector<CardKey>{std::move(key)});
  }
};

std::string served(Card const& card, CardRequest::Form form) {
  return card.json(form, "https://hello.test:8443");
}

std::string changed(std::string const& card, char const* member, Json value) {
  auto parsed = Json::parse(card);
  parsed[member] = std::move(value);
  return parsed.dump();
}

}  // namespace

TEST_CASE("canonical JSON is RFC 8785's") {
  CHECK(canonical_json(Json::parse(R"({ "b" : [ 1e0, 1.5, -0, 1E30, 4.50, 2e-3, 0.000001, 1e-7 ],
      "a": "\u20ac$\u000F\nA'\u0042\u0022\u005c\\\"\/" , "": null, "t": true })")) ==
        "{\"\":null,\"a\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\","
        "\"b\":[1,1.5,0,1e+30,4.5,0.002,0.000001,1e-7],\"t\":true}");
  // Sorted by UTF-16 code units: a surrogate pair comes before U+FB33.
  CHECK(canonical_json(Json::parse(R"({"\ufb33":1,"\ud83d\ude00":2,"\u00f6":3,"1":4,"\r":5})")) ==
        "{\"\\r\":5,\"1\":4,\"\xC3\xB6\":3,\"\xF0\x9F\x98\x80\":2,\"\xEF\xAC\xB3\":1}");
  struct Row {
    double value;
    char const* text;
  };
  for (auto const row :
       {Row{333333333.33333329, "333333333.3333333"}, Row{1e21, "1e+21"},
        Row{123456789012345680000.0, "123456789012345680000"},
        Row{9007199254740992.0, "9007199254740992"}, Row{5e-324, "5e-324"},
        Row{-1.7976931348623157e308, "-1.7976931348623157e+308"}, Row{100, "100"}, Row{0.1, "0.1"}})
    CHECK(ecmascript_number(row.value) == row.text);
}

TEST_CASE("a card signed with the SVID leads to the SPIFFE ID that presents it") {
  Signers const s;
  auto const card = s.card(Signers::only(fixtures::must(card_key(s.svid))));
  for (auto const form : {CardRequest::Form::pure, CardRequest::Form::hybrid}) {
    auto const verified = verify_card_of(served(card, form), s.trust(), s.svid.id);
    INFO((verified.ok() ? "" : verified.error().text()));
    REQUIRE(verified.ok());
    CHECK(verified->signer == s.svid.id);
    CHECK(verified->algorithm == "ES256");
    // Nothing of 0.3's members is vouched for, and so nothing of them is handed on.
    CHECK_FALSE(Json::parse(verified->card).contains("url"));
  }
}

TEST_CASE("every change to what is signed breaks the signature, and 0.3's members are not signed") {
  Signers const s;
  auto const good =
      served(s.card(Signers::only(fixtures::must(card_key(s.svid)))), CardRequest::Form::hybrid);
  for (auto const& [member, value] :
       {std::pair<char const*, Json>{"name", "evil"},
        {"supportedInterfaces", Json::array({{{"url", "https://evil"}}})},
        {"skills", Json::array()},
        {"provider", {{"organization", "x"}}}}) {
    CAPTURE(member);
    auto const verified = verify_card(changed(good, member, value), s.trust());
    REQUIRE_FALSE(verified.ok());
    CHECK(verified.error().code == Code::card_unverified);
  }
  auto const moved = verify_card(changed(good, "url", "https://evil"), s.trust());
  REQUIRE(moved.ok());
  CHECK_FALSE(moved->card.contains("evil"));
}

TEST_CASE("who is not trusted, late, somebody else or nobody signs nothing") {
  Signers const s;
  auto const key = fixtures::must(card_key(s.svid));
  auto const pure = CardRequest::Form::pure;

  auto const foreign = s.card(Signers::only(fixtures::must(card_key(s.foreign.svid(kPath)))));
  CHECK_FALSE(verify_card(served(foreign, pure), s.trust()).ok());

  auto late = s.trust();
  late.now = s.svid.not_after();
  CHECK_FALSE(verify_card(served(s.card(Signers::only(key)), pure), late).ok());

  auto const other = s.card(Signers::only(fixtures::must(card_key(s.ca.svid("/agent/other")))));
  CHECK(verify_card(served(other, pure), s.trust()).ok());
  CHECK_FALSE(verify_card_of(served(other, pure), s.trust(), s.svid.id).ok());

  auto const claims = s.card(Signers::only(key), "spiffe://hello.test/agent/other");
  CHECK_FALSE(verify_card_of(served(claims, pure), s.trust(), s.svid.id).ok());

  auto const unsigned_card = s.card(nullptr);
  CHECK(verify_card(served(unsigned_card, pure), s.trust()).error().message ==
        "the card is not signed");
  auto nobody = s.trust();
  nobody.bundles = nullptr;
  CHECK_FALSE(verify_card(served(s.card(Signers::only(key)), pure), nobody).ok());
}

TEST_CASE("a signature's header cannot choose how it is checked") {
  Signers const s;
  auto const card = Json::parse(
      served(s.card(Signers::only(fixtures::must(card_key(s.svid)))), CardRequest::Form::pure));
  auto const header =
      Json::parse(*text::from_base64url(card["signatures"][0]["protected"].get<std::string>()));
  for (auto const& [member, value] : {std::pair<char const*, Json>{"alg", "none"},
                                      {"alg", "HS256"},
                                      {"alg", "EdDSA"},
                                      {"crit", Json::array({"x"})},
                                      {"b64", false},
                                      {"x5c", Json::array()},
                                      {"x5c", "text"}}) {
    CAPTURE(member);
    auto changed_header = header;
    changed_header[member] = value;
    auto forged = card;
    forged["signatures"][0]["protected"] = text::to_base64url(changed_header.dump());
    CHECK_FALSE(verify_card(forged.dump(), s.trust()).ok());
  }
  auto many = card;
  for (int i = 0; i < 20; ++i) many["signatures"].push_back(card["signatures"][0]);
  CHECK_FALSE(verify_card(many.dump(), s.trust()).ok());
}

TEST_CASE("while the SVID rotates two keys sign, and either is enough") {
  Signers const s;
  auto const ring = fixtures::must(CardKeyring::open({}));
  CHECK(ring->rotate(s.svid, s.ca.now()).ok());
  CHECK(ring->keys()->size() == 1);
  auto const next = s.ca.svid(kPath);
  CHECK(ring->rotate(next, s.ca.now()).ok());
  REQUIRE(ring->keys()->size() == 2);
  CHECK(ring->keys()->front().chain.front() == next.leaf());
  auto card = Json::parse(served(s.card(ring->keys()), CardRequest::Form::pure));
  REQUIRE(card["signatures"].size() == 2);
  for (std::size_t i : {0U, 1U}) {
    auto spoilt = card;
    spoilt["signatures"][i]["signature"] = "AAAA";
    CHECK(verify_card_of(spoilt.dump(), s.trust(), s.svid.id).ok());
  }
  CHECK(ring->rotate(s.ca.svid(kPath), next.not_after()).ok());
  CHECK(ring->keys()->size() == 1);
}

TEST_CASE("the same card is signed once and keeps its ETag until its key changes") {
  Signers const s;
  auto const ring = fixtures::must(CardKeyring::open({}));
  CHECK(ring->rotate(s.svid, s.ca.now()).ok());
  Card const card({.agent = {.name = "hello"}, .base_url = "https://hello.test", .keys = [&ring] {
                     return ring->keys();
                   }});
  auto const tag = [&card] {
    return std::string(card.respond({}).headers.get("etag").value_or(""));
  };
  auto const first = tag();
  CHECK(tag() == first);
  CHECK(ring->rotate(s.ca.svid(kPath), s.ca.now()).ok());
  CHECK(tag() != first);
}

TEST_CASE("a key that was given counts without a chain") {
  Signers const s;
  for (auto const type :
       {tls::KeyType::p256, tls::KeyType::p384, tls::KeyType::rsa2048, tls::KeyType::ed25519}) {
    auto const key = fixtures::must(card_key(fixtures::must(tls::PrivateKey::generate(type))));
    auto const text = served(s.card(Signers::only(key)), CardRequest::Form::pure);
    CardTrust trust{.bundles = nullptr,
                    .allowed = {},
                    .keys = {fixtures::must(key.key.public_key())},
                    .now = s.ca.now()};
    auto const verified = verify_card(text, trust);
    REQUIRE(verified.ok());
    CHECK_FALSE(verified->signer);
    trust.keys = {fixtures::must(fixtures::must(tls::PrivateKey::generate(type)).public_key())};
    CHECK_FALSE(verify_card(text, trust).ok());
  }
}
