// needs: aw_rego
// SPDX-License-Identifier: Apache-2.0
// A module, an input and a base document, parted by zero bytes: compiled and asked within bounds.
// The record of why must not change the answer, and what is said to flip it must flip it.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/rego/near_miss.h"
#include "core/rego/policy.h"

namespace {

using namespace aw::rego;

EvalOptions bounded(TraceLevel trace) {
  EvalOptions options;
  options.limits.steps = 20'000;
  options.limits.depth = 200;
  options.limits.memory = 8U << 20;
  options.trace = trace;
  options.seed = 1;
  return options;
}

void check_misses(Policy const& policy, Query const& query, Value const& input,
                  Outcome const& plain) {
  auto const differs = [&plain](Outcome const& then) {
    return then.ok() && !(then.value == plain.value);
  };
  NearMissLimits const few{.evaluations = 20, .steps = 100'000, .most = 2};
  auto const options = bounded(TraceLevel::off);
  for (auto const& miss : find_near_misses({policy, query, input, options}, differs, few)) {
    auto const then = apply(miss, {input, policy.data()});
    auto changed = options;
    changed.data = then.data;
    if (!differs(policy.evaluate(query, then.input, changed))) std::abort();
  }
}

void check(Policy const& policy, Query const& query, Value const& input) {
  auto const plain = policy.evaluate(query, input, bounded(TraceLevel::off));
  auto const why = policy.evaluate(query, input, bounded(TraceLevel::why));
  if (plain.ok() != why.ok()) std::abort();
  if (!plain.ok()) return;
  if (!(plain.value == why.value) || plain.value.to_json() != why.value.to_json()) std::abort();
  auto const full = policy.evaluate(query, input, bounded(TraceLevel::full));
  if (full.ok() && !(full.value == plain.value)) std::abort();
  check_misses(policy, query, input, plain);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size > 16'384) return 0;
  std::string const all(reinterpret_cast<char const*>(data), size);
  auto const first = all.find('\0');
  auto const second = first == std::string::npos ? first : all.find('\0', first + 1);
  std::vector<Source> const sources = {{"fuzz.rego", all.substr(0, first)}};
  Value input;
  Value base;
  if (first != std::string::npos) {
    auto parsed = parse_json(all.substr(first + 1, second - first - 1));
    if (parsed.ok()) input = *parsed;
  }
  if (second != std::string::npos) {
    auto parsed = parse_json(all.substr(second + 1));
    if (parsed.ok()) base = *parsed;
  }
  auto const policy = compile(sources, base);
  if (!policy.ok()) return 0;
  auto const query = (*policy)->prepare("data");
  if (query.ok()) check(**policy, *query, input);
  return 0;
}
