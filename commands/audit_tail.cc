// SPDX-License-Identifier: Apache-2.0
#include "commands/audit_tail.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/wait.h"
#include "core/audit/follow.h"
#include "core/audit/query.h"

namespace aw::commands {
namespace {

constexpr std::size_t kMaxCount = 10'000;
constexpr auto kLookEvery = std::chrono::milliseconds(200);

// Following has no end, so that only one object a line fits; the rest is the usual envelope.
void print_lines(std::vector<std::string> const& lines, audit::Filter const& filter,
                 AuditTailOptions::Follow follow, Context& context) {
  json::Json records = json::Json::array();
  for (auto const& line : lines) {
    auto record = json::parse(line);
    if (!record.ok()) {
      context.say("not a record: run `agentweave audit verify`");
      continue;
    }
    if (filter.matches(*record)) records.push_back(std::move(*record));
  }
  if (follow == AuditTailOptions::Follow::yes && context.machine_readable()) {
    for (auto const& record : records) context.out << record.dump() << '\n';
  } else {
    context.print("AuditRecords", records, [&records](std::ostream& out) {
      for (auto const& record : records) out << audit::record_text(record) << '\n';
    });
  }
  context.out.flush();
}

}  // namespace

Result<Exit> run_audit_tail(AuditTailOptions const& options, Context& context) {
  AW_TRY(auto const filter, audit::Filter::parse(options.filter));
  AW_TRY(auto const files, named_audit_files(options.files, context));
  if (files.size() != 1) return make_error(Code::usage, "audit tail reads one file");
  if (files.front() == kStandardInput)
    return make_error(Code::usage, "audit tail looks at the end of a file",
                      "agentweave audit query '' - reads standard input");
  audit::Follower follower(files.front());
  AW_TRY(auto const last, follower.last(options.count));
  print_lines(last, filter, options.follow, context);
  if (options.follow == AuditTailOptions::Follow::no) return Exit::ok;
  auto const stop = context.interrupt();
  while (context.out.good()) {
    AW_TRY(auto const lines, follower.more());
    if (!lines.empty()) {
      print_lines(lines, filter, options.follow, context);
    } else if (wait_for(stop, kLookEvery) == Waited::interrupted) {
      return Exit::interrupted;
    }
  }
  return Exit::ok;
}

void register_audit_tail(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuditTailOptions>();
  auto& group = add_group(parent, "audit", "Verify, search and follow the audit log");
  auto& command =
      add_command(group, {.name = "tail",
                          .purpose = "Print the last audit records, and follow",
                          .examples = {"agentweave audit tail -n 20 /var/log/agentweave/audit.log",
                                       "agentweave audit tail -f --where decision==deny"}});
  add_audit_files(command, options->files);
  command.add_option("-n,--lines", options->count, "How many records")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{0}, kMaxCount));
  command.add_option("--where", options->filter, "Only records that match (see audit query)");
  command.add_flag_callback(
      "-f,--follow", [options] { options->follow = AuditTailOptions::Follow::yes; },
      "Go on with what is appended, also across rotation, until Ctrl-C");
  on_answer(command, context, [options, &context] { return run_audit_tail(*options, context); });
}

}  // namespace aw::commands
