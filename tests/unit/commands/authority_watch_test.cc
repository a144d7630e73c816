// SPDX-License-Identifier: Apache-2.0
// What `bundle watch` tells of authorities that are given up.
#include "commands/support/authority_watch.h"

#include <doctest/doctest.h>

#include "tests/fixtures/ca.h"

using namespace aw;
using aw::commands::AuthorityWatch;
using aw::commands::closed_for;

namespace {

using namespace std::chrono_literals;

identity::Bundle bundle_of(std::vector<fixtures::TestCa const*> const& authorities) {
  identity::BundleContent content;
  for (auto const* one : authorities) content.x509_authorities.push_back(one->pki().certificate());
  return fixtures::must(
      identity::Bundle::make(fixtures::trust_domain("a.test"), std::move(content)));
}

identity::Svid svid_of(fixtures::TestCa const& ca, WallTime from) {
  auto const& pki = ca.pki();
  auto leaf = pki.leaf(tls::leaf_spec("spiffe://a.test/w", from, from + 1h));
  return fixtures::must(identity::make_svid(std::move(leaf.chain), std::move(leaf.key)));
}

}  // namespace

TEST_CASE("an authority that goes while it is valid was withdrawn; one that ran out was not") {
  auto const now = fixtures::wall_now();
  fixtures::TestCa const first("a.test", tls::KeyType::p256, now);
  fixtures::TestCa const second("a.test", tls::KeyType::p256, now);
  AuthorityWatch watch;
  CHECK(watch.next(bundle_of({&first}), now).empty());
  CHECK(watch.next(bundle_of({&first, &second}), now).empty());
  CHECK(watch.next(bundle_of({&second}), now + 48h).empty());
  CHECK(watch.next(bundle_of({&first, &second}), now).empty());
  auto const gone = watch.next(bundle_of({&second}), now + 1h);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0].fingerprint == first.pki().certificate().fingerprint_sha256());
  CHECK(gone[0].left > 22h);
  CHECK(watch.next(bundle_of({&second}), now + 1h).empty());  // told once
}

TEST_CASE("an authority is tainted when another one replaces its SVID long before half its life") {
  auto const now = fixtures::wall_now();
  struct Row {
    std::chrono::minutes after;
    char const* issuer;
    bool tainted;
  };
  for (Row const& row : {Row{5min, "new", true}, Row{20min, "new", true}, Row{30min, "new", false},
                         Row{5min, "old", false}, Row{5min, "", false}}) {
    CAPTURE(row.after.count());
    CAPTURE(std::string(row.issuer));
    fixtures::TestCa const ca("a.test", tls::KeyType::p256, now);
    AuthorityWatch watch;
    watch.next_svid(svid_of(ca, now), "old", now);
    CHECK_FALSE(watch.tainted("old"));
    watch.next_svid(svid_of(ca, now + 1min), row.issuer, now + row.after);
    CHECK(watch.tainted("old") == row.tainted);
    CHECK_FALSE(watch.tainted("new"));
  }
}

TEST_CASE(
    "the agent's word on closed connections is found by the authority, whatever else it says") {
  CHECK(closed_for(R"({"trust_changes":[{"connections":3,"took_milliseconds":200,"withdrawn":[
      {"trust_domain":"a.test","fingerprint_sha256":"8c1f"}]}]})",
                   "8c1f")
            ->connections == 3);
  for (char const* other : {
           "",
           "[]",
           "{}",
           R"({"trust_changes":3})",
           R"({"trust_changes":[1,{}]})",
           R"({"trust_changes":[{"withdrawn":[{"fingerprint_sha256":"8c1f"}]}]})",
           R"({"trust_changes":[{"connections":-1,"took_milliseconds":1,"withdrawn":[
               {"fingerprint_sha256":"8c1f"}]}]})",
           R"({"trust_changes":[{"connections":1,"took_milliseconds":1,"withdrawn":[
               {"fingerprint_sha256":"d07a"}]}]})",
       }) {
    CAPTURE(std::string(other));
    CHECK_FALSE(closed_for(other, "8c1f").has_value());
  }
}
