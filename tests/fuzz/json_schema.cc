// needs: aw_rego
// SPDX-License-Identifier: Apache-2.0
// A schema on the first line, a value behind it: judged within bounds, and always the same way.
#include "core/rego/json_schema.h"

#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(unsigned char const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  auto const end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  auto const schema = aw::rego::JsonSchema::parse(text.substr(0, end));
  if (!schema.ok()) return 0;
  auto const value = text.substr(end + 1);
  auto const said = schema->objection(value, "payload");
  if (said.size() > aw::rego::JsonSchema::kMostWords) std::abort();
  if (said != schema->objection(value, "payload")) std::abort();
  return 0;
}
