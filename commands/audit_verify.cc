// SPDX-License-Identifier: Apache-2.0
#include "commands/audit_verify.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"

namespace aw::commands {
namespace {

json::Json report_json(audit::VerifyReport const& report) {
  json::Json out = {{"ok", report.whole()},          {"records", report.records},
                    {"files", report.files},         {"chains", report.chains},
                    {"first_seq", report.first_seq}, {"last_seq", report.head.seq},
                    {"last_hash", report.head.hash}, {"last_time", report.last_time}};
  if (report.broken) {
    out["code"] = code_name(Code::audit_integrity);
    out["broken"] = {{"file", report.broken->file},
                     {"line", report.broken->line},
                     {"seq", report.broken->seq},
                     {"time", report.broken->time},
                     {"reason", report.broken->reason}};
  }
  return out;
}

}  // namespace

Result<Exit> run_audit_verify(AuditVerifyOptions const& options, Context& context) {
  AW_TRY(auto const files, all_audit_files(options.files, context));
  AW_TRY(auto const report, audit::verify_files(files, options.restarts));
  context.print("AuditVerify", report_json(report), [&](std::ostream& out) {
    if (report.whole() && context.verbosity == Verbosity::quiet) return;
    out << audit::verify_text(report) << '\n';
  });
  return report.whole() ? Exit::ok : exit_code(Code::audit_integrity);
}

void register_audit_verify(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuditVerifyOptions>();
  auto& group = add_group(parent, "audit", "Verify, search and follow the audit log");
  auto& command = add_command(
      group,
      {.name = "verify",
       .purpose = "Check that no record was changed, removed, added or moved",
       .examples = {"agentweave audit verify /var/log/agentweave/audit.log",
                    "agentweave audit verify --config config.yaml -o json"},
       .details = "Follows the hash chain through the files given and those rotated out of them, "
                  "in the\nchain's order. Exit codes: 0 whole, 7 broken; the first bad record is "
                  "named."});
  add_audit_files(command, options->files);
  command.add_flag_callback(
      "--allow-restarts", [options] { options->restarts = audit::Restarts::accepted; },
      "The log is captured output of a stream destination, whose chain begins anew at each start");
  on_answer(command, context, [options, &context] { return run_audit_verify(*options, context); });
}

}  // namespace aw::commands
