// SPDX-License-Identifier: Apache-2.0
#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <ostream>
#include <utility>

#include "cli/help.h"
#include "cli/usage.h"
#include "commands/audit_graph.h"
#include "commands/audit_query.h"
#include "commands/audit_reconcile.h"
#include "commands/audit_tail.h"
#include "commands/audit_verify.h"
#include "commands/authz_check.h"
#include "commands/authz_decisions.h"
#include "commands/authz_explain.h"
#include "commands/authz_replay.h"
#include "commands/authz_suggest.h"
#include "commands/bundle_show.h"
#include "commands/bundle_watch.h"
#include "commands/call.h"
#include "commands/card_generate.h"
#include "commands/card_show.h"
#include "commands/card_sign.h"
#include "commands/card_verify.h"
#include "commands/completion.h"
#include "commands/config_convert.h"
#include "commands/config_explain.h"
#include "commands/config_schema.h"
#include "commands/config_show.h"
#include "commands/config_validate.h"
#include "commands/dev.h"
#include "commands/doctor.h"
#include "commands/explain.h"
#include "commands/federation.h"
#include "commands/health.h"
#include "commands/init.h"
#include "commands/k8s_inject.h"
#include "commands/map.h"
#include "commands/metrics.h"
#include "commands/nonce.h"
#include "commands/ping.h"
#include "commands/policy_bench.h"
#include "commands/policy_build.h"
#include "commands/policy_check.h"
#include "commands/policy_eval.h"
#include "commands/policy_test.h"
#include "commands/proxy.h"
#include "commands/run.h"
#include "commands/secrets_get.h"
#include "commands/serve.h"
#include "commands/support/command.h"
#include "commands/svid_check.h"
#include "commands/svid_fetch.h"
#include "commands/svid_jwt.h"
#include "commands/svid_show.h"
#include "commands/svid_watch.h"
#include "commands/task.h"
#include "commands/top.h"
#include "commands/version.h"

