// needs: aw_config
// SPDX-License-Identifier: Apache-2.0
// The whole loader on foreign bytes: YAML, expansion, table, rules, rendering. Never a file read.
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aw::config::LoadRequest request;
  request.text = std::string(reinterpret_cast<char const*>(data), size);
  request.env = [](std::string_view name) -> std::optional<std::string> {
    if (name == "HOME") return "/nowhere";
    return std::nullopt;
  };
  const aw::config::Loaded loaded = aw::config::inspect(request);
  (void)aw::config::render_text(loaded.diagnostics);  // only that it ends
  return 0;
}
