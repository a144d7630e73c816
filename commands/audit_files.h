// SPDX-License-Identifier: Apache-2.0
// Which audit log a command reads: the files named, or the one the configuration writes, each with
// what was rotated out of it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "commands/config_options.h"
#include "commands/support/context.h"

namespace aw::commands {

struct AuditFilesOptions {
  std::vector<std::string> files;
  ConfigOptions config;  // used when no file is named
};

// FILES (positional), --config, --env and --set.
void add_audit_files(CLI::App& command, AuditFilesOptions& options);

// The word for standard input among them.
inline constexpr std::string_view kStandardInput = "-";

// The named files as they are; without any, the configured log file. Error: usage when the
// configuration writes to no file, or standard input is not the only one.
[[nodiscard]] Result<std::vector<std::filesystem::path>> named_audit_files(
    AuditFilesOptions const& options, Context& context);

// The same, each file preceded by its rotated ones that were not named themselves.
[[nodiscard]] Result<std::vector<std::filesystem::path>> all_audit_files(
    AuditFilesOptions const& options, Context& context);

}  // namespace aw::commands
