// SPDX-License-Identifier: Apache-2.0
// federation.json: what was learned comes back as it was, and what is no such file is refused.
#include "core/identity/federation_kept.h"

#include <doctest/doctest.h>

#include "core/testing/manual_clock.h"
#include "tests/fixtures/ca.h"

using namespace aw;
using namespace aw::identity;

namespace {

std::string with_added(std::string const& source) {
  return R"({"version":1,"added":[)" + source + R"(],"bundles":{}})";
}

}  // namespace

TEST_CASE("what federation learned comes back as it was kept, without the configured sources") {
  testing::ManualClock const clock;
  fixtures::TestCa const eu("eu.test", tls::KeyType::p256, clock.now());
  BundleContent content;
  content.x509_authorities = {eu.pki().certificate()};
  content.sequence = 7;
  fixtures::TestCa const us("us.test", tls::KeyType::p256, clock.now());
  BundleContent other;
  other.x509_authorities = {us.pki().certificate()};
  auto const long_ago = clock.now() - std::chrono::hours(47);
  FetchedBundles const bundles = {
      {eu.domain(), {fixtures::must(Bundle::make(eu.domain(), std::move(content))), long_ago}},
      {us.domain(), {fixtures::must(Bundle::make(us.domain(), std::move(other))), clock.now()}}};
  std::vector<FederationSource> sources = {
      fixtures::must(parse_source({.trust_domain = "ap.test",
                                   .url = "https://ap.test/",
                                   .profile = EndpointProfile::https_spiffe,
                                   .endpoint_spiffe_id = "spiffe://ap.test/spire/server"})),
      fixtures::must(parse_source({.trust_domain = "us.test", .url = "https://us.test/"}))};
  sources[0].from = FederationSource::From::added;
  auto const kept = parse_kept_federation(kept_federation_text(sources, bundles));
  REQUIRE(kept.ok());
  REQUIRE(kept->added.size() == 1);
  CHECK(kept->added[0].domain.name() == "ap.test");
  CHECK(kept->added[0].profile == EndpointProfile::https_spiffe);
  CHECK(kept->added[0].endpoint_id->text() == "spiffe://ap.test/spire/server");
  CHECK(kept->added[0].from == FederationSource::From::added);
  auto const& [bundle, seen] = kept->bundles.at("eu.test");
  CHECK(bundle == bundles.at(eu.domain()).first);
  CHECK(format_rfc3339(seen) == format_rfc3339(long_ago));
  CHECK(format_rfc3339(kept->bundles.at("us.test").second) == format_rfc3339(clock.now()));
}

TEST_CASE("a file that is not what was kept is refused whole, and says which part") {
  struct Row {
    std::string text;
    char const* says;
  };
  std::string const good = R"({"trust_domain":"eu.test","url":"https://a/","profile":"https_web"})";
  CHECK(parse_kept_federation(with_added(good)).ok());
  CHECK(parse_kept_federation(R"({"version":1})").ok());
  for (Row const& row : {
           Row{"", ""},
           Row{"[1]", "an object"},
           Row{"{}", "version"},
           Row{R"({"version":2,"added":[],"bundles":{}})", "version"},
           Row{R"({"version":1,"added":{},"bundles":{}})", "added"},
           Row{R"({"version":1,"added":[],"bundles":[]})", "bundles"},
           Row{with_added("7"), "an object"},
           Row{with_added(good + "," + good), "twice"},
           Row{with_added(R"({"trust_domain":7,"url":"https://a/","profile":"https_web"})"),
               "trust_domain"},
           Row{with_added(R"({"trust_domain":"eu.test","url":"http://a/","profile":"https_web"})"),
               "https://"},
           Row{with_added(R"({"trust_domain":"eu.test","url":"https://a/","profile":"any"})"),
               "profile"},
           Row{with_added(
                   R"({"trust_domain":"eu.test","url":"https://a/","profile":"https_spiffe"})"),
               "SPIFFE ID"},
           Row{R"({"version":1,"bundles":{"EU":{"seen":"2026-01-01T00:00:00Z","bundle":"{}"}}})",
               ""},
           Row{R"({"version":1,"bundles":{"eu.test":{"seen":"soon","bundle":"{\"keys\":[]}"}}})",
               ""},
       }) {
    CAPTURE(row.text);
    auto const kept = parse_kept_federation(row.text);
    REQUIRE_FALSE(kept.ok());
    CHECK(kept.error().code == Code::state_unusable);
    CHECK(kept.error().message.find(row.says) != std::string::npos);
  }
}
