// SPDX-License-Identifier: Apache-2.0
#include "commands/support/test_report.h"

#include <CLI/CLI.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <span>
#include <utility>

#include "commands/support/coverage_text.h"
#include "commands/support/decision_text.h"
#include "commands/support/options.h"
#include "commands/support/test_formats.h"
#include "commands/support/wait.h"
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

json::Json result_json(rego::TestResult const& result) {
  json::Json cases = json::Json::array();
  for (auto const& one : result.cases) {
    cases.push_back({{"name", case_name(one)}, {"state", text::lower(state_text(one.state))}});
  }
  return {{"cases", std::move(cases)},
          {"package", result.package},
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
  for (auto const& one : result.cases) {
    auto const style = is_bad(one.state) ? Style::bad : Style::good;
    out << "    " << text::printable(case_name(one)) << ": "
        << context.paint_out(style, state_text(one.state)) << '\n';
  }
  for (auto const& line : result.output) out << "    " << text::printable(line) << '\n';
  if (!result.message.empty()) out << "    " << text::printable(result.message) << '\n';
  if (result.why && !result.why->summary.empty()) {
    out << "    " << text::printable(result.why->summary) << '\n';
  }
}

// Like `opa test`: failures always, the rest with -v, then the counts.
void write_report(std::ostream& out, rego::TestReport const& report,
                  std::span<const rego::Source> sources, TestRunOptions const& options,
                  Context const& context) {
  auto const total = report.total();
  for (auto const& result : report.results) {
    if (result.state != rego::TestState::passed || context.verbosity == Verbosity::verbose) {
      write_result(out, result, context);
    }
  }
  out << "PASS: " << report.passed << '/' << total << '\n';
  if (report.failed > 0) out << "FAIL: " << report.failed << '/' << total << '\n';
  if (report.errors > 0) out << "ERROR: " << report.errors << '/' << total << '\n';
  if (report.skipped > 0) out << "SKIPPED: " << report.skipped << '/' << total << '\n';
  if (options.coverage != rego::CoverageMode::on) return;
  auto const shade = context.verbosity == Verbosity::verbose ? Shade::source : Shade::summary;
  write_coverage(out, report.coverage, sources, shade, context);
}

void write_formatted(std::ostream& out, rego::TestReport const& report,
                     std::span<const rego::Source> sources, TestRunOptions const& options,
                     Context const& context) {
  bool const coverage = options.coverage == rego::CoverageMode::on;
  switch (options.format) {
    case TestFormat::pretty:
      return write_report(out, report, sources, options, context);
    case TestFormat::json:
      out << (coverage ? coverage_json(report.coverage) : opa_test_json(report)).dump(2) << '\n';
      return;
    case TestFormat::junit:
      out << junit_xml(report);
      return;
    case TestFormat::github:
      out << github_lines(report);
      return;
  }
}

// What a watcher compares: everything that was read.
std::string fingerprint(Result<PolicyInputs> const& inputs) {
  if (!inputs.ok()) return inputs.error().text();
  std::string out = inputs->data.to_json();
  for (auto const& module : inputs->modules) out += module.name + '\0' + module.text + '\0';
  return out;
}

constexpr auto kWatchEvery = std::chrono::milliseconds(300);

}  // namespace

void add_test_options(CLI::App& command, TestRunOptions& options) {
  static std::map<std::string, TestFormat> const kFormats = {{"pretty", TestFormat::pretty},
                                                             {"json", TestFormat::json},
                                                             {"junit", TestFormat::junit},
                                                             {"github", TestFormat::github}};
  command
      .add_option("-r,--run", options.run,
                  "Only tests whose package.name this regular expression is found in")
      ->type_name("REGEX")
      ->check([](std::string const& text) {
        return rego::is_pattern(text) ? std::string() : "no regular expression: " + text;
      });
  command
      .add_option_function<std::string>(
          "-f,--format",
          [&options](std::string const& word) { options.format = kFormats.at(word); },
          "How the report is printed")
      ->check(CLI::IsMember({"pretty", "json", "junit", "github"}))
      ->default_str("pretty");
  command.add_flag_callback(
      "-c,--coverage", [&options] { options.coverage = rego::CoverageMode::on; },
      "Which lines ran; with -v the source, shaded");
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
  add_duration(command, "-t,--timeout", options.timeout, "How long one test may take");
  command.add_flag_callback(
      "-w,--watch", [&options] { options.watch = TestRunOptions::Watch::yes; },
      "Run again when a file changes, until Ctrl-C");
}

Result<void> run_policy_tests(PolicyInputs const& inputs, TestRunOptions const& options,
                              Context& context) {
  AW_TRY(auto const policy, compile_policy(inputs));
  rego::TestOptions run{.run = options.run, .coverage = options.coverage, .clock = &context.clock};
  run.eval.now = context.clock.now();
  run.eval.clock = &context.clock;
  run.eval.limits.time = options.timeout;
  auto const report = rego::run_tests(*policy, run);
  if (report.results.empty()) {
    return make_error(Code::policy_test_failed, "there are no tests",
                      "name rules test_…, for example in authz_test.rego");
  }
  context.print("PolicyTests", report_json(report, options), [&](std::ostream& out) {
    write_formatted(out, report, inputs.modules, options, context);
  });
  auto const bad = report.failed + report.errors;
  if (!report.ok()) {
    return make_error(
        Code::policy_test_failed,
        std::to_string(bad) + " of " + std::to_string(report.total()) + " policy tests failed");
  }
  if (report.coverage.percent < options.threshold) {
    return make_error(Code::threshold_met, "coverage " + percent_text(report.coverage.percent) +
                                               " is below " + percent_text(options.threshold));
  }
  return {};
}

Result<Exit> run_policy_tests(ReadInputs const& read, TestRunOptions const& options,
                              Context& context) {
  auto inputs = read();
  if (options.watch == TestRunOptions::Watch::no) {
    if (!inputs.ok()) return std::move(inputs).error();
    AW_TRY(run_policy_tests(*inputs, options, context));
    return Exit::ok;
  }
  auto const stop = context.interrupt();
  std::string before;
  for (;;) {
    if (auto now = fingerprint(inputs); now != before) {
      before = std::move(now);
      auto const done =
          inputs.ok() ? run_policy_tests(*inputs, options, context) : Result<void>(inputs.error());
      if (!done.ok()) context.say(done.error().text());
    }
    if (!context.out.flush().good()) return Exit::ok;  // nobody reads any more
    if (wait_for(stop, kWatchEvery) == Waited::interrupted) return Exit::interrupted;
    inputs = read();
  }
}

}  // namespace aw::commands
