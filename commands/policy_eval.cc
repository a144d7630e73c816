// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_eval.h"

#include <CLI/CLI.hpp>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <utility>

#include "commands/support/command.h"
#include "commands/support/options.h"
#include "commands/support/policy_inputs.h"
#include "core/authz/data_files.h"
#include "core/base/fs.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

Result<rego::Value> read_input(std::string const& argument, Context& context) {
  if (argument.empty()) return rego::Value();
  if (argument == "-") {
    std::string const text(std::istreambuf_iterator<char>(context.in), {});
    return rego::parse_json(text);
  }
  if (argument.front() == '{') return rego::parse_json(argument);
  AW_TRY(auto const text, fs::read_file(argument));
  bool const yaml = argument.ends_with(".yaml") || argument.ends_with(".yml");
  return yaml ? authz::parse_data_file(argument, text) : rego::parse_json(text);
}

json::Json to_json(rego::Value const& value) {
  if (!value.defined()) return nullptr;
  auto parsed = json::parse(value.to_json(), {.bytes = std::size_t{64} << 20, .depth = 512});
  return parsed.ok() ? *std::move(parsed) : json::Json();
}

// {"result":[{"expressions":[{"value":…,"text":…}],"bindings":{…}}]}, as `opa eval` prints it;
// an empty object when there is no solution.
json::Json opa_json(rego::Outcome const& outcome, std::string const& query) {
  json::Json results = json::Json::array();
  for (std::size_t i = 0; i < outcome.expressions.size(); ++i) {
    json::Json solution = {{"expressions", json::Json::array()}};
    for (auto const& value : outcome.expressions[i]) {
      json::Json expression = {{"value", to_json(value)}};
      if (outcome.expressions[i].size() == 1) expression["text"] = query;
      solution["expressions"].push_back(std::move(expression));
    }
    if (i < outcome.bindings.size()) {
      for (auto const& [name, value] : outcome.bindings[i]) {
        // A path's value is bound to "result", which OPA's output does not show.
        bool const own_name = name == "result" && !query.contains("result");
        if (!own_name) solution["bindings"][name] = to_json(value);
      }
    }
    results.push_back(std::move(solution));
  }
  if (results.empty() && outcome.value.defined()) {
    json::Json const expression = {{"value", to_json(outcome.value)}, {"text", query}};
    results.push_back({{"expressions", json::Json::array({expression})}});
  }
  if (results.empty()) return json::Json::object();
  return {{"result", std::move(results)}};
}

std::vector<rego::Value> values_of(rego::Outcome const& outcome) {
  std::vector<rego::Value> out;
  for (auto const& solution : outcome.expressions) {
    out.insert(out.end(), solution.begin(), solution.end());
  }
  if (out.empty() && outcome.value.defined()) out.push_back(outcome.value);
  return out;
}

void write_outcome(std::ostream& out, PolicyEvalOptions const& options,
                   rego::Outcome const& outcome) {
  using Format = PolicyEvalOptions::Format;
  if (options.format == Format::json) {
    out << opa_json(outcome, options.query).dump(2) << '\n';
    return;
  }
  auto const values = values_of(outcome);
  if (values.empty()) out << "undefined\n";
  for (auto const& value : values) {
    if (options.format == Format::raw && value.is(rego::Kind::string)) {
      out << value.as_string() << '\n';
    } else if (options.format == Format::pretty) {
      out << rego::to_pretty_json(value) << '\n';
    } else {
      out << value.to_json() << '\n';
    }
  }
}

void say_trace(rego::Outcome const& outcome, Context& context) {
  for (auto const& event : outcome.events) {
    context.err << event.location.file << ':' << event.location.line << ' '
                << std::string(static_cast<std::size_t>(event.depth) * 2, ' ') << event.op << ' '
                << text::printable(event.text) << '\n';
  }
  if (outcome.why && !outcome.why->summary.empty()) context.err << outcome.why->summary << '\n';
}

rego::EvalOptions eval_options(PolicyEvalOptions const& options, Context& context) {
  rego::EvalOptions out;
  out.now = context.clock.now();
  out.builtin_errors = options.builtin_errors;
  out.limits.time = options.timeout;
  out.trace = options.explain == PolicyEvalOptions::Explain::off   ? rego::TraceLevel::off
              : options.explain == PolicyEvalOptions::Explain::why ? rego::TraceLevel::why
                                                                   : rego::TraceLevel::full;
  out.print = [&context](rego::Location const&, std::string_view line) { context.say(line); };
  return out;
}

Exit judge(PolicyEvalOptions const& options, rego::Outcome const& outcome) {
  bool const defined = !values_of(outcome).empty();
  using Fail = PolicyEvalOptions::Fail;
  bool const failed =
      (options.fail == Fail::undefined && !defined) || (options.fail == Fail::defined && defined);
  return failed ? Exit::failed : Exit::ok;
}

void add_choices(CLI::App& command, std::shared_ptr<PolicyEvalOptions> const& options) {
  command
      .add_option_function<std::string>(
          "-f,--format",
          [options](std::string const& word) {
            using Format = PolicyEvalOptions::Format;
            options->format = word == "values"   ? Format::values
                              : word == "raw"    ? Format::raw
                              : word == "pretty" ? Format::pretty
                                                 : Format::json;
          },
          "How the answer is printed")
      ->check(CLI::IsMember({"json", "values", "raw", "pretty"}))
      ->default_str("json");
  command
      .add_option_function<std::string>(
          "--explain",
          [options](std::string const& word) {
            options->explain =
                word == "full" ? PolicyEvalOptions::Explain::full : PolicyEvalOptions::Explain::why;
          },
          "Say on stderr how the answer came about")
      ->check(CLI::IsMember({"why", "full"}));
  command.add_flag_callback(
      "--fail", [options] { options->fail = PolicyEvalOptions::Fail::undefined; },
      "Exit 1 when the answer is undefined");
  command.add_flag_callback(
      "--fail-defined", [options] { options->fail = PolicyEvalOptions::Fail::defined; },
      "Exit 1 when there is an answer");
  command.add_flag_callback(
      "--strict-builtin-errors",
      [options] { options->builtin_errors = rego::BuiltinErrors::strict; },
      "An error of a builtin ends the evaluation");
}

}  // namespace

Result<Exit> run_policy_eval(PolicyEvalOptions const& options, Context& context) {
  AW_TRY(auto const input, read_input(options.input, context));
  AW_TRY(auto const inputs, read_policy_inputs(options.data));
  AW_TRY(auto const policy, compile_policy(inputs));
  AW_TRY(auto const query, policy->prepare(options.query));
  auto const outcome = policy->evaluate(query, input, eval_options(options, context));
  say_trace(outcome, context);
  if (!outcome.ok()) return make_error(Code::policy_eval, outcome.error->text());
  context.print("PolicyEval", opa_json(outcome, options.query),
                [&](std::ostream& out) { write_outcome(out, options, outcome); });
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
                    "agentweave policy eval '1 + 1' --format values"}});
  command.add_option("QUERY", options->query, "Rego, or a path like agentweave/authz/allow")
      ->required();
  command
      .add_option("-d,--data", options->data, "Policies and data: file or directory; repeatable")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command.add_option("-i,--input", options->input, "The input document: a file, - or {…}")
      ->type_name("FILE");
  command.add_flag_callback(
      "-I,--stdin-input", [options] { options->input = "-"; }, "Read the input from stdin");
  add_choices(command, options);
  add_duration(command, "-t,--timeout", options->timeout, "How long it may take");
  on_answer(command, context, [options, &context] { return run_policy_eval(*options, context); });
}

}  // namespace aw::commands
