// SPDX-License-Identifier: Apache-2.0
#include "core/trace/sampler.h"

#include <algorithm>
#include <charconv>

namespace aw::trace {
namespace {

// W3C Trace Context level 2: the last 7 bytes are the random ones.
constexpr std::size_t kRandomDigits = 14;
constexpr std::uint64_t kRandomRange = 1ULL << 56U;

std::uint64_t bound_of(Config const& config) {
  switch (config.sampler) {
    case SamplerKind::always_off:
    case SamplerKind::parentbased_always_off:
      return 0;
    case SamplerKind::traceidratio:
    case SamplerKind::parentbased_traceidratio:
      return static_cast<std::uint64_t>(std::clamp(config.sample_rate, 0.0, 1.0) *
                                        static_cast<double>(kRandomRange));
    case SamplerKind::always_on:
    case SamplerKind::parentbased_always_on:
      return kRandomRange;
  }
  return 0;
}

}  // namespace

Sampler::Sampler(Config const& config)
    : follows_parent_(config.sampler >= SamplerKind::parentbased_always_on),
      active_(config.active()),
      bound_(bound_of(config)) {}

bool Sampler::keeps(std::string_view trace_id, Parent parent) const {
  if (!active_) return false;
  if (follows_parent_ && parent != Parent::none) return parent == Parent::sampled;
  if (bound_ == 0 || bound_ == kRandomRange) return bound_ != 0;
  if (trace_id.size() < kRandomDigits) return false;
  auto const digits = trace_id.substr(trace_id.size() - kRandomDigits);
  std::uint64_t value = kRandomRange;
  std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return value < bound_;
}

}  // namespace aw::trace
