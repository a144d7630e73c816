// SPDX-License-Identifier: Apache-2.0
#include "commands/authz_check.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "commands/support/command.h"
#include "commands/support/explanation.h"
#include "commands/support/payload.h"
#include "commands/support/question.h"

namespace aw::commands {
namespace {

// A bare name is a file, as in `--input input.json`.
Result<std::string> read_input(std::string const& argument, Context& context) {
  if (argument.empty()) return std::string();
  bool const marked = argument == "-" || argument.front() == '@' || argument.front() == '{';
  return read_payload(marked ? argument : "@" + argument, context);
}

// "Nobody could decide" is not "no".
Exit exit_of(authz::AuthzDecision const& decision) {
  if (decision.allowed()) return Exit::ok;
  auto const exit = exit_code(decision.code);
  return exit == Exit::unreachable || exit == Exit::timed_out ? exit : Exit::denied;
}

std::optional<rego::EventDetail> detail_of(AuthzCheckOptions const& options) {
  using Explain = AuthzCheckOptions::Explain;
  switch (options.explain) {
    case Explain::off:
      return std::nullopt;
    case Explain::notes:
      return rego::EventDetail::notes;
    case Explain::fails:
      return rego::EventDetail::fails;
    case Explain::full:
      return rego::EventDetail::full;
  }
  return std::nullopt;
}

Result<Exit> judge(AuthzCheckOptions const& options, authz::AuthzDecision const& decision) {
  using Expect = AuthzCheckOptions::Expect;
  if (options.expect == Expect::anything) return exit_of(decision);
  // An expected deny must be policy's own.
  bool const as_expected =
      options.expect == Expect::allow ? decision.allowed() : exit_of(decision) == Exit::denied;
  if (as_expected) return Exit::ok;
  return make_error(Code::check_failed,
                    std::string("expected ") +
                        (options.expect == Expect::allow ? "allow" : "deny") + ", but it is " +
                        (decision.allowed() ? "allowed" : "denied: " + decision.reason));
}

}  // namespace

Result<Exit> run_authz_check(AuthzCheckOptions const& options, Context& context) {
  AW_TRY(auto input, read_input(options.input, context));
  AW_TRY(auto const source, policy_source(options.policy, context));
  AW_TRY(auto const question, make_question({.caller = options.caller,
                                             .target = options.target,
                                             .action = options.action,
                                             .input = std::move(input)},
                                            source.self, context.clock.now()));
  AW_TRY(auto const authorizer, CommandAuthorizer::open(source.config, context));
  auto const detail = detail_of(options);
  auto const explanation = authorizer->explain(question.context, detail);
  bool const trace = options.detail == AuthzCheckOptions::Detail::trace || detail ||
                     question.wanted == Question::Wanted::trace;
  if (context.verbosity != Verbosity::quiet || context.machine_readable()) {
    auto const data = authz::explanation_json(explanation);
    context.print("Decision", data, [&](std::ostream& out) {
      auto const whole = authz::explanation_text(explanation, explanation_paint(context));
      auto const first = whole.substr(0, whole.find('\n'));
      out << (trace ? whole : first) << '\n';
    });
  }
  auto const& decision = explanation.decision;
  if (!trace && !decision.allowed()) {
    if (auto const closest = authz::closest_rule(explanation); !closest.empty()) {
      context.say("         " + closest);
    }
  }
  return judge(options, decision);
}

void register_authz_check(CLI::App& parent, Context& context) {
  auto options = std::make_shared<AuthzCheckOptions>();
  auto& group = add_group(parent, "authz", "Authorization: what policy decides, and why");
  auto& command = add_command(
      group,
      {.name = "check",
       .purpose = "Ask policy what it would decide, and why",
       .examples =
           {"agentweave authz check --caller spiffe://hello.test/agent/client "
            "--target spiffe://hello.test/agent/hello --action greet",
            "agentweave authz check --caller client --action delete_all --trace",
            "agentweave authz check --caller client --action greet --policy policy --expect allow"},
       .details = "Uses the provider that `serve` would use with the same configuration: the "
                  "embedded engine or OPA.\nNothing is cached, counted or audited. Exit 0 allowed, "
                  "3 denied; with --expect, 1 when it is otherwise.\n"});
  command.add_option("--caller", options->caller, "Who asks: a SPIFFE ID, or its last part")
      ->type_name("ID");
  command
      .add_option("--target,--callee", options->target,
                  "Who is asked; without it the configuration's own agent")
      ->type_name("ID");
  command.add_option("--action", options->action, "What is asked for")->type_name("NAME");
  command
      .add_option("--input", options->input,
                  "More of the input document, as JSON: a file, - or {…}")
      ->type_name("FILE");
  command.add_flag_callback(
      "--trace", [options] { options->detail = AuthzCheckOptions::Detail::trace; },
      "Show each rule, how far it came, and what would flip the decision");
  command
      .add_option_function<std::string>(
          "--explain",
          [options](std::string const& word) {
            using Explain = AuthzCheckOptions::Explain;
            options->explain = word == "notes"   ? Explain::notes
                               : word == "fails" ? Explain::fails
                                                 : Explain::full;
          },
          "With --trace, the engine's events too, as OPA tells them")
      ->check(CLI::IsMember({"notes", "fails", "full"}));
  command
      .add_option_function<std::string>(
          "--expect",
          [options](std::string const& word) {
            options->expect = word == "allow" ? AuthzCheckOptions::Expect::allow
                                              : AuthzCheckOptions::Expect::deny;
          },
          "Fail unless this is the decision")
      ->check(CLI::IsMember({"allow", "deny"}));
  add_policy_options(command, options->policy);
  on_answer(command, context, [options, &context] { return run_authz_check(*options, context); });
}

}  // namespace aw::commands
