// SPDX-License-Identifier: Apache-2.0
// What production refuses.
#pragma once

#include <string>
#include <vector>

#include "core/config/rules.h"

namespace aw::config {

// AW1002 for each setting that the environment does not allow, at its place; `insecure` gets
// "key=value" for each that production would refuse, whatever the environment.
// Development refuses nothing, staging everything but TLS 1.2. Pure.
void check_production(Facts const& facts, std::vector<Diagnostic>& found,
                      std::vector<std::string>& insecure);

}  // namespace aw::config
