// SPDX-License-Identifier: Apache-2.0
#include "commands/authz_decisions.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "commands/support/command.h"
#include "commands/support/kept.h"
#include "commands/support/past_decision.h"
#include "commands/support/table.h"
#include "commands/support/wait.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr auto kLookForMore = std::chrono::milliseconds(500);
constexpr std::size_t kMostAtOnce = 10'000;

bool decided_allow(DecisionRecord const& record) { return record.verdict == authz::Verdict::allow; }

bool wanted(AuthzDecisionsOptions const& options, DecisionRecord const& record) {
  if (options.decision == "allow" && !decided_allow(record)) return false;
  if (options.decision == "deny" && decided_allow(record)) return false;
  if (record.caller.find(options.caller) == std::string::npos) return false;
  return options.action.empty() || record.action == options.action;
}

// From the store where there is one that we may read, else from the admin port. Newest first.
Result<std::vector<DecisionRecord>> look(AuthzDecisionsOptions const& options, WallTime since,
                                         std::size_t most, Context const& context) {
  std::vector<DecisionRecord> out;
  bool const store =
      options.admin.url.empty() && (!options.state.empty() || !options.admin.config.empty());
  if (store) {
    auto reader = open_kept({.config = options.admin.config, .state = options.state}, context);
    if (reader.ok()) {
      AW_TRY(reader->newest_first(since, [&](decisions::Entry const& entry) {
        auto record = record_of(entry);
        if (wanted(options, record)) out.push_back(std::move(record));
        return out.size() < most ? decisions::Database::More::yes : decisions::Database::More::stop;
      }));
      return out;
    }
    if (!options.state.empty()) return reader.error();
  }
  AW_TRY(auto const recent, recent_decisions(options.admin, context));
  auto const from = format_rfc3339(since);
  for (auto const& record : recent) {
    if (out.size() >= most) break;
    if (record.time >= from && wanted(options, record)) out.push_back(record);
  }
  return out;
}

std::vector<std::string> cells_of(DecisionRecord const& record) {
  return {record.time,   decided_allow(record) ? "allow" : "deny",          record.caller,
          record.action, record.rule.empty() ? record.reason : record.rule, record.id};
}

// One line or object each, as they come, until Ctrl-C.
Result<Exit> follow(AuthzDecisionsOptions const& options, WallTime since, Context& context) {
  auto const stop = context.interrupt();
  std::set<std::string> told;
  while (context.out.good()) {
    AW_TRY(auto records, look(options, since, kMostAtOnce, context));
    std::ranges::reverse(records);
    for (auto const& record : records) {
      if (!told.insert(record.id).second) continue;
      if (context.machine_readable()) {
        context.out << record_json(record).dump() << '\n';
      } else {
        context.out << text::printable(text::join(cells_of(record), "  ")) << '\n';
      }
    }
    context.out.flush();
    // What is older than a minute was told: ids are not remembered for ever.
    if (!records.empty()) {
      auto const last = parse_rfc3339(records.back().time);
      if (last) since = std::max(since, *last - std::chrono::minutes(1));
    }
    if (told.size() > kMostAtOnce) told.erase(told.begin(), std::next(told.begin(), 1000));
    if (wait_for(stop, kLookForMore) == Waited::interrupted) return Exit::interrupted;
  }
  return Exit::ok;
}

}  // namespace

Result<Exit> run_authz_decisions(AuthzDecisionsOptions const& options, Context& context) {
  auto since = WallTime{};
  if (!options.since.empty()) {
    AW_TRY(since, parse_since(options.since, context.clock.now()));
  }
  if (options.follow == AuthzDecisionsOptions::Follow::yes) {
    return follow(options, options.since.empty() ? context.clock.now() : since, context);
  }
  AW_TRY(auto const records, look(options, since, options.most, context));
  json::Json data = json::Json::array();
  std::vector<std::vector<std::string>> rows;
  for (auto const& record : records) {
    data.push_back(record_json(record));
    rows.push_back(cells_of(record));
  }
  context.print("DecisionList", data, [&](std::ostream& out) {
    write_table(out, {"TIME", "DECISION", "CALLER", "ACTION", "WHY", "ID"}, rows);
  });
  return Exit::ok;
}

void register_authz_decisions(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzDecisionsOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(
      group, {.name = "decisions",
              .purpose = "Print an agent's decisions, the newest first, and follow",
              .examples = {"agentweave authz decisions -n 50",
                           "agentweave authz decisions --config config.yaml --since 8h "
                           "--decision deny -o json",
                           "agentweave authz decisions --follow"},
              .details = "With --config or --state all that the agent keeps (state.directory); "
                         "else what its admin\nport remembers.\n"});
  add_admin_options(command, options->admin);
  command.add_option("--state", options->state, "The agent's state directory")->type_name("DIR");
  command.add_option("-n,--number", options->most, "At most this many")->capture_default_str();
  command.add_option("--since", options->since, "How far back: 8h, or 2026-11-23T02:00")
      ->type_name("TIME");
  command.add_option("--decision", options->decision, "Only these")
      ->check(CLI::IsMember({"allow", "deny"}));
  command.add_option("--caller", options->caller, "Only callers whose SPIFFE ID has this in it")
      ->type_name("TEXT");
  command.add_option("--action", options->action, "Only this action")->type_name("NAME");
  command.add_flag_callback(
      "-f,--follow", [options] { options->follow = AuthzDecisionsOptions::Follow::yes; },
      "Go on with those that come, until Ctrl-C");
  on_answer(command, context,
            [options, &context] { return run_authz_decisions(*options, context); });
}

}  // namespace aw::commands
