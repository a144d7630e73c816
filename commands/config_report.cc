// SPDX-License-Identifier: Apache-2.0
#include "commands/config_report.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/json.h"
#include "core/base/markup.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

using config::Diagnostic;
using config::Severity;
using json::Json;

struct FormatName {
  std::string_view name;
  ReportFormat format;
};
constexpr auto kReportFormats = std::to_array<FormatName>({
    {"text", ReportFormat::text},
    {"json", ReportFormat::json},
    {"sarif", ReportFormat::sarif},
    {"junit", ReportFormat::junit},
    {"github", ReportFormat::github},
});

std::string counted(std::size_t number, std::string_view noun) {
  return std::to_string(number) + ' ' + std::string(noun) + (number == 1 ? "" : "s");
}

std::string percent(double value) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.1f%%", value);
  return out.data();
}

std::string dumped(Json const& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

// Both shapes that are documented: path/message and field/error.
Json finding_json(Diagnostic const& one) {
  return {{"path", one.key},
          {"field", one.key},
          {"message", one.message},
          {one.severity == Severity::error ? "error" : "warning", one.message},
          {"value", one.value},
          {"file", one.place.file},
          {"line", one.place.line},
          {"column", one.place.column},
          {"origin", one.place.text()},
          {"code", code_name(one.code)},
          {"reason", std::string(code_info(one.code).id)},
          {"hint", one.hint}};
}

// Workflow commands end at a line feed and split at commas and colons.
std::string escaped_command(std::string_view text, std::string_view also) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || also.find(c) != std::string_view::npos) {
      std::array<char, 4> code{};
      std::snprintf(code.data(), code.size(), "%%%02X", static_cast<unsigned char>(c));
      out += code.data();
    } else {
      out += c;
    }
  }
  return out;
}

Json sarif_rule(Code code) {
  CodeInfo const& info = code_info(code);
  return {{"id", code_name(code)},
          {"name", std::string(info.id)},
          {"shortDescription", {{"text", std::string(info.title)}}},
          {"fullDescription", {{"text", std::string(info.meaning)}}},
          {"help", {{"text", std::string(info.remedy)}}}};
}

Json sarif_result(Diagnostic const& one) {
  Json result = {
      {"ruleId", code_name(one.code)},
      {"level", one.severity == Severity::error ? "error" : "warning"},
      {"message",
       {{"text", one.hint.empty() ? one.message : one.message + " (" + one.hint + ")"}}}};
  if (one.place.file.empty()) return result;
  Json physical = {{"artifactLocation", {{"uri", one.place.file}}}};
  if (one.place.line > 0 && one.place.column > 0) {
    physical["region"] = {{"startLine", one.place.line},
                          {"startColumn", one.place.column},
                          {"endColumn", one.place.column + one.place.length}};
  }
  result["locations"] = Json::array({{{"physicalLocation", std::move(physical)}}});
  return result;
}

// The findings of one file; "" collects those of flags and variables.
std::string junit_case(std::string const& file, std::vector<Diagnostic> const& all) {
  std::string out = "    <testcase classname=\"config\" name=\"" +
                    text::escape_xml(file.empty() ? "environment and flags" : file) + "\">";
  std::string errors;
  std::string talk;
  for (Diagnostic const& one : all) {
    if (one.place.file != file) continue;
    if (one.severity == Severity::error) {
      errors += "\n      <failure type=\"" + code_name(one.code) + "\" message=\"" +
                text::escape_xml(one.message) + "\">" +
                text::escape_xml(one.place.before(one.message) + "; " + one.hint) + "</failure>";
    } else {
      talk += text::escape_xml(one.place.before(code_name(one.code) + ' ' + one.message)) + "\n";
    }
  }
  out += errors;
  if (!talk.empty()) out += "\n      <system-out>" + talk + "</system-out>";
  return out + "\n    </testcase>\n";
}

// Every file that was named or that a finding stands in, in that order.
std::vector<std::string> junit_files(ConfigReport const& report) {
  std::vector<std::string> out = report.files;
  for (Diagnostic const& one : report.diagnostics) {
    if (std::ranges::find(out, one.place.file) == out.end()) out.push_back(one.place.file);
  }
  return out;
}

}  // namespace

std::size_t ConfigReport::errors() const { return config::count(diagnostics, Severity::error); }
std::size_t ConfigReport::warnings() const { return config::count(diagnostics, Severity::warning); }

