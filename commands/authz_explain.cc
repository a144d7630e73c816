// SPDX-License-Identifier: Apache-2.0
#include "commands/authz_explain.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/authorizer.h"
#include "commands/support/command.h"
#include "commands/support/decision_text.h"
#include "commands/support/explanation.h"
#include "commands/support/past_decision.h"
#include "commands/support/question.h"
#include "core/authz/input.h"
#include "core/base/text.h"

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

// The same question to the policy as it is configured now, at the time it was asked.
Result<authz::Explanation> ask_again(DecisionRecord const& record, AdminOptions const& admin,
                                     Context& context) {
  PolicyOptions policy;
  policy.config = admin.config.empty() ? record.config : admin.config;
  AW_TRY(auto const source, policy_source(policy, context));
  auto const time = parse_rfc3339(record.time);
  AW_TRY(
      auto question,
      make_question(
          {.caller = record.caller, .target = record.target, .action = record.action, .input = {}},
          source.self, time ? *time : context.clock.now()));
  question.context.method = record.method;
  question.context.remote_address = record.remote_address;
  AW_TRY(auto const authorizer, CommandAuthorizer::open(source.config, context));
  return authorizer->explain(question.context);
}

// "same decision, 2026-11-23T15:33:12Z, enforced at billing (127.0.0.1:9091), peer 10.2.3.4"
std::string comparison(DecisionRecord const& record, authz::Explanation const& now) {
  bool const same = now.decision.allowed() == is_allowed(record);
  std::string out = same ? "same decision" : now.decision.allowed() ? "allowed now" : "denied now";
  if (!same && record.policy_digest != now.decision.policy_digest) {
    out += " (the policy has changed since)";
  }
  out += ", " + record.time + ", enforced at " + record.target.substr(record.target.rfind('/') + 1);
  if (!record.enforced_at.empty()) out += " (" + record.enforced_at + ")";
  auto const peer = authz::address_without_port(record.remote_address);
  if (!peer.empty()) out += ", peer " + std::string(peer);
  return out;
}

}  // namespace

Result<void> run_authz_explain(AuthzExplainOptions const& options, Context& context) {
  if (options.admin.url.empty()) {
    AW_TRY(auto const past, find_past(options.id, options.admin, options.state, context));
    if (past) {
      context.print("Decision", past_json(*past), [&](std::ostream& out) {
        write_record(out, record_of(past->entry), context);
        write_past(out, *past, context);
      });
      return {};
    }
  }
  AW_TRY(auto const records, recent_decisions(options.admin, context));
  AW_TRY(auto const record, find_record(records, options.id));
  auto const now = record.action.empty()
                       ? Result<authz::Explanation>(make_error(Code::not_found, "no action"))
                       : ask_again(record, options.admin, context);
  auto data = record_json(record);
  if (now.ok()) data["now"] = authz::explanation_json(*now);
  context.print("Decision", data, [&](std::ostream& out) {
    write_record(out, record, context);
    if (!now.ok()) return;
    out << text::printable(comparison(record, *now)) << '\n'
        << authz::explanation_text(*now, explanation_paint(context)) << '\n';
  });
  if (!now.ok() && !is_allowed(record) && !record.action.empty()) {
    context.say("next:    agentweave authz check --caller " + record.caller + " --target " +
                record.target + " --action " + record.action + " --trace");
  }
  return {};
}

void register_authz_explain(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzExplainOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(
      group,
      {.name = "explain",
       .purpose = "Say why a decision was made: the id is in the caller's 403 and in the log",
       .examples = {"agentweave authz explain d-01K9QJ7Z3V"},
       .details =
           "Asks the policy of that time again, with the same input and clock: the agent keeps "
           "both\n(state.directory, authorization.decisions). Without that, the agent's recent "
           "decisions and\nthe policy of now have to do.\n"});
  command.add_option("ID", options->id, "The decision's id, or its beginning")->required();
  add_admin_options(command, options->admin);
  command.add_option("--state", options->state, "The agent's state directory")->type_name("DIR");
  on_run(command, context, [options, &context] { return run_authz_explain(*options, context); });
}

}  // namespace aw::commands
