// SPDX-License-Identifier: Apache-2.0
// `agentweave audit query`: which records, or how many of what.
#pragma once

#include "commands/audit_files.h"

namespace aw::commands {

// `filter` is the language of core/audit/query.h; empty = all.
struct AuditQueryOptions {
  std::string filter;
  AuditFilesOptions files;
  std::string group;           // fields; empty = print the records
  std::uint64_t limit = 1000;  // records printed
};

// Prints records as they stand in the files, or a table of groups. Lines that are no records are
// passed over and counted on stderr: nothing is verified here. Code::audit_unreadable.
Result<void> run_audit_query(AuditQueryOptions const& options, Context& context);
void register_audit_query(CLI::App& parent, Context& context);

}  // namespace aw::commands
