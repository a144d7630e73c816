// SPDX-License-Identifier: Apache-2.0
// Policies and data named on a command line, read as OPA's tools read them. Blocks on files.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "commands/support/context.h"
#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::commands {

struct PolicyInputs {
  std::vector<rego::Source> modules;
  rego::Value data = rego::Value::object(std::vector<rego::Entry>{});
};

// Each path is a .rego, .json, .yaml or .yml file, or a directory searched below (hidden entries
// left out). Data in a directory's subdirectory x/y goes to data.x.y. Errors:
// Code::policy_unreadable, Code::policy_data.
[[nodiscard]] Result<PolicyInputs> read_policy_inputs(std::span<const std::string> paths);

// What -d and -b name: each bundle is a directory or a .tar.gz, of which only modules and data
// files count. Also Code::policy_unsupported.
struct PolicyPaths {
  std::vector<std::string> data;
  std::vector<std::string> bundles;
};
[[nodiscard]] Result<PolicyInputs> read_policy_paths(PolicyPaths const& paths);
// -d/--data and -b/--bundle, each repeatable. `paths` outlives the tree.
void add_policy_paths(CLI::App& command, PolicyPaths& paths);

// Compiles, or returns an error whose context holds every fault's text under "diagnostics".
[[nodiscard]] Result<std::shared_ptr<const rego::Policy>> compile_policy(
    PolicyInputs const& inputs, rego::CompileOptions const& options = {});

[[nodiscard]] json::Json diagnostic_json(rego::Diagnostic const& diagnostic);

}  // namespace aw::commands
