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

// One file: more are Code::usage. Following blocks until Ctrl-C or until nobody reads any more,
// over rotations, looking five times a second; then -o json is one object a line.
Result<Exit> run_audit_tail(AuditTailOptions const& options, Context& context);
void register_audit_tail(CLI::App& parent, Context& context);

}  // namespace aw::commands
