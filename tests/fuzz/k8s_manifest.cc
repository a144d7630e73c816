// needs: aw_commands
// SPDX-License-Identifier: Apache-2.0
// Manifests for `k8s inject`: what can be read can be given a sidecar or refused, and a second time
// changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "commands/support/manifest.h"
#include "commands/support/sidecar.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  auto parts = aw::commands::parse_manifest(
      "m", std::string_view(reinterpret_cast<char const*>(data), size));
  if (!parts.ok()) return 0;
  aw::commands::SidecarSpec const spec{.image = "i", .config_map = ""};
  for (auto& part : *parts) {
    auto const done = aw::commands::inject_sidecar(part.document, spec);
    if (!done.ok() || *done != aw::commands::Injected::yes) continue;
    auto const once = part.document;
    auto const again = aw::commands::inject_sidecar(part.document, spec);
    if (!again.ok() || *again != aw::commands::Injected::already || part.document != once)
      std::abort();
  }
  return 0;
}
