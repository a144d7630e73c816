// needs: aw_commands
// SPDX-License-Identifier: Apache-2.0
// What commands read from other machines: metrics text, tasks, cards, refusals.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "commands/support/card_text.h"
#include "commands/support/exposition.h"
#include "commands/support/task_text.h"
#include "core/a2a/client.h"
#include "core/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  if (auto const metrics = aw::commands::parse_exposition(text); metrics.ok()) {
    for (auto const& sample : metrics->samples) {
      if (sample.series().empty()) __builtin_trap();
    }
  }
  if (auto const task = aw::commands::read_task(text); task.ok()) {
    if (task->id.empty() || task->product.empty()) __builtin_trap();
    // Only what is finished badly is an error.
    if (!aw::commands::check_task(*task).ok() && task->going_on()) __builtin_trap();
  }
  if (auto const json = aw::json::parse(text); json.ok()) {
    if (auto const card = aw::commands::read_card(*json); card.ok() && card->name.empty()) {
      __builtin_trap();
    }
  }
  if (aw::a2a::check_reply(403, text, {}).ok()) __builtin_trap();
  return 0;
}
