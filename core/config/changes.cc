// SPDX-License-Identifier: Apache-2.0
// What a reload would change.
#include <nlohmann/json.hpp>

#include "core/config/load.h"
#include "core/config/schema.h"

namespace aw::config {
namespace {

// The items of a list of mappings, compared as a whole: which index moved where is nobody's
// question.
bool items_differ(Field const& list, Config const& before, Config const& after, std::size_t size) {
  for (Field const& row : all_fields()) {
    if (!row.key.starts_with(list.key + "[].")) continue;
    for (std::size_t i = 0; i < size; ++i) {
      if (value_of(row, before, i) != value_of(row, after, i)) return true;
    }
  }
  return false;
}

bool differs(Field const& row, Config const& before, Config const& after) {
  const nlohmann::json then = value_of(row, before);
  const nlohmann::json now = value_of(row, after);
  if (then != now) return true;
  return row.type == Type::maps && items_differ(row, before, after, then.get<std::size_t>());
}

}  // namespace

std::vector<Change> changed_keys(Config const& before, Config const& after) {
  std::vector<Change> out;
  for (Field const& row : all_fields()) {
    if (row.is_item()) continue;
    // Shown through their list forms.
    if (std::holds_alternative<FirstSlot>([&row] {
          Config config;
          return row.access(config, 0);
        }())) {
      continue;
    }
    if (differs(row, before, after)) {
      out.push_back({row.key, row.is_reloadable ? Effect::reloadable : Effect::restart_needed});
    }
  }
  return out;
}

}  // namespace aw::config
