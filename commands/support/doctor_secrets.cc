// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "commands/support/diagnosis.h"
#include "commands/support/secret_store.h"

namespace aw::commands {

// Each that is configured is asked for; those that nothing refers to are only looked at.
Findings check_secrets(Patient const& patient) {
  Findings found;
  if (patient.config.secrets.values.empty()) return found;
  auto const store = open_secrets(patient.config, patient.context);
  for (auto const& entry : patient.config.secrets.values) {
    auto const known = store->look(entry.name);
    if (known.ok()) {
      found.push_back(good("secrets", entry.name + ", " + std::to_string(known->bytes) +
                                          " bytes, from " + known->source));
      continue;
    }
    bool const used = std::ranges::any_of(patient.loaded.secrets, [&entry](auto const& use) {
      return std::ranges::find(use.names, entry.name) != use.names.end();
    });
    auto const fix = "agentweave secrets get " + entry.name;
    found.push_back(used ? bad("secrets", known.error(), fix)
                         : warned("secrets", known.error().code,
                                  known.error().message + "; nothing refers to it", fix));
  }
  return found;
}

}  // namespace aw::commands
