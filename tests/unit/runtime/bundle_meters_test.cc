// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/bundle_meters.h"

#include <doctest/doctest.h>

#include "core/testing/manual_clock.h"
#include "tests/fixtures/ca.h"

using namespace aw;
using namespace aw::runtime;
using namespace std::chrono_literals;

namespace {

struct Trust {
  testing::ManualClock clock;
  metrics::Registry registry;
  BundleMeters meters{registry, clock};

  [[nodiscard]] std::string value(std::string const& series) const {
    auto const text = "\n" + registry.text();
    auto const at = text.find("\n" + series + " ");
    if (at == std::string::npos) return "absent";
    auto const from = at + series.size() + 2;
    return text.substr(from, text.find('\n', from) - from);
  }
  [[nodiscard]] std::string age(std::string const& domain) const {
    return value("agentweave_trust_bundle_age_seconds{trust_domain=\"" + domain + "\"}");
  }
  [[nodiscard]] std::string lasts(std::string const& domain) const {
    return value("agentweave_trust_bundle_not_after_timestamp_seconds{trust_domain=\"" + domain +
                 "\"}");
  }
};

identity::Bundles bundles(std::initializer_list<fixtures::TestCa const*> authorities) {
  identity::Bundles out;
  for (auto const* ca : authorities) out.emplace(ca->bundle().trust_domain(), ca->bundle());
  return out;
}

}  // namespace

TEST_CASE("a bundle ages until it says something else") {
  Trust trust;
  fixtures::TestCa const own("a.test");
  fixtures::TestCa const other("b.test");
  fixtures::TestCa const rotated("b.test");
  trust.meters.take(bundles({&own, &other}));
  trust.clock.advance(90s);
  trust.meters.take(bundles({&own, &other}));  // an SVID rotated; the bundles did not
  CHECK(trust.age("a.test") == "90");
  CHECK(trust.age("b.test") == "90");
  trust.meters.take(bundles({&own, &rotated}));
  trust.clock.advance(5s);
  CHECK(trust.age("a.test") == "95");
  CHECK(trust.age("b.test") == "5");
}

TEST_CASE("what is told of a bundle's end is its last authority's") {
  Trust trust;
  fixtures::TestCa const own("a.test");
  trust.meters.take(bundles({&own}));
  auto const expected = std::chrono::duration_cast<std::chrono::seconds>(
      own.pki().certificate().not_after().time_since_epoch());
  CHECK(std::stod(trust.lasts("a.test")) == static_cast<double>(expected.count()));
}

TEST_CASE("a trust domain that is trusted no more fires no alert by its old numbers") {
  Trust trust;
  fixtures::TestCa const own("a.test");
  fixtures::TestCa const other("b.test");
  trust.meters.take(bundles({&own, &other}));
  trust.meters.take(bundles({&own}));
  trust.clock.advance(10s);
  CHECK(trust.age("a.test") == "10");
  CHECK(trust.age("b.test") == "NaN");
  CHECK(trust.lasts("b.test") == "NaN");
}