namespace aw::cli {
namespace {

using commands::Context;
using commands::Output;
using commands::Verbosity;

constexpr char kDetails[] =
    "Exit codes: 0 ok or allowed, 1 failed, 2 usage, 3 denied, 4 invalid configuration or policy,\n"
    "5 dependency unreachable, 6 threshold met, 7 integrity failure, 124 timed out, 130 "
    "interrupted.\n"
    "Every error carries an AWnnnn code: `agentweave explain AW3001` says what it means.\n";

// In the order of `--help`. One line a command; nothing registers itself.
void register_commands(CLI::App& root, Context& context) {
  commands::register_serve(root, context);
  commands::register_init(root, context);
  commands::register_dev(root, context);
  commands::register_run(root, context);
  commands::register_ping(root, context);
  commands::register_call(root, context);
  commands::register_task(root, context);
  commands::register_proxy(root, context);
  commands::register_card_show(root, context);
  commands::register_card_generate(root, context);
  commands::register_card_sign(root, context);
  commands::register_card_verify(root, context);
  commands::register_authz_check(root, context);
  commands::register_authz_explain(root, context);
  commands::register_authz_decisions(root, context);
  commands::register_authz_replay(root, context);
  commands::register_authz_suggest(root, context);
  commands::register_authz_test(root, context);
  commands::register_policy_eval(root, context);
  commands::register_policy_test(root, context);
  commands::register_policy_check(root, context);
  commands::register_policy_bench(root, context);
  commands::register_policy_build(root, context);
  commands::register_svid_show(root, context);
  commands::register_svid_watch(root, context);
  commands::register_svid_fetch(root, context);
  commands::register_svid_check(root, context);
  commands::register_svid_jwt(root, context);
  commands::register_bundle_show(root, context);
  commands::register_bundle_watch(root, context);
  commands::register_federation(root, context);
  commands::register_config_validate(root, context);
  commands::register_validate(root, context);
  commands::register_config_explain(root, context);
  commands::register_config_show(root, context);
  commands::register_config_schema(root, context);
  commands::register_config_convert(root, context);
  commands::register_audit_verify(root, context);
  commands::register_audit_query(root, context);
  commands::register_audit_tail(root, context);
  commands::register_audit_graph(root, context);
  commands::register_audit_reconcile(root, context);
  commands::register_doctor(root, context);
  commands::register_k8s_inject(root, context);
  commands::register_metrics(root, context);
  commands::register_top(root, context);
  commands::register_map(root, context);
  commands::register_health(root, context);
  commands::register_nonce(root, context);
  commands::register_secrets_get(root, context);
  commands::register_completion(root, context);
  commands::register_explain(root, context);
  commands::register_version(root, context);
}

Output output_of(std::string const& word) {
  return commands::output_called(word).value_or(Output::text);
}

void add_common_options(CLI::App& root, Context& context) {
  root.add_option_function<std::string>(
          "-o,--output,--format",
          [&context](std::string const& word) { context.output = output_of(word); },
          "How results are printed")
      ->check(CLI::IsMember({"text", "table", "json", "yaml", "jsonl"}));
  root.add_flag_callback(
      "-q,--quiet", [&context] { context.verbosity = Verbosity::quiet; },
      "Say nothing but the result and errors");
  root.add_flag_callback(
      "-v,--verbose", [&context] { context.verbosity = Verbosity::verbose; }, "Say more");
  root.add_flag_callback(
      "--no-color", [&context] { context.no_color(); }, "No colours, also on a terminal");
  root.add_flag_callback("--version", [] {}, "Print the version");
}

// The format asked for, also when the rest of the line could not be parsed.
void take_output_of(CLI::App const& root, Context& context) {
  auto const& words = root.get_option("--output")->results();
  if (!words.empty()) context.output = output_of(words.back());
}

void print_version(std::ostream& out) { out << "agentweave " << AW_VERSION << '\n'; }

// `agentweave help svid show` reads like `agentweave svid show --help`.
void accept_help_word(std::vector<std::string>& args) {
  if (args.empty() || args.front() != "help") return;
  args.erase(args.begin());
  args.emplace_back("--help");
}

// The earlier implementation's completion was `eval "$(_AGENTWEAVE_COMPLETE=bash_source
// agentweave)"` in people's shell files: a help page there would be run as commands. Its own
// scripts ask for `bash_complete`, which is answered with nothing. False: nobody asked.
bool asks_to_complete(std::vector<std::string>& args, commands::Env const& env) {
  constexpr std::string_view kSource = "_source";
  auto const asked = env.find("_AGENTWEAVE_COMPLETE");
  if (asked == env.end() || asked->second.empty()) return false;
  args.clear();
  if (asked->second.ends_with(kSource))
    args = {"completion", asked->second.substr(0, asked->second.size() - kSource.size())};
  return true;
}

enum class Mode { run, parse_only };

void run_parsed(CLI::App const& root, Context& context, Mode mode) {
  if (root.count("--version") > 0) return print_version(context.out);
  if (context.work()) {
    if (mode == Mode::run) context.work()();
    return;
  }
  auto const chosen = root.get_subcommands();
  if (chosen.empty()) {
    context.out << root.help();
    return;
  }
  // A group without a command, or a command that finished inside its own callback.
  if (commands::is_group(*chosen.back())) context.finish(missing_command(root));
}

int run_in(std::vector<std::string> args, Context& context, Mode mode) {
  auto const tree = make_tree(context);
  accept_help_word(args);
  std::ranges::reverse(args);  // CLI11 takes them from the back
  try {
    tree->parse(std::move(args));
    run_parsed(*tree, context, mode);
  } catch (CLI::CallForHelp const&) {
    // `agentweave bogus --help` asks about something that is not there.
    auto const left_over = tree->remaining(true);
    if (!left_over.empty() && !left_over.front().starts_with('-')) {
      context.finish(usage_error(*tree, CLI::ExtrasError("agentweave", left_over)));
    } else {
      context.out << tree->help();
    }
  } catch (CLI::ParseError const& error) {
    take_output_of(*tree, context);
    context.finish(usage_error(*tree, error));
  }
  context.out.flush();
  if (!context.out.good() && context.exit() == Exit::ok) {
    context.finish(make_error(
        Code::io, "write standard output: it is closed or full, or its reader went away"));
  }
  return static_cast<int>(context.exit());
}

int fenced(std::vector<std::string> args, commands::World const& world, Mode mode) {
  Context context(world);
  try {
    return run_in(std::move(args), context, mode);
  } catch (std::exception const& error) {
    context.finish(make_error(Code::internal, error.what(), "this is a bug; please report it"));
    return static_cast<int>(context.exit());
  }
}

}  // namespace

void TreeDeleter::operator()(CLI::App* tree) const { delete tree; }

Tree make_tree(Context& context) {
  Tree tree(new CLI::App("Put an agent on the network so that the secure path is the only path",
                         "agentweave"));
  tree->require_subcommand(0, 1);
  tree->formatter(std::make_shared<HelpFormatter>());
  tree->footer(
      "Examples:\n  agentweave init hello\n  agentweave dev\n"
      "  agentweave call hello greet '{\"name\":\"Ada\"}' --as client\n\n" +
      std::string(kDetails));
  add_common_options(*tree, context);
  register_commands(*tree, context);
  return tree;
}

int run(std::vector<std::string> args, commands::World const& world) {
  if (asks_to_complete(args, world.env) && args.empty()) return 0;
  // Scripts ask this often: answered before the tree is built.
  if (args.size() == 1 && args.front() == "--version") {
    print_version(world.out);
    return 0;
  }
  return fenced(std::move(args), world, Mode::run);
}

int parse_only(std::vector<std::string> args, commands::World const& world) {
  return fenced(std::move(args), world, Mode::parse_only);
}

}  // namespace aw::cli
