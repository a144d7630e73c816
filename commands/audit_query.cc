// SPDX-License-Identifier: Apache-2.0
#include "commands/audit_query.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/audit_records.h"
#include "commands/support/command.h"
#include "commands/support/options.h"
#include "commands/support/table.h"
#include "core/audit/query.h"

namespace aw::commands {
namespace {

json::Json groups_json(audit::Grouping const& grouping) {
  json::Json out = json::Json::array();
  for (auto const& row : grouping.rows()) {
    json::Json values = json::Json::object();
    for (std::size_t i = 0; i < grouping.fields().size(); ++i) {
      values[grouping.fields()[i]] = row.values[i];
    }
    out.push_back({{"group", std::move(values)},
                   {"records", row.records},
                   {"allow", row.allowed},
                   {"deny", row.denied},
                   {"first", row.first},
                   {"last", row.last}});
  }
  return out;
}

void write_groups(std::ostream& out, audit::Grouping const& grouping) {
  std::vector<std::string> heads;
  for (auto field : grouping.fields()) {
    std::ranges::transform(field, field.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    heads.push_back(std::move(field));
  }
  for (auto const* head : {"RECORDS", "ALLOW", "DENY", "FIRST", "LAST"}) heads.emplace_back(head);
  std::vector<std::vector<std::string>> rows;
  for (auto const& row : grouping.rows()) {
    auto& cells = rows.emplace_back(row.values);
    for (auto const number : {row.records, row.allowed, row.denied}) {
      cells.push_back(std::to_string(number));
    }
    cells.push_back(row.first);
    cells.push_back(row.last);
  }
  write_table(out, heads, rows);
}

}  // namespace

Result<void> run_audit_query(AuditQueryOptions const& options, Context& context) {
  AW_TRY(auto const filter, audit::Filter::parse(options.filter));
  AW_TRY(auto grouping, audit::Grouping::by(options.group));
  AW_TRY(auto const files, all_audit_files(options.files, context));
  json::Json records = json::Json::array();
  std::uint64_t matched = 0;
  AW_TRY(for_each_record(files, filter, context, [&](json::Json const& record) {
    ++matched;
    if (!options.group.empty()) {
      grouping.add(record);
    } else if (records.size() < options.limit) {
      records.push_back(record);
    }
  }));
  if (!options.group.empty()) {
    context.print("AuditGroups", groups_json(grouping),
                  [&grouping](std::ostream& out) { write_groups(out, grouping); });
    return {};
  }
  context.print("AuditRecords", records, [&records](std::ostream& out) {
    for (auto const& record : records) out << audit::record_text(record) << '\n';
  });
  if (matched > records.size()) {
    context.say(std::to_string(matched - records.size()) + " more match: see --limit and --group");
  }
  return {};
}

void register_audit_query(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuditQueryOptions>();
  auto& group = add_group(parent, "audit", "Verify, search and follow the audit log");
  auto& command = add_command(
      group,
      {.name = "query",
       .purpose = "Find audit records, or count them by their fields",
       .examples =
           {"agentweave audit query decision==deny /var/log/agentweave/audit.log",
            "agentweave audit query 'caller~planner && t>=2026-11-22T22:00' --group action"},
       .details = "Terms joined by &&: FIELD == != < <= > >= ~ VALUE (~ contains). Fields are the "
                  "record's own\nnames, and t, caller, callee, peer, target, type, trace. Times "
                  "are text that sorts."});
  command.add_option("QUERY", options->filter, "Which records; \"\" = all")->required();
  add_audit_files(command, options->files);
  command.add_option("--group", options->group, "Count by these fields: action,caller")
      ->type_name("FIELDS");
  add_number(command, "--limit", options->limit, "How many records are printed at most");
  on_run(command, context, [options, &context] { return run_audit_query(*options, context); });
}

}  // namespace aw::commands
