// SPDX-License-Identifier: Apache-2.0
// What single values cannot tell: what production refuses, and settings that contradict each other.
// Each rule is one named function; pure.
#pragma once

#include <string>
#include <vector>

#include "core/config/values.h"

namespace aw::config {

// What a rule may look at.
// Borrowed for one check; a default of a Config and a given value look alike, so `given` tells.
struct Facts {
  Config const& config;
  Values const& values;
  Place whole;  // stands in where nothing was given
  BackendRule backends = BackendRule::required;

  [[nodiscard]] bool given(std::string_view key) const { return values.contains(key); }
  // Of the value if it was given, else of the file.
  [[nodiscard]] Place place(std::string_view key) const;
};

// Findings of all rules. `insecure` gets "key=value" for each setting that production would refuse.
// Runs on a Config that may hold defaults where values did not fit: a rule must stand that.
void check_rules(Facts const& facts, std::vector<Diagnostic>& found,
                 std::vector<std::string>& insecure);

}  // namespace aw::config
