// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_eval.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/command.h"
#include "commands/support/coverage_text.h"
#include "commands/support/options.h"
#include "commands/support/policy_input.h"
#include "core/base/text.h"
#include "core/rego/event_text.h"
#include "core/rego/near_miss.h"

namespace aw::commands {
namespace {

using Explain = PolicyEvalOptions::Explain;

rego::EvalOptions eval_options(PolicyEvalOptions const& options, Context& context) {
  rego::EvalOptions out;
  out.now = context.clock.now();
  out.clock = &context.clock;
  out.builtin_errors = options.builtin_errors;
  out.limits.time = options.timeout;
  out.trace = options.explain == Explain::off   ? rego::TraceLevel::off
              : options.explain == Explain::why ? rego::TraceLevel::why
                                                : rego::TraceLevel::full;
  out.print = [&context](rego::Location const&, std::string_view line) { context.say(line); };
  return out;
}

std::vector<std::string> trace_lines(PolicyEvalOptions const& options,
                                     rego::Outcome const& outcome) {
  if (options.explain == Explain::off || options.explain == Explain::why) return {};
  auto const detail = options.explain == Explain::notes   ? rego::EventDetail::notes
                      : options.explain == Explain::fails ? rego::EventDetail::fails
                                                          : rego::EventDetail::full;
  auto const events = rego::chosen_events(outcome.events, detail);
  return rego::event_lines(events);
}

// What came closest, and what would make the answer true.
void say_why(PolicyEvalOptions const& options, rego::Outcome const& outcome,
             rego::NearMissQuestion const& question, Context& context) {
  if (options.explain != Explain::why || !outcome.why || outcome.value.is_true()) return;
  if (!outcome.why->summary.empty()) context.say(text::printable(outcome.why->summary));
  auto const misses = rego::find_near_misses(
      question, [](rego::Outcome const& other) { return other.ok() && other.value.is_true(); });
  for (auto const& miss : misses) context.say("would be true with " + text::printable(miss.text));
}

Exit judge(PolicyEvalOptions const& options, rego::Outcome const& outcome) {
  using Fail = PolicyEvalOptions::Fail;
  bool const defined = solutions(outcome) > 0;
  bool const failed =
      (options.fail == Fail::undefined && !defined) || (options.fail == Fail::defined && defined);
  return failed ? Exit::failed : Exit::ok;
}

Error eval_failure(rego::EvalError const& error) {
  bool const late =
      error.code == "eval_cancel_error" && error.message == "evaluation takes too long";
  return make_error(late ? Code::timeout : Code::policy_eval, error.text());
}

// OPA's shape of errors on stdout for programs; the same for people on stderr.
Result<Exit> refuse_eval(PolicyEvalOptions const& options, json::Json const& errors, Error error,
                         Context& context) {
  bool const shape = options.format == EvalFormat::json && !context.machine_readable();
  if (shape) context.out << errors.dump(2) << '\n';
  return error;
}

Result<rego::Query> query_of(PolicyEvalOptions const& options, rego::Policy const& policy,
                             std::vector<rego::Diagnostic>& faults) {
  if (options.package.empty()) return policy.prepare(options.query, &faults);
  return policy.prepare_in(options.package, options.query, &faults);
}

void print_outcome(PolicyEvalOptions const& options, rego::Policy const& policy,
                   rego::Query const& query, rego::Outcome const& outcome, Context& context,
                   std::vector<rego::Place> const& covered) {
  auto data = eval_json(outcome, query);
  auto const lines = trace_lines(options, outcome);
  if (!lines.empty()) data["explanation"] = lines;
  if (options.coverage == rego::CoverageMode::on) {
    data["coverage"] = coverage_json(rego::coverage_of(policy, covered));
  }
  context.print("PolicyEval", data, [&](std::ostream& out) {
    if (options.format == EvalFormat::json) {
      out << data.dump(2) << '\n';
      return;
    }
    for (auto const& line : lines) out << text::printable(line) << '\n';
    write_eval(out, options.format, outcome, query);
  });
}

void add_words(CLI::App& command, std::shared_ptr<PolicyEvalOptions> const& options) {
  static std::map<std::string, EvalFormat> const kEvalFormats = {{"json", EvalFormat::json},
                                                                 {"values", EvalFormat::values},
                                                                 {"bindings", EvalFormat::bindings},
                                                                 {"raw", EvalFormat::raw},
                                                                 {"pretty", EvalFormat::pretty}};
  static std::map<std::string, Explain> const kExplain = {{"off", Explain::off},
                                                          {"why", Explain::why},
                                                          {"notes", Explain::notes},
                                                          {"fails", Explain::fails},
                                                          {"full", Explain::full}};
  command
      .add_option_function<std::string>(
          "-f,--format",
          [options](std::string const& word) { options->format = kEvalFormats.at(word); },
          "How the answer is printed")
      ->check(CLI::IsMember({"json", "values", "bindings", "raw", "pretty"}))
      ->default_str("json");
  command
      .add_option_function<std::string>(
          "--explain", [options](std::string const& word) { options->explain = kExplain.at(word); },
          "Tell how the answer came about: OPA's notes, fails or full; or why, in our words")
      ->check(CLI::IsMember({"off", "why", "notes", "fails", "full"}));
}

void add_switches(CLI::App& command, std::shared_ptr<PolicyEvalOptions> const& options) {
  auto* fail = command.add_flag_callback(
      "--fail", [options] { options->fail = PolicyEvalOptions::Fail::undefined; },
      "Exit 1 when the answer is undefined");
  command
      .add_flag_callback(
          "--fail-defined", [options] { options->fail = PolicyEvalOptions::Fail::defined; },
          "Exit 1 when there is an answer")
      ->excludes(fail);
  command.add_flag_callback(
      "-S,--strict", [options] { options->strictness = rego::Strictness::strict; },
      "Unused imports and variables are errors");
  command.add_flag_callback(
      "--strict-builtin-errors",
      [options] { options->builtin_errors = rego::BuiltinErrors::strict; },
      "An error of a builtin ends the evaluation");
  command.add_flag_callback(
      "--coverage", [options] { options->coverage = rego::CoverageMode::on; },
      "Which lines ran (format json)");
}

}  // namespace

Result<Exit> run_policy_eval(PolicyEvalOptions const& options, Context& context) {
  AW_TRY(auto const input, read_policy_input(options.input, context));
  AW_TRY(auto const inputs, read_policy_paths(options.paths));
  std::vector<rego::Diagnostic> faults;
  auto policy =
      rego::compile(inputs.modules, inputs.data, {.strictness = options.strictness}, &faults);
  if (!policy.ok()) {
    return refuse_eval(options, eval_errors(faults), std::move(policy).error(), context);
  }
  auto query = query_of(options, **policy, faults);
  if (!query.ok()) {
    return refuse_eval(options, eval_errors(faults), std::move(query).error(), context);
  }
  auto const how = eval_options(options, context);
  std::vector<rego::Place> covered;
  auto const outcome =
      rego::evaluate_covered(**policy, *query, input, how,
                             options.coverage == rego::CoverageMode::on ? &covered : nullptr);
  if (!outcome.ok()) {
    return refuse_eval(options, eval_errors(*outcome.error), eval_failure(*outcome.error), context);
  }
  say_why(options, outcome, {.policy = **policy, .query = *query, .input = input, .options = how},
          context);
  print_outcome(options, **policy, *query, outcome, context, covered);
  return judge(options, outcome);
}

void register_policy_eval(CLI::App& parent, Context& context) {
  auto options = std::make_shared<PolicyEvalOptions>();
  auto& group = add_group(parent, "policy", "Rego tools, with OPA's flags");
  auto& command = add_command(
      group,
      {.name = "eval",
       .purpose = "Evaluate a Rego query",
       .examples = {"agentweave policy eval -d policy data.agentweave.authz.public_actions",
                    "agentweave policy eval -d policy -i '{\"action\":\"greet\"}' --format values "
                    "data.agentweave.authz.allow",
                    "agentweave policy eval '1 + 1' --format raw"}});
  command.add_option("QUERY", options->query, "Rego, or a path like agentweave/authz/allow")
      ->required();
  add_policy_paths(command, options->paths);
  add_policy_input(command, options->input);
  command.add_option("--package", options->package, "The package whose rules QUERY may name")
      ->type_name("NAME");
  add_words(command, options);
  add_switches(command, options);
  add_duration(command, "-t,--timeout", options->timeout, "How long it may take");
  on_answer(command, context, [options, &context] { return run_policy_eval(*options, context); });
}

}  // namespace aw::commands
