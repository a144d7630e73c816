// SPDX-License-Identifier: Apache-2.0
// What the rows of `secrets` cannot tell one by one. Pure.
#pragma once

#include <vector>

#include "core/config/rules.h"

namespace aw::config {

// Each secret has what its keeper needs and nothing else, each name once; a keeper that is used can
// be reached and told who we are.
void check_secret_values(Facts const& facts, std::vector<Diagnostic>& found);

}  // namespace aw::config
