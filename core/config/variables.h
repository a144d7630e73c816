// SPDX-License-Identifier: Apache-2.0
// Environment variables with our prefix that nobody reads, although they resemble one that is read.
//
// Others use the prefix too: an agent's own program, deployment files, Kubernetes, which makes
// AGENTWEAVE_PORT and the like of a Service called agentweave. So an unknown name is no error, and
// one that resembles none of ours is nobody's business. Pure.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostic.h"

namespace aw::config {

// The names in it that have our prefix.
[[nodiscard]] std::vector<std::string> own_variables(
    std::map<std::string, std::string> const& variables);

// A warning for each of `set` that is read by nobody and was meant for a setting: its name is a
// slip away from one that is read, or lacks the section before it. `used`: the configuration itself
// names it.
[[nodiscard]] std::vector<Diagnostic> misspelt_variables(
    std::span<const std::string> set, std::function<bool(std::string_view name)> const& used);

}  // namespace aw::config
