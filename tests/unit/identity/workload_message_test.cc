// SPDX-License-Identifier: Apache-2.0
#include "core/identity/workload_message.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/identity/workload.pb.h"
#include "tests/unit/identity/identity_kit.h"

namespace {

using aw::Code;
using aw::identity::read_message;

struct Sent {
  aw::testing::ManualClock clock;
  std::unique_ptr<aw::identity::DevIssuer> one = aw::testing::make_issuer("one.test", clock);
  std::unique_ptr<aw::identity::DevIssuer> two = aw::testing::make_issuer("two.test", clock);
  X509SVIDResponse message;

  Sent() {
    REQUIRE(one->add_federated(two->bundle()).ok());
    REQUIRE(aw::identity::write_message(aw::testing::state_of(*one), message).ok());
  }
  [[nodiscard]] auto read() const { return read_message(message, clock.now()); }
  [[nodiscard]] Code refused() const {
    auto const result = read();
    return result.ok() ? Code::internal : result.error().code;
  }
};

}  // namespace

TEST_CASE("a state survives the way over the wire") {
  Sent sent;
  auto const read = sent.read();
  REQUIRE(read.ok());
  CHECK(read->received == sent.clock.now());
  CHECK(read->svids.size() == 2);
  CHECK(read->svid().key.matches(read->svid().leaf()));
  CHECK(read->bundles.size() == 2);
}

TEST_CASE("one wrong detail makes the whole message bad") {
  SUBCASE("a key of another SVID") {
    Sent sent;
    sent.message.mutable_svids(0)->set_x509_svid_key(sent.message.svids(1).x509_svid_key());
    CHECK(sent.refused() == Code::key_malformed);
  }
  SUBCASE("an ID that is not the certificate's") {
    Sent sent;
    sent.message.mutable_svids(1)->set_spiffe_id("spiffe://one.test/agent/admin");
    CHECK(sent.refused() == Code::svid_malformed);
  }
  SUBCASE("a certificate cut short") {
    Sent sent;
    sent.message.mutable_svids(0)->mutable_x509_svid()->pop_back();
    CHECK(sent.refused() == Code::svid_malformed);
  }
  SUBCASE("no key") {
    Sent sent;
    sent.message.mutable_svids(0)->clear_x509_svid_key();
    CHECK(sent.refused() == Code::key_malformed);
  }
  SUBCASE("an own bundle that does not parse") {
    Sent sent;
    sent.message.mutable_svids(0)->set_bundle("nonsense");
    CHECK(sent.refused() == Code::bundle_malformed);
  }
  SUBCASE("two bundles of one trust domain that differ") {
    Sent sent;
    sent.message.mutable_svids(1)->set_bundle(sent.two->bundle().der());
    CHECK(sent.refused() == Code::bundle_malformed);
  }
  SUBCASE("a foreign bundle under our own name") {
    Sent sent;
    (*sent.message.mutable_federated_bundles())["spiffe://one.test"] = sent.two->bundle().der();
    CHECK(sent.refused() == Code::bundle_malformed);
  }
  SUBCASE("a federated bundle named by a workload ID") {
    Sent sent;
    (*sent.message.mutable_federated_bundles())["spiffe://x.test/agent/a"] =
        sent.two->bundle().der();
    CHECK(sent.refused() == Code::spiffe_id_malformed);
  }
  SUBCASE("a certificate that is no X.509-SVID") {
    Sent sent;
    sent.message.mutable_svids(0)->set_x509_svid(sent.one->bundle().der());
    CHECK(sent.refused() != Code::internal);
  }
  SUBCASE("too many SVIDs") {
    Sent sent;
    while (sent.message.svids_size() <= aw::identity::kMaxSvids)
      *sent.message.add_svids() = sent.message.svids(0);
    CHECK(sent.refused() == Code::svid_malformed);
  }
}

TEST_CASE("of SVIDs with the same hint the first counts") {
  Sent sent;
  sent.message.mutable_svids(1)->set_hint("hello");
  auto const read = sent.read();
  REQUIRE(read.ok());
  REQUIRE(read->svids.size() == 1);
  CHECK(read->svid().id.text() == "spiffe://one.test/agent/hello");
}

TEST_CASE("a message without SVIDs is a withdrawn identity") {
  auto const read = read_message(X509SVIDResponse(), aw::WallTime{});
  REQUIRE(read.ok());
  CHECK_FALSE(read->has_identity());
}

TEST_CASE("keys are overwritten when they are wiped") {
  Sent sent;
  aw::identity::wipe_keys(sent.message);
  for (auto const& svid : sent.message.svids())
    CHECK(std::ranges::all_of(svid.x509_svid_key(), [](char c) { return c == '\0'; }));
}

TEST_CASE("bytes that are no message are refused") {
  auto const read = aw::identity::read_x509_wire("\xff\xff\xff", aw::WallTime{});
  REQUIRE(!read.ok());
  CHECK(read.error().code == Code::svid_malformed);
}

TEST_CASE("bundle maps are read, and a bad one refused") {
  Sent sent;
  X509BundlesResponse x509;
  aw::identity::write_message(aw::testing::state_of(*sent.one), x509);
  CHECK(read_message(x509)->size() == 2);
  (*x509.mutable_bundles())["one.test"] = "";
  CHECK(read_message(x509).error().code == Code::spiffe_id_malformed);
  JWTBundlesResponse jwt;
  aw::identity::write_message(aw::testing::state_of(*sent.one), jwt);
  auto const read = read_message(jwt);
  REQUIRE(read.ok());
  CHECK(read->at(aw::testing::domain("one.test")).jwt_authorities().size() == 1);
  // SPIRE sends plain JWK sets, without `use`.
  auto plain = jwt.bundles().at("spiffe://one.test");
  auto const use = plain.find("\"use\"");
  REQUIRE(use != std::string::npos);
  plain.replace(use, 5, "\"usf\"");
  (*jwt.mutable_bundles())["spiffe://one.test"] = plain;
  CHECK(read_message(jwt)->at(aw::testing::domain("one.test")).jwt_authorities().size() == 1);
  (*jwt.mutable_bundles())["spiffe://one.test"] = "[]";
  CHECK(read_message(jwt).error().code == Code::bundle_malformed);
  (*jwt.mutable_bundles())["spiffe://one.test"] = "{";
  CHECK(read_message(jwt).error().code == Code::bundle_malformed);
}
