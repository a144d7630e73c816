// SPDX-License-Identifier: Apache-2.0
// The findings of `config validate` in the forms that people, editors and pipelines read.
//
// Pure: values in, text out.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/config/diagnostic.h"

namespace aw::commands {

// What was checked and what was found, whatever form it is shown in.
struct ConfigReport {
  std::vector<std::string> files;               // as they were named
  std::vector<config::Diagnostic> diagnostics;  // of all of them
  std::size_t keys = 0;                         // values that were given
  std::vector<std::string> insecure;            // settings production would refuse
  std::string environment;                      // in force; empty when they differ
  // Of --policy; `coverage` in per cent of the lines.
  struct Policy {
    std::size_t rules = 0;
    std::size_t tests = 0;
    std::size_t passed = 0;
    double coverage = 0;
  };
  std::optional<Policy> policy;

  [[nodiscard]] std::size_t errors() const;
  [[nodiscard]] std::size_t warnings() const;
};

enum class ReportFormat { text, json, sarif, junit, github };

struct ReportTarget {
  ReportFormat format = ReportFormat::text;
  std::string file;  // empty = standard output
};

// "github,sarif=aw.sarif,junit=aw.xml"; Code::usage for a name that is none of the five.
[[nodiscard]] Result<std::vector<ReportTarget>> parse_formats(std::string_view text);

[[nodiscard]] std::string report_text(ConfigReport const& report);     // findings and the summary
[[nodiscard]] std::string report_summary(ConfigReport const& report);  // one line
// {valid, environment, files, errors, warnings, insecure, keys} and, where one was checked,
// policy. Each finding has its place under both names that tools know: path and field.
[[nodiscard]] nlohmann::json report_json(ConfigReport const& report);
[[nodiscard]] std::string report_sarif(ConfigReport const& report);  // SARIF 2.1.0
// One test case a file; findings of flags and variables have one of their own.
[[nodiscard]] std::string report_junit(ConfigReport const& report);
[[nodiscard]] std::string report_github(ConfigReport const& report);  // workflow commands

}  // namespace aw::commands
