// SPDX-License-Identifier: Apache-2.0
#include "commands/authz_suggest.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "commands/support/command.h"
#include "core/base/fs.h"
#include "core/base/json.h"

namespace aw::commands {
namespace {

using decisions::Text;

constexpr std::size_t kMostPairs = 100'000;

// callee -> caller -> actions
using Observed = std::map<std::string, std::map<std::string, std::set<std::string>>>;

struct Traffic {
  Observed allowed;
  std::uint64_t calls = 0;
  std::uint64_t denied = 0;
  std::size_t pairs = 0;
};

Result<Traffic> observe(AuthzSuggestOptions const& options, Context const& context) {
  AW_TRY(auto const since, parse_since(options.since, context.clock.now()));
  AW_TRY(auto reader, open_kept(options.kept, context));
  Traffic out;
  AW_TRY(reader.newest_first(since, [&out](decisions::Entry const& entry) {
    if (!entry.flag(decisions::kAsked)) return decisions::Database::More::yes;
    // What log-only let through is no grant.
    if (!entry.allowed() || entry.flag(decisions::kWouldDeny)) {
      ++out.denied;
      return decisions::Database::More::yes;
    }
    ++out.calls;
    auto& actions = out.allowed[entry.text(Text::callee)][entry.text(Text::caller)];
    if (actions.insert(entry.text(Text::action)).second) ++out.pairs;
    return out.pairs < kMostPairs ? decisions::Database::More::yes
                                  : decisions::Database::More::stop;
  }));
  return out;
}

std::string rules_text(std::string const& package) {
  return "# Made from observed traffic: allows what was allowed, and nothing else.\npackage " +
         package +
         "\n\nimport rego.v1\n\ndefault allow := false\n\nallow if {\n"
         "\tinput.action in data.observed[input.callee_spiffe_id][input.caller_spiffe_id]\n}\n";
}

std::string quoted(std::string const& text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string tests_text(std::string const& package, Traffic const& traffic) {
  std::string out = "package " + package + "_test\n\nimport rego.v1\n\nimport data." + package +
                    "\n\nquestion(callee, caller, action) := {\n"
                    "\t\"callee_spiffe_id\": callee,\n\t\"caller_spiffe_id\": caller,\n"
                    "\t\"action\": action,\n}\n";
  auto const name = package.substr(package.rfind('.') + 1);
  int number = 0;
  for (auto const& [callee, callers] : traffic.allowed) {
    for (auto const& [caller, actions] : callers) {
      out += "\ntest_observed_" + std::to_string(++number) + " if {\n";
      for (auto const& action : actions) {
        out += "\t" + name + ".allow with input as question(" + quoted(callee) + ", " +
               quoted(caller) + ", " + quoted(action) + ")\n";
      }
      out += "\tnot " + name + ".allow with input as question(" + quoted(callee) + ", " +
             quoted(caller) + ", \"an_action_nobody_used\")\n}\n";
    }
  }
  out +=
      "\ntest_strangers_are_denied if {\n\tsome callee, callers in data.observed\n"
      "\tsome actions in callers\n\tnot " +
      name +
      ".allow with input as question(callee, \"spiffe://stranger.invalid/agent/x\", "
      "actions[0])\n}\n";
  return out;
}

json::Json data_json(Traffic const& traffic) { return {{"observed", traffic.allowed}}; }

Result<void> write_files(std::string const& directory, std::string const& rules,
                         std::string const& data, std::string const& tests) {
  std::filesystem::path const into = directory;
  std::error_code error;
  std::filesystem::create_directories(into, error);
  if (error) {
    return make_error(Code::io, "make " + directory + ": " + error.message());
  }
  std::map<std::string, std::string> const files = {
      {"authz.rego", rules}, {"data.json", data}, {"authz_test.rego", tests}};
  // All or none.
  for (auto const& [name, text] : files) {
    if (std::filesystem::exists(into / name)) {
      return make_error(Code::io, (into / name).string() + " is there already",
                        "give a directory of its own with --out");
    }
  }
  for (auto const& [name, text] : files)
    AW_TRY(fs::write_file_atomic(into / name, text, fs::Mode::public_file));
  return {};
}

}  // namespace

Result<void> run_authz_suggest(AuthzSuggestOptions const& options, Context& context) {
  AW_TRY(auto const traffic, observe(options, context));
  if (traffic.calls == 0) {
    return make_error(Code::not_found, "no allowed call was kept in that time",
                      "see `agentweave authz decisions`");
  }
  auto const rules = rules_text(options.package);
  auto const data = data_json(traffic).dump(2) + "\n";
  auto const tests = tests_text(options.package, traffic);
  context.say(std::to_string(traffic.calls) + " allowed calls, " + std::to_string(traffic.pairs) +
              " different; " + std::to_string(traffic.denied) +
              " denied ones stay denied unless an allowed call was the same");
  if (!options.out.empty()) {
    AW_TRY(write_files(options.out, rules, data, tests));
    context.say("next:    agentweave policy test " + options.out +
                " && agentweave authz replay --against " + options.out + " --data " + options.out +
                "/data.json");
    return {};
  }
  json::Json const all = {{"authz.rego", rules}, {"data.json", data}, {"authz_test.rego", tests}};
  context.print("SuggestedPolicy", all, [&](std::ostream& out) {
    out << "# authz.rego\n"
        << rules << "\n# data.json\n"
        << data << "\n# authz_test.rego\n"
        << tests;
  });
  return {};
}

void register_authz_suggest(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzSuggestOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(
      group,
      {.name = "suggest",
       .purpose = "Write the least policy that allows what was allowed, with data and tests",
       .examples = {"agentweave authz suggest --config config.yaml --since 30d --out suggested"},
       .details = "From the decisions that the agent kept (state.directory). Read it before you "
                  "enforce it: what an\nattacker was allowed to do is in it as well, and what "
                  "happens once a year may not be.\n"});
  add_kept_options(command, options->kept);
  add_since(command, options->since);
  command.add_option("--out", options->out, "Write the three files there")->type_name("DIR");
  command.add_option("--package", options->package, "The policy's package")
      ->capture_default_str()
      ->type_name("NAME");
  on_run(command, context, [options, &context] { return run_authz_suggest(*options, context); });
}

}  // namespace aw::commands
