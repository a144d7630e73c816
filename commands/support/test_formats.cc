// SPDX-License-Identifier: Apache-2.0
#include "commands/support/test_formats.h"

#include <array>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/markup.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

using rego::TestResult;
using rego::TestState;

std::string joined_output(TestResult const& result) {
  std::string out;
  for (auto const& line : result.output) out += line + "\n";
  return out;
}

std::string seconds_text(std::chrono::nanoseconds duration) {
  std::array<char, 32> out{};
  int const size = std::snprintf(out.data(), out.size(), "%.6f",
                                 std::chrono::duration<double>(duration).count());
  return {out.data(), static_cast<std::size_t>(size)};
}

// GitHub's escapes for the data and the properties of a workflow command.
std::string github(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '%') {
      out += "%25";
    } else if (c == '\r') {
      out += "%0D";
    } else if (c == '\n') {
      out += "%0A";
    } else if (c == ':' || c == ',') {
      out += c == ':' ? "%3A" : "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

std::string reason_of(TestResult const& result) {
  if (!result.message.empty()) return result.message;
  return result.why ? result.why->summary : std::string();
}

std::string reason_with_cases(TestResult const& result) {
  std::string out = reason_of(result);
  for (auto const& one : result.cases) {
    if (one.state == TestState::failed) out += (out.empty() ? "" : ", ") + case_name(one);
  }
  return out;
}

// OPA's shape: an object a step, each with what is below it; a step fails when something below
// does.
void add_case(json::Json& into, rego::TestCase const& one) {
  json::Json* at = &into;
  for (auto const& step : one.path) {
    json::Json& here = (*at)["sub_results"][step];
    here["name"] = step;
    if (one.state == TestState::failed) here["fail"] = true;
    at = &here;
  }
}

void append_case(std::string& out, TestResult const& result) {
  out += "    <testcase classname=\"" + text::escape_xml(result.package) + "\" name=\"" +
         text::escape_xml(result.name) + "\" file=\"" + text::escape_xml(result.location.file) +
         "\" line=\"" + std::to_string(result.location.line) + "\" time=\"" +
         seconds_text(result.duration) + "\">\n";
  if (result.state == TestState::skipped) out += "      <skipped/>\n";
  if (result.state == TestState::failed || result.state == TestState::error) {
    std::string const element = result.state == TestState::failed ? "failure" : "error";
    out += "      <" + element + " message=\"" + text::escape_xml(reason_with_cases(result)) +
           "\">" + text::escape_xml(result.location.text()) + "</" + element + ">\n";
  }
  if (!result.output.empty()) {
    out += "      <system-out>";
    for (auto const& line : result.output) out += text::escape_xml(line) + "\n";
    out += "</system-out>\n";
  }
  out += "    </testcase>\n";
}

struct Counts {
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;

  explicit Counts(std::vector<TestResult const*> const& results) {
    for (auto const* result : results) {
      failures += result->state == TestState::failed ? 1U : 0U;
      errors += result->state == TestState::error ? 1U : 0U;
      skipped += result->state == TestState::skipped ? 1U : 0U;
    }
  }
  [[nodiscard]] std::string attributes(std::size_t tests) const {
    return "tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
           "\" errors=\"" + std::to_string(errors) + "\" skipped=\"" + std::to_string(skipped) +
           "\"";
  }
};

}  // namespace

std::string case_name(rego::TestCase const& one) {
  std::string out;
  for (auto const& step : one.path) {
    if (!out.empty()) out += '/';
    out += step;
  }
  return out;
}

json::Json opa_test_json(rego::TestReport const& report) {
  json::Json out = json::Json::array();
  for (auto const& result : report.results) {
    json::Json one = {{"location",
                       {{"file", result.location.file},
                        {"row", result.location.line},
                        {"col", result.location.column}}},
                      {"package", result.package},
                      {"name", result.name},
                      {"duration", result.duration.count()}};
    if (result.state == TestState::failed) one["fail"] = true;
    if (result.state == TestState::skipped) one["skip"] = true;
    if (result.state == TestState::error) one["error"] = {{"message", result.message}};
    for (auto const& sub : result.cases) add_case(one, sub);
    if (!result.output.empty()) one["output"] = text::to_base64(joined_output(result));
    out.push_back(std::move(one));
  }
  return out;
}

std::string junit_xml(rego::TestReport const& report) {
  std::map<std::string, std::vector<TestResult const*>> suites;
  std::vector<TestResult const*> all;
  for (auto const& result : report.results) {
    suites[result.package].push_back(&result);
    all.push_back(&result);
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites " +
                    Counts(all).attributes(all.size()) + ">\n";
  for (auto const& [package, results] : suites) {
    out += "  <testsuite name=\"" + text::escape_xml(package) + "\" " +
           Counts(results).attributes(results.size()) + ">\n";
    for (auto const* result : results) append_case(out, *result);
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

std::string github_lines(rego::TestReport const& report) {
  std::string out;
  for (auto const& result : report.results) {
    if (result.state != TestState::failed && result.state != TestState::error) continue;
    auto const reason = reason_with_cases(result);
    out += "::error file=" + github(result.location.file) +
           ",line=" + std::to_string(result.location.line) + ",title=policy test failed::" +
           github(result.package + "." + result.name + (reason.empty() ? "" : ": " + reason)) +
           "\n";
  }
  return out + "::notice title=policy tests::" + std::to_string(report.passed) + " of " +
         std::to_string(report.total()) + " pass\n";
}

}  // namespace aw::commands
