// SPDX-License-Identifier: Apache-2.0
// `agentweave audit verify`: is the audit log whole? Exit 7 when it is not.
#pragma once

#include "commands/audit_files.h"
#include "core/audit/verify.h"

namespace aw::commands {

struct AuditVerifyOptions {
  AuditFilesOptions files;
  audit::Restarts restarts = audit::Restarts::refused;
};

Result<Exit> run_audit_verify(AuditVerifyOptions const& options, Context& context);
void register_audit_verify(CLI::App& parent, Context& context);

}  // namespace aw::commands
