// needs: aw_rego
// SPDX-License-Identifier: Apache-2.0
// Any text as a module: parsed, compiled, and (if it compiles) evaluated within bounds.
#include <cstdint>
#include <string>
#include <vector>

#include "core/rego/policy.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size > 16'384) return 0;
  std::string text(reinterpret_cast<char const*>(data), size);
  std::vector<aw::rego::Source> sources = {{"fuzz.rego", text}};
  std::vector<aw::rego::Diagnostic> faults;
  auto policy = aw::rego::compile(sources, {}, {}, &faults);
  if (!policy.ok()) return 0;
  auto query = (*policy)->prepare("data");
  if (!query.ok()) return 0;
  aw::rego::EvalOptions options;
  options.limits.steps = 20'000;
  options.limits.depth = 200;
  options.limits.memory = 8U << 20;
  options.trace = aw::rego::TraceLevel::why;
  auto outcome = (*policy)->evaluate(*query, aw::rego::Value::null(), options);
  (void)outcome.value.to_json();  // only that it comes back
  return 0;
}
