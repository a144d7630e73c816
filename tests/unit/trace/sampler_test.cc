// SPDX-License-Identifier: Apache-2.0
#include "core/trace/sampler.h"

#include <doctest/doctest.h>

#include <string>

#include "core/base/random.h"
#include "core/base/text.h"

using namespace aw;
using namespace aw::trace;

namespace {

Config config(SamplerKind kind, double rate = 1.0) {
  Config out;
  out.endpoint = "http://collector.test:4318";
  out.sampler = kind;
  out.sample_rate = rate;
  return out;
}

std::string const kLow = "4bf92f3577b34da6a300000000000001";
std::string const kHigh = "4bf92f3577b34da6a3ffffffffffffff";

}  // namespace

TEST_CASE("who decides whether a request is traced: the sampler, and its caller where it may") {
  struct Row {
    SamplerKind kind;
    Parent parent;
    bool kept;
  };
  using enum SamplerKind;
  for (auto const& row :
       {Row{always_on, Parent::none, true}, Row{always_on, Parent::not_sampled, true},
        Row{always_off, Parent::none, false}, Row{always_off, Parent::sampled, false},
        Row{parentbased_always_on, Parent::none, true},
        Row{parentbased_always_on, Parent::not_sampled, false},
        Row{parentbased_always_off, Parent::none, false},
        Row{parentbased_always_off, Parent::sampled, true},
        Row{parentbased_traceidratio, Parent::sampled, true},
        Row{parentbased_traceidratio, Parent::not_sampled, false},
        Row{traceidratio, Parent::not_sampled, true}}) {
    CAPTURE(static_cast<int>(row.kind));
    CAPTURE(static_cast<int>(row.parent));
    CHECK(Sampler(config(row.kind)).keeps(kHigh, row.parent) == row.kept);
  }
}

TEST_CASE("a rate keeps the same traces at every agent, and that part of them") {
  Sampler const quarter(config(SamplerKind::traceidratio, 0.25));
  CHECK(quarter.keeps(kLow, Parent::none));
  CHECK_FALSE(quarter.keeps(kHigh, Parent::none));
  CHECK_FALSE(Sampler(config(SamplerKind::traceidratio, 0)).keeps(kLow, Parent::none));
  int kept = 0;
  constexpr int kTraces = 4000;
  for (int i = 0; i < kTraces; ++i)
    kept += quarter.keeps(text::to_hex(random_bytes(16)), Parent::none) ? 1 : 0;
  CHECK(kept > kTraces / 4 - 200);  // seven standard deviations
  CHECK(kept < kTraces / 4 + 200);
}

TEST_CASE("nothing is kept when nothing would be sent") {
  CHECK_FALSE(Sampler().keeps(kLow, Parent::sampled));
  auto off = config(SamplerKind::always_on);
  off.enabled = false;
  CHECK_FALSE(Sampler(off).keeps(kLow, Parent::sampled));
  auto disabled = config(SamplerKind::always_on);
  disabled.disabled = true;
  CHECK_FALSE(Sampler(disabled).keeps(kLow, Parent::sampled));
  auto none = config(SamplerKind::always_on);
  none.exporter = ExporterKind::none;
  CHECK_FALSE(Sampler(none).keeps(kLow, Parent::sampled));
  auto nowhere = config(SamplerKind::always_on);
  nowhere.endpoint.clear();
  CHECK_FALSE(Sampler(nowhere).keeps(kLow, Parent::sampled));
}
