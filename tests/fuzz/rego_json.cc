// needs: aw_rego
// SPDX-License-Identifier: Apache-2.0
// Any bytes as JSON and as YAML: what parses must print and parse to the same again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/rego/value.h"
#include "core/rego/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string text(reinterpret_cast<char const*>(data), size);
  auto value = aw::rego::parse_json(text);
  if (value.ok()) {
    auto again = aw::rego::parse_json(value->to_json());
    if (!again.ok() || !(*again == *value) || again->hash() != value->hash()) std::abort();
  }
  if (size < 4096) {
    auto yaml = aw::rego::parse_yaml(text);
    if (yaml.ok()) (void)yaml->to_json();  // only that it comes back
  }
  return 0;
}
