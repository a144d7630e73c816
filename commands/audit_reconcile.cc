// SPDX-License-Identifier: Apache-2.0
#include "commands/audit_reconcile.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/audit_records.h"
#include "commands/support/command.h"
#include "core/audit/file_sink.h"
#include "core/audit/reconcile.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

using Side = audit::Reconciliation::Side;
using Difference = audit::Reconciliation::Difference;

Result<void> read_side(std::string const& file, Side side, audit::Filter const& window,
                       audit::Filter const& where, Context& context, audit::Reconciliation& out) {
  auto files = audit::rotated_files(file);
  files.emplace_back(file);
  return for_each_record(files, window, context, [&](json::Json const& record) {
    if (where.matches(record)) out.add(side, record);
  });
}

json::Json differences_json(std::vector<Difference> const& all) {
  json::Json out = json::Json::array();
  for (auto const& one : all) {
    out.push_back({{"has", one.has == Side::ours ? "ours" : "theirs"},
                   {"time", one.call.time},
                   {"trace_id", one.call.trace_id},
                   {"caller", one.call.caller},
                   {"callee", one.call.callee},
                   {"action", one.call.action},
                   {"decision", one.call.decision}});
  }
  return out;
}

void write_differences(std::ostream& out, std::string_view title,
                       std::vector<Difference> const& all) {
  for (auto const& one : all) {
    auto const& call = one.call;
    out << "  " << title << (one.has == Side::ours ? " (ours has)    " : " (theirs has)  ")
        << text::printable(call.time + "  " + call.caller + " → " + call.callee + "  " +
                           call.action + "  " + call.decision + "  trace " + call.trace_id)
        << '\n';
  }
}

void write_result(std::ostream& out, audit::Reconciliation::Result const& result) {
  auto const all = result.agreed + result.disputed.size() + result.missing.size();
  out << "both sides hold receipts for " << result.agreed << "/" << all << " calls ("
      << result.agreed_denied << " denied)";
  if (result.same()) {
    out << "; digests equal\n";
    return;
  }
  out << "; disputed " << result.disputed.size() << ", missing " << result.missing.size() << '\n';
  write_differences(out, "disputed", result.disputed);
  write_differences(out, "missing ", result.missing);
}

}  // namespace

Result<Exit> run_audit_reconcile(AuditReconcileOptions const& options, Context& context) {
  std::string since = options.window;
  std::string until;
  if (auto const dots = options.window.find(".."); dots != std::string::npos) {
    since = options.window.substr(0, dots);
    until = options.window.substr(dots + 2);
  }
  AW_TRY(auto const window, window_filter(since, until, context));
  AW_TRY(auto const where, audit::Filter::parse(options.where));
  audit::Reconciliation both;
  AW_TRY(read_side(options.ours, Side::ours, window, where, context, both));
  AW_TRY(read_side(options.theirs, Side::theirs, window, where, context, both));
  if (both.overflowed()) {
    return make_error(
        Code::too_large,
        "more than " + std::to_string(audit::Reconciliation::kMostCalls) + " calls in this window",
        "compare a shorter one: --window FROM..TO");
  }
  auto const result = both.result();
  context.print("Reconciliation",
                {{"agreed", result.agreed},
                 {"agreed_denied", result.agreed_denied},
                 {"disputed", differences_json(result.disputed)},
                 {"missing", differences_json(result.missing)}},
                [&result](std::ostream& out) { write_result(out, result); });
  if (result.agreed + result.disputed.size() + result.missing.size() == 0) {
    context.say("no receipts in this window: both agents must speak through agentweave");
  }
  return result.same() ? Exit::ok : exit_code(Code::audit_integrity);
}

void register_audit_reconcile(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuditReconcileOptions>();
  auto& group = add_group(parent, "audit", "Verify, search and follow the audit log");
  auto& command = add_command(
      group,
      {.name = "reconcile",
       .purpose = "Compare caller's and callee's logs of the same calls",
       .examples = {"agentweave audit reconcile ours.log theirs.log --window 02:13..02:15",
                    "agentweave audit reconcile ours.log theirs.log -o json"},
       .details = "Both ends record the same digest of a call. Agreed: both have it. Disputed: "
                  "both have the call,\nbut not the same. Missing: one side has it. Verify each "
                  "log first: `audit verify --bundle`.\nExit codes: 0 all agreed, 7 otherwise.\n"});
  command.add_option("OURS", options->ours, "Our audit log")->required()->type_name("FILE");
  command.add_option("THEIRS", options->theirs, "The other agent's")->required()->type_name("FILE");
  command.add_option("--window", options->window, "Only calls of that time, in both: FROM..TO")
      ->type_name("TIME");
  command.add_option("--where", options->where, "Only records that match (see audit query)");
  on_answer(command, context,
            [options, &context] { return run_audit_reconcile(*options, context); });
}

}  // namespace aw::commands
