// SPDX-License-Identifier: Apache-2.0
// `agentweave audit graph`: who called whom, as a picture.
#pragma once

#include <string>

#include "commands/audit_files.h"

namespace aw::commands {

struct AuditGraphOptions {
  AuditFilesOptions files;
  std::string since;
  std::string until;
  std::string filter;  // --where
  std::string format = "svg";
};

// Reads every file to its end; lines that are no records are counted on stderr. Prints one
// document; with -o json the graph's JSON whatever the format. Code::usage for a bad time or
// filter, Code::audit_unreadable.
Result<void> run_audit_graph(AuditGraphOptions const& options, Context& context);
void register_audit_graph(CLI::App& parent, Context& context);

}  // namespace aw::commands
