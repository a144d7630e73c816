// needs: aw_commands
// SPDX-License-Identifier: Apache-2.0
// What commands read from other machines: metrics text, tasks, cards, refusals.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "commands/support/exposition.h"
#include "commands/support/task_text.h"
#include "core/a2a/client.h"
#include "core/a2a/client_codec.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (auto const metrics = aw::commands::parse_exposition(text); metrics.ok()) {
    for (auto const& sample : metrics->samples) {
      if (sample.series().empty()) __builtin_trap();
    }
  }
  if (aw::a2a::check_json(text).ok()) {
    auto const task = aw::a2a::read_task_value(aw::a2a::JsonView(text), aw::a2a::Dialect::v0_3);
    // Only what is finished badly is an error.
    if (task.ok() && !aw::commands::check_task(**task).ok() && aw::commands::going_on(**task))
      __builtin_trap();
    if (task.ok()) static_cast<void>(aw::commands::product_of(**task));
  }
  if (aw::a2a::check_reply(403, text, {}).ok()) __builtin_trap();
  return 0;
}
