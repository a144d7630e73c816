// SPDX-License-Identifier: Apache-2.0
// `agentweave audit tail`: the last records, and those that follow.
#pragma once

#include "commands/audit_files.h"

namespace aw::commands {

struct AuditTailOptions {
  enum class Follow { no, yes };
  AuditFilesOptions files;
  std::size_t count = 10;
  std::string filter;
  Follow follow = Follow::no;
};

Result<void> run_audit_tail(AuditTailOptions const& options, Context& context);
void register_audit_tail(CLI::App& parent, Context& context);

}  // namespace aw::commands
