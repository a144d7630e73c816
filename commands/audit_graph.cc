// SPDX-License-Identifier: Apache-2.0
#include "commands/audit_graph.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/audit_records.h"
#include "commands/support/command.h"
#include "core/audit/graph.h"

namespace aw::commands {

Result<void> run_audit_graph(AuditGraphOptions const& options, Context& context) {
  AW_TRY(auto const window, window_filter(options.since, options.until, context));
  AW_TRY(auto const where, audit::Filter::parse(options.filter));
  AW_TRY(auto const files, all_audit_files(options.files, context));
  audit::CallGraph graph;
  AW_TRY(for_each_record(files, window, context, [&](json::Json const& record) {
    if (where.matches(record)) graph.add(record);
  }));
  auto const& format = options.format;
  if (format == "json" || context.machine_readable()) {
    context.output = context.machine_readable() ? context.output : Output::json;
    context.print("CallGraph", graph.json(), [](std::ostream&) {});
    return {};
  }
  context.out << (format == "dot"       ? graph.dot()
                  : format == "mermaid" ? graph.mermaid()
                                        : graph.svg());
  return {};
}

void register_audit_graph(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuditGraphOptions>();
  auto& group = add_group(parent, "audit", "Verify, search and follow the audit log");
  auto& command = add_command(
      group,
      {.name = "graph",
       .purpose = "Draw who called whom, and what was denied",
       .examples = {"agentweave audit graph /var/log/agentweave/audit.log > calls.svg",
                    "agentweave audit graph --since 8h --where decision==deny --format mermaid"}});
  add_audit_files(command, options->files);
  command.add_option("--since", options->since, "From then on: 8h, 02:13, 2026-11-23T02:00")
      ->type_name("TIME");
  command.add_option("--until", options->until, "Before that time")->type_name("TIME");
  command.add_option("--where", options->filter, "Only records that match (see audit query)");
  command.add_option("--format", options->format, "svg, dot, mermaid or json")
      ->check(CLI::IsMember({"svg", "dot", "mermaid", "json"}))
      ->capture_default_str();
  on_run(command, context, [options, &context] { return run_audit_graph(*options, context); });
}

}  // namespace aw::commands
