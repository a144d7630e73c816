// SPDX-License-Identifier: Apache-2.0
// `agentweave audit reconcile OURS THEIRS`: do caller and callee tell the same of their calls? Exit
// 7 when they do not.
#pragma once

#include <string>

#include "commands/support/context.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace aw::commands {

// The two logs, each with what was rotated out of it.
struct AuditReconcileOptions {
  std::string ours;
  std::string theirs;
  std::string window;  // FROM..TO
  std::string where;
};

// Compares receipts only; seals and chains are not checked. Exit 0 also when neither log has a
// receipt in the window: stderr says so. Code::audit_unreadable.
Result<Exit> run_audit_reconcile(AuditReconcileOptions const& options, Context& context);
void register_audit_reconcile(CLI::App& parent, Context& context);

}  // namespace aw::commands
