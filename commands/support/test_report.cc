// SPDX-License-Identifier: Apache-2.0
#include "commands/support/test_report.h"

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/support/decision_text.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

std::string_view state_text(rego::TestState state) {
  switch (state) {
    case rego::TestState::passed:
      return "PASS";
    case rego::TestState::failed:
      return "FAIL";
    case rego::TestState::error:
      return "ERROR";
    case rego::TestState::skipped:
      return "SKIPPED";
  }
  return "ERROR";
}

std::string percent_text(double percent) {
  std::array<char, 32> out{};
  int const size = std::snprintf(out.data(), out.size(), "%.1f%%", percent);
  return {out.data(), static_cast<std::size_t>(size)};
}

json::Json result_json(rego::TestResult const& result) {
  return {{"package", result.package},
          {"name", result.name},
          {"state", text::lower(state_text(result.state))},
          {"message", result.message},
          {"duration_ns", result.duration.count()},
          {"output", result.output},
          {"location",
           {{"file", result.location.file},
            {"row", result.location.line},
            {"col", result.location.column}}}};
}

json::Json coverage_json(rego::Coverage const& coverage) {
  json::Json files = json::Json::object();
  for (auto const& file : coverage.files) {
    files[file.file] = {
        {"coverage", file.percent}, {"covered", file.covered}, {"not_covered", file.not_covered}};
  }
  return {{"coverage", coverage.percent},
          {"covered_lines", coverage.covered_lines},
          {"not_covered_lines", coverage.not_covered_lines},
          {"files", std::move(files)}};
}

json::Json report_json(rego::TestReport const& report, TestRunOptions const& options) {
  json::Json out = {{"passed", report.passed},
                    {"failed", report.failed},
                    {"errors", report.errors},
                    {"skipped", report.skipped},
                    {"results", json::Json::array()}};
  for (auto const& result : report.results) out["results"].push_back(result_json(result));
  if (options.coverage == rego::CoverageMode::on) out["coverage"] = coverage_json(report.coverage);
  return out;
}

bool is_bad(rego::TestState state) {
  return state == rego::TestState::failed || state == rego::TestState::error;
}

void write_result(std::ostream& out, rego::TestResult const& result, Context const& context) {
  auto const word =
      context.paint_out(is_bad(result.state) ? Style::bad : Style::good, state_text(result.state));
  out << result.location.file << ':' << result.location.line << "  " << result.package << '.'
      << result.name << ": " << word << " (" << milliseconds_text(result.duration) << ")\n";
  for (auto const& line : result.output) out << "    " << text::printable(line) << '\n';
  if (!result.message.empty()) out << "    " << text::printable(result.message) << '\n';
  if (result.why && !result.why->summary.empty()) {
    out << "    " << text::printable(result.why->summary) << '\n';
  }
}

void write_coverage(std::ostream& out, rego::Coverage const& coverage) {
  for (auto const& file : coverage.files) {
    out << file.file << "  " << percent_text(file.percent);
    std::string lines;
    for (int const line : file.not_covered) {
      lines += (lines.empty() ? "" : ",") + std::to_string(line);
    }
    if (!lines.empty()) out << "  not covered: " << lines;
    out << '\n';
  }
  out << "coverage " << percent_text(coverage.percent) << '\n';
}

// Like `opa test`: failures always, the rest with -v, then the counts.
void write_report(std::ostream& out, rego::TestReport const& report, TestRunOptions const& options,
                  Context const& context) {
  auto const total = report.results.size();
  for (auto const& result : report.results) {
    if (is_bad(result.state) || context.verbosity == Verbosity::verbose) {
      write_result(out, result, context);
    }
  }
  out << "PASS: " << report.passed << '/' << total << '\n';
  if (report.failed > 0) out << "FAIL: " << report.failed << '/' << total << '\n';
  if (report.errors > 0) out << "ERROR: " << report.errors << '/' << total << '\n';
  if (report.skipped > 0) out << "SKIPPED: " << report.skipped << '/' << total << '\n';
  if (options.coverage == rego::CoverageMode::on) write_coverage(out, report.coverage);
}

}  // namespace

void add_test_options(CLI::App& command, TestRunOptions& options) {
  command.add_option("-r,--run", options.run, "Only tests whose package.name contains this")
      ->type_name("TEXT");
  command.add_flag_callback(
      "-c,--coverage", [&options] { options.coverage = rego::CoverageMode::on; },
      "Which lines ran");
  command
      .add_option_function<double>(
          "--threshold",
          [&options](double percent) {
            options.threshold = percent;
            options.coverage = rego::CoverageMode::on;
          },
          "Fail below this coverage")
      ->check(CLI::Range(0.0, 100.0))
      ->type_name("PERCENT");
}

Result<void> run_policy_tests(PolicyInputs const& inputs, TestRunOptions const& options,
                              Context& context) {
  AW_TRY(auto const policy, compile_policy(inputs));
  rego::TestOptions run{.run = options.run, .coverage = options.coverage, .clock = &context.clock};
  run.eval.now = context.clock.now();
  auto const report = rego::run_tests(*policy, run);
  if (report.results.empty()) {
    return make_error(Code::policy_test_failed, "there are no tests",
                      "name rules test_…, for example in authz_test.rego");
  }
  context.print("PolicyTests", report_json(report, options),
                [&](std::ostream& out) { write_report(out, report, options, context); });
  auto const bad = report.failed + report.errors;
  if (!report.ok()) {
    return make_error(Code::policy_test_failed, std::to_string(bad) + " of " +
                                                    std::to_string(report.results.size()) +
                                                    " policy tests failed");
  }
  if (report.coverage.percent < options.threshold) {
    return make_error(Code::threshold_met, "coverage " + percent_text(report.coverage.percent) +
                                               " is below " + percent_text(options.threshold));
  }
  return {};
}

}  // namespace aw::commands
