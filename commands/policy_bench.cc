// SPDX-License-Identifier: Apache-2.0
#include "commands/policy_bench.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

#include "commands/support/command.h"
#include "commands/support/policy_input.h"

namespace aw::commands {
namespace {

struct Quantiles {
  std::int64_t p50 = 0;
  std::int64_t p99 = 0;
};

Quantiles quantiles_of(std::vector<std::int64_t>& samples) {
  std::ranges::sort(samples);
  auto const at = [&samples](std::size_t percent) {
    return samples[std::min(samples.size() - 1, samples.size() * percent / 100)];
  };
  return {.p50 = at(50), .p99 = at(99)};
}

// One answer, its input parsed from text each time: what a request costs.
Result<rego::Outcome> one_answer(rego::Policy const& policy, rego::Query const& query,
                                 std::string const& input, Clock const& clock) {
  rego::Value document;
  if (!input.empty()) {
    AW_TRY(document, rego::parse_json(input));
  }
  auto outcome = policy.evaluate(query, document, {.now = clock.now()});
  if (!outcome.ok()) return make_error(Code::policy_eval, outcome.error->text());
  return outcome;
}

Result<std::vector<std::int64_t>> measure(PolicyBenchOptions const& options,
                                          rego::Policy const& policy, rego::Query const& query,
                                          std::string const& input, Context const& context) {
  std::vector<std::int64_t> out;
  out.reserve(options.count);
  auto const stop = context.interrupt();
  auto const warm = options.count / 10;
  for (std::size_t i = 0; i < warm + options.count && !stop.stop_requested(); ++i) {
    auto const began = context.clock.steady();
    AW_TRY(auto const outcome, one_answer(policy, query, input, context.clock));
    auto const took = context.clock.steady() - began;
    if (i >= warm) out.push_back(took.count());
  }
  return out;
}

}  // namespace

Result<Exit> run_policy_bench(PolicyBenchOptions const& options, Context& context) {
  AW_TRY(auto const document, read_policy_input(options.input, context));
  AW_TRY(auto const inputs, read_policy_paths(options.paths));
  AW_TRY(auto const policy, compile_policy(inputs));
  AW_TRY(auto const query, policy->prepare(options.query));
  std::string const input = document.defined() ? document.to_json() : std::string();
  AW_TRY(auto const first, one_answer(*policy, query, input, context.clock));
  bool const undefined = first.expressions.empty() && !first.value.defined();
  if (undefined && options.undefined == PolicyBenchOptions::Undefined::fails) {
    return make_error(Code::check_failed, "the answer is undefined: there is nothing to measure",
                      "check the query and the input, or give --fail=false");
  }
  AW_TRY(auto samples, measure(options, *policy, query, input, context));
  if (samples.empty()) return Exit::interrupted;
  auto const found = quantiles_of(samples);
  json::Json const data = json::Json::array({{{"name", options.query},
                                              {"p50_ns", found.p50},
                                              {"p99_ns", found.p99},
                                              {"n", samples.size()}}});
  context.print("PolicyBench", data, [&](std::ostream& out) {
    if (options.format == PolicyBenchOptions::Format::json) {
      out << data.dump(2) << '\n';
      return;
    }
    out << options.query << "   p50 " << found.p50 << " ns   p99 " << found.p99 << " ns   n "
        << samples.size() << '\n';
  });
  return Exit::ok;
}

void register_policy_bench(CLI::App& parent, Context& context) {
  auto options = std::make_shared<PolicyBenchOptions>();
  auto& group = add_group(parent, "policy", "Rego tools, with OPA's flags");
  auto& command = add_command(
      group, {.name = "bench",
              .purpose = "Measure how long a query takes, from the input's JSON to the answer",
              .examples = {"agentweave policy bench -d policy -i '{\"action\":\"greet\"}' "
                           "--count 1000 data.agentweave.authz.allow",
                           "agentweave policy bench -d policy --count 1000 --format json "
                           "data.agentweave.authz.allow"}});
  command.add_option("QUERY", options->query, "Rego, or a path like agentweave/authz/allow")
      ->required();
  add_policy_paths(command, options->paths);
  add_policy_input(command, options->input);
  command.add_option("--count", options->count, "How many answers are measured")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "-f,--format",
          [options](std::string const& word) {
            options->format = word == "json" ? PolicyBenchOptions::Format::json
                                             : PolicyBenchOptions::Format::pretty;
          },
          "How the result is printed")
      ->check(CLI::IsMember({"pretty", "json"}))
      ->default_str("pretty");
  command
      .add_option_function<std::string>(
          "--fail",
          [options](std::string const& word) {
            options->undefined = word == "false" ? PolicyBenchOptions::Undefined::counts
                                                 : PolicyBenchOptions::Undefined::fails;
          },
          "Is an undefined answer a failure?")
      ->check(CLI::IsMember({"true", "false"}))
      ->default_str("true");
  on_answer(command, context, [options, &context] { return run_policy_bench(*options, context); });
}

}  // namespace aw::commands