Result<std::vector<ReportTarget>> parse_formats(std::string_view text) {
  std::vector<ReportTarget> out;
  for (const std::string_view part : text::split(text, ',')) {
    const auto equals = part.find('=');
    const std::string_view name = text::trim(part.substr(0, equals));
    const auto* known = std::ranges::find(kReportFormats, name, &FormatName::name);
    if (known == kReportFormats.end() ||
        (equals != std::string_view::npos && equals + 1 == part.size())) {
      return make_error(Code::usage, "unknown report format \"" + std::string(part) + '"',
                        "text, json, sarif, junit, github; each may have =FILE");
    }
    ReportTarget target{known->format, {}};
    if (equals != std::string_view::npos) target.file = part.substr(equals + 1);
    out.push_back(std::move(target));
  }
  return out;
}

std::string report_summary(ConfigReport const& report) {
  std::string out = counted(report.files.size(), "file");
  if (report.policy) {
    ConfigReport::Policy const& policy = *report.policy;
    out += ", " + counted(policy.rules, "rule") + ", " + counted(policy.tests, "test") + " (" +
           std::to_string(policy.passed) + " pass), coverage " + percent(policy.coverage);
  } else {
    out += ", " + counted(report.keys, "key");
  }
  if (!report.environment.empty() && report.errors() == 0) {
    out += report.environment == "production" ? ", production-ready"
                                              : ", valid for " + report.environment;
  }
  return out + "      " + counted(report.errors(), "error") + ", " +
         counted(report.warnings(), "warning") + '\n';
}

std::string report_text(ConfigReport const& report) {
  return config::render_text(report.diagnostics) + report_summary(report);
}

Json report_json(ConfigReport const& report) {
  Json out = {{"valid", report.errors() == 0},
              {"environment", report.environment},
              {"files", report.files},
              {"errors", Json::array()},
              {"warnings", Json::array()},
              {"insecure", report.insecure},
              {"keys", report.keys}};
  for (Diagnostic const& one : report.diagnostics) {
    out[one.severity == Severity::error ? "errors" : "warnings"].push_back(finding_json(one));
  }
  if (report.policy) {
    out["policy"] = {{"rules", report.policy->rules},
                     {"tests", report.policy->tests},
                     {"passed", report.policy->passed},
                     {"coverage", report.policy->coverage}};
  }
  return out;
}

std::string report_sarif(ConfigReport const& report) {
  std::set<Code> codes;
  Json results = Json::array();
  for (Diagnostic const& one : report.diagnostics) {
    codes.insert(one.code);
    results.push_back(sarif_result(one));
  }
  Json rules = Json::array();
  for (const Code code : codes) rules.push_back(sarif_rule(code));
  Json artifacts = Json::array();
  for (std::string const& file : report.files) {
    artifacts.push_back({{"location", {{"uri", file}}}});
  }
  Json const run = {{"tool", {{"driver", {{"name", "agentweave"}, {"rules", std::move(rules)}}}}},
                    {"artifacts", std::move(artifacts)},
                    {"columnKind", "utf16CodeUnits"},
                    {"results", std::move(results)}};
  return dumped({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                 {"version", "2.1.0"},
                 {"runs", Json::array({run})}});
}

std::string report_junit(ConfigReport const& report) {
  const std::vector<std::string> files = junit_files(report);
  const auto failed = std::ranges::count_if(files, [&report](std::string const& file) {
    return std::ranges::any_of(report.diagnostics, [&file](Diagnostic const& one) {
      return one.severity == Severity::error && one.place.file == file;
    });
  });
  std::string counts =
      "tests=\"" + std::to_string(files.size()) + "\" failures=\"" + std::to_string(failed) + '"';
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"agentweave\" " +
                    counts + ">\n  <testsuite name=\"config validate\" " + counts + ">\n";
  for (std::string const& file : files) out += junit_case(file, report.diagnostics);
  return out + "  </testsuite>\n</testsuites>\n";
}

std::string report_github(ConfigReport const& report) {
  std::string out;
  for (Diagnostic const& one : report.diagnostics) {
    out += one.severity == Severity::error ? "::error " : "::warning ";
    if (!one.place.file.empty()) {
      out += "file=" + escaped_command(one.place.file, ",:") + ',';
      if (one.place.line > 0) {
        out += "line=" + std::to_string(one.place.line) +
               ",col=" + std::to_string(std::max(1, one.place.column)) + ',';
      }
    }
    out += "title=" + code_name(one.code) + "::";
    out +=
        escaped_command(one.hint.empty() ? one.message : one.message + ": " + one.hint, "") + '\n';
  }
  return out;
}

}  // namespace aw::commands
