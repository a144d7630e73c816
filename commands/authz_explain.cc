// SPDX-License-Identifier: Apache-2.0
#include "commands/authz_explain.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/decision_text.h"
#include "commands/support/table.h"

namespace aw::commands {
namespace {

bool is_allowed(DecisionRecord const& record) { return record.verdict == authz::Verdict::allow; }

Result<DecisionRecord> find_record(std::vector<DecisionRecord> const& records,
                                   std::string const& id) {
  DecisionRecord const* found = nullptr;
  for (auto const& record : records) {
    if (record.id == id) return record;
    if (!record.id.starts_with(id)) continue;
    if (found != nullptr) {
      return make_error(Code::usage, "several decisions begin with " + id, "give more of the id");
    }
    found = &record;
  }
  if (found != nullptr) return *found;
  return make_error(Code::not_found, "no recent decision " + id,
                    "older ones are in the audit log: agentweave audit query");
}

void write_record(std::ostream& out, DecisionRecord const& record, Context const& context) {
  bool const allowed = is_allowed(record);
  out << context.paint_out(allowed ? Style::good : Style::bad, allowed ? "ALLOWED" : "DENIED")
      << "  reason " << record.reason;
  if (!record.code.empty()) out << "  " << record.code;
  if (!record.rule.empty()) out << "  rule " << record.rule;
  out << "  " << milliseconds_text(record.duration) << '\n'
      << "  caller   " << record.caller << "\n  target   " << record.target << "\n  action   "
      << record.action << "\n  time     " << record.time << '\n';
  if (!record.decided_by.empty()) out << "  decided  by " << record.decided_by << '\n';
  if (!record.policy_digest.empty()) out << "  policy   " << record.policy_digest << '\n';
}

}  // namespace

Result<void> run_authz_explain(AuthzExplainOptions const& options, Context& context) {
  AW_TRY(auto const records, recent_decisions(options.admin, context));
  AW_TRY(auto const record, find_record(records, options.id));
  context.print("Decision", record_json(record),
                [&](std::ostream& out) { write_record(out, record, context); });
  if (!is_allowed(record) && !record.action.empty()) {
    context.say("next:    agentweave authz check --caller " + record.caller + " --target " +
                record.target + " --action " + record.action + " --trace");
  }
  return {};
}

Result<void> run_authz_decisions(AuthzDecisionsOptions const& options, Context& context) {
  AW_TRY(auto records, recent_decisions(options.admin, context));
  if (records.size() > options.most) records.resize(options.most);
  json::Json data = json::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (auto const& record : records) {
    data.push_back(record_json(record));
    rows.push_back({record.time, is_allowed(record) ? "allow" : "deny", record.caller,
                    record.action, record.rule.empty() ? record.reason : record.rule, record.id});
  }
  context.print("DecisionList", data, [&](std::ostream& out) {
    write_table(out, {"TIME", "DECISION", "CALLER", "ACTION", "WHY", "ID"}, rows);
  });
  return {};
}

void register_authz_explain(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzExplainOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(
      group,
      {.name = "explain",
       .purpose = "Say why a decision was made: the id is in the caller's 403 and in the log",
       .examples = {"agentweave authz explain d-01K9QJ7Z3V"}});
  command.add_option("ID", options->id, "The decision's id, or its beginning")->required();
  add_admin_options(command, options->admin);
  on_run(command, context, [options, &context] { return run_authz_explain(*options, context); });
}

void register_authz_decisions(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzDecisionsOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(group, {.name = "decisions",
                                      .purpose = "Print an agent's recent decisions",
                                      .examples = {"agentweave authz decisions",
                                                   "agentweave authz decisions -n 5 -o jsonl"}});
  command.add_option("-n,--number", options->most, "At most this many")->capture_default_str();
  add_admin_options(command, options->admin);
  on_run(command, context, [options, &context] { return run_authz_decisions(*options, context); });
}

}  // namespace aw::commands
