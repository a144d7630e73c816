// SPDX-License-Identifier: Apache-2.0
// `agentweave audit verify [FILES…]`: is the log whole, and who vouches for it? Exit 7 when it is
// not.
#pragma once

#include <string>

#include "commands/audit_files.h"
#include "core/audit/verify.h"

namespace aw::commands {

struct AuditVerifyOptions {
  AuditFilesOptions files;
  audit::Restarts restarts = audit::Restarts::refused;
  audit::Tail tail = audit::Tail::sealed;
  std::string bundle;        // --bundle: PEM or SPIFFE JSON
  std::string trust_domain;  // --trust-domain, where the bundle's name does not say it
  std::string signer;        // --signer
  std::string log;           // --log
  std::string known;         // --known SEQ:HASH
  std::uint64_t from = 1;    // --from
};

// Exit 7 and what is broken on stdout when it is not whole. Without --bundle signatures are not
// checked, which stderr says. Code::usage for --signer or --open without a bundle,
// Code::audit_unreadable.
Result<Exit> run_audit_verify(AuditVerifyOptions const& options, Context& context);
void register_audit_verify(CLI::App& parent, Context& context);

}  // namespace aw::commands
