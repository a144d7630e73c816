// SPDX-License-Identifier: Apache-2.0
#include "commands/audit_files.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "core/audit/destination.h"
#include "core/audit/file_sink.h"

namespace aw::commands {

void add_audit_files(CLI::App& command, AuditFilesOptions& options) {
  command
      .add_option("FILES", options.files,
                  "Log files, or -; without any, the one the configuration names")
      ->type_name("FILE");
  command.add_option("-c,--config", options.config.file, "The configuration that names the log")
      ->type_name("FILE");
  add_environment_and_overrides(command, options.config);
}

Result<std::vector<std::filesystem::path>> named_audit_files(AuditFilesOptions const& options,
                                                             Context& context) {
  std::vector<std::filesystem::path> out(options.files.begin(), options.files.end());
  if (out.size() > 1 && std::ranges::find(out, kStandardInput) != out.end())
    return make_error(Code::usage, "standard input is one log: give it alone", "or name the files");
  if (!out.empty()) return out;
  AW_TRY(auto const loaded, load_config(options.config, context));
  for (auto const& text : loaded.config.audit.destinations) {
    auto const destination = audit::parse_destination(text);
    if (destination.ok() && destination->kind == audit::Destination::Kind::file) {
      out.emplace_back(destination->path);
    }
  }
  if (!out.empty()) return out;
  return make_error(Code::usage, "the configuration's audit log goes to no file",
                    "name the files where its collector keeps it");
}

Result<std::vector<std::filesystem::path>> all_audit_files(AuditFilesOptions const& options,
                                                           Context& context) {
  AW_TRY(auto const named, named_audit_files(options, context));
  std::vector<std::filesystem::path> out;
  auto const add = [&out](std::filesystem::path const& file) {
    if (std::ranges::find(out, file) == out.end()) out.push_back(file);
  };
  for (auto const& file : named) {
    if (file != kStandardInput)
      for (auto const& rotated : audit::rotated_files(file)) add(rotated);
    add(file);
  }
  return out;
}

}  // namespace aw::commands
