// SPDX-License-Identifier: Apache-2.0
#include "commands/config_validate.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "commands/config_policy.h"
#include "commands/config_report.h"
#include "commands/support/command.h"
#include "core/base/fs.h"

namespace aw::commands {
namespace {

Result<void> check_file(std::string const& file, ConfigValidateOptions const& options,
                        Context& context, std::vector<config::Loaded>& checked,
                        ConfigReport& report) {
  ConfigOptions one = options.config;
  one.file = file;
  AW_TRY(auto const request, load_request(one, context));
  checked.push_back(config::inspect(request));
  config::Loaded const& loaded = checked.back();
  std::string name = file;
  if (name.empty() && !loaded.files.empty()) name = loaded.files.front().string();
  report.files.push_back(name.empty() ? "config.yaml" : name);
  report.keys += loaded.keys;
  report.diagnostics.insert(report.diagnostics.end(), loaded.diagnostics.begin(),
                            loaded.diagnostics.end());
  report.insecure.insert(report.insecure.end(), loaded.insecure.begin(), loaded.insecure.end());
  const std::string environment(config::environment_name(loaded.config.environment));
  const bool first = report.files.size() == 1;
  if (first || report.environment == environment) {
    report.environment = environment;
  } else {
    report.environment.clear();
  }
  return {};
}

std::string domain_of(std::string_view spiffe_id) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!spiffe_id.starts_with(kScheme)) return {};
  spiffe_id.remove_prefix(kScheme.size());
  return std::string(spiffe_id.substr(0, spiffe_id.find('/')));
}

// `did you mean "eu.example.com" (deploy/federation.yaml:4)?`
std::string with_place(std::string hint, std::vector<config::Loaded> const& checked) {
  for (config::Loaded const& one : checked) {
    auto const origin = one.origins.find("agent.trust_domain");
    auto const quoted = '"' + one.config.agent.trust_domain + '"';
    if (origin == one.origins.end() || hint.find(quoted) == std::string::npos) continue;
    if (origin->second.file.empty()) continue;
    return "did you mean " + quoted + " (" + origin->second.file + ':' +
           std::to_string(origin->second.line) + ")?";
  }
  return hint;
}

// No bundle is at hand here, but the files checked together name trust domains: one that is allowed
// and only almost among them is a typing error.
void check_trust_domains(std::vector<config::Loaded> const& checked, ConfigReport& report) {
  std::vector<std::string> known;
  for (config::Loaded const& one : checked) {
    known.push_back(one.config.agent.trust_domain);
    for (auto const& peer : one.config.discovery.peers) known.push_back(domain_of(peer.spiffe_id));
  }
  std::erase(known, std::string());
  for (config::Loaded const& one : checked) {
    for (config::Diagnostic& found : config::check_bundles(one, known)) {
      if (found.hint.empty()) continue;
      found.hint = with_place(found.hint, checked);
      report.diagnostics.push_back(std::move(found));
    }
  }
}

std::string rendered(ReportFormat format, ConfigReport const& report) {
  switch (format) {
    case ReportFormat::text:
      return report_text(report);
    case ReportFormat::json:
      return report_json(report).dump(2, ' ', false, json::Json::error_handler_t::replace) + '\n';
    case ReportFormat::sarif:
      return report_sarif(report);
    case ReportFormat::junit:
      return report_junit(report);
    case ReportFormat::github:
      return report_github(report);
  }
  return {};
}

Result<void> write_reports(std::vector<ReportTarget> const& targets, ConfigReport const& report,
                           Context& context) {
  bool shown = false;  // did standard output get something people can read?
  for (ReportTarget const& target : targets) {
    const std::string text = rendered(target.format, report);
    if (target.file.empty() || target.file == "-") {
      context.out << text;
      shown = shown || target.format != ReportFormat::github;
    } else {
      AW_TRY(fs::write_file_atomic(target.file, text, fs::Mode::public_file));
    }
  }
  // GitHub shows its annotations elsewhere; the job's log is for people.
  if (!shown && context.verbosity != Verbosity::quiet) context.err << report_text(report);
  return {};
}

void describe_insecure(ConfigReport const& report, Context& context) {
  if (report.insecure.empty() || report.errors() > 0) return;
  std::string line = "development only:";
  for (std::string const& setting : report.insecure) line += ' ' + setting;
  context.say(line);
}

CommandText command_text(std::string name, std::string const& words) {
  return {.name = std::move(name),
          .purpose = "Check configurations as serve would, for CI",
          .examples = {words + " config.yaml",
                       words + " deploy/agent.yaml deploy/federation.yaml --env production",
                       words + " config.yaml --policy policy --format text,sarif=aw.sarif"},
          .details =
              "Findings go to standard output, each with file, line, column and an AW code.\n"
              "--format takes a list of text, json, sarif, junit and github; each may have =FILE.\n"
              "Exit codes: 0 usable, 2 usage, 4 not usable."};
}

void add(CLI::App& parent, Context& context, CommandText const& text) {
  auto options = std::make_shared<ConfigValidateOptions>();
  auto& command = add_command(parent, text);
  command.add_option("FILES", options->files, "The files; none = the one serve would find")
      ->type_name("FILE");
  add_environment_and_overrides(command, options->config);
  command
      .add_option("--policy", options->policy_dir,
                  "Also compile the policies below DIR and run their tests")
      ->type_name("DIR");
  command.add_option("--format", options->formats, "text, json, sarif, junit, github, with =FILE")
      ->type_name("LIST")
      ->capture_default_str();
  command.add_flag_callback(
      "--strict,--warnings-as-errors", [options] { options->warnings = WarningPolicy::fail; },
      "Warnings fail too");
  on_answer(command, context,
            [options, &context] { return run_config_validate(*options, context); });
}

}  // namespace

Result<Exit> run_config_validate(ConfigValidateOptions const& options, Context& context) {
  AW_TRY(auto const targets, parse_formats(options.formats));
  ConfigReport report;
  std::vector<std::string> files = options.files;
  if (files.empty()) files.emplace_back();
  std::vector<config::Loaded> checked;
  for (std::string const& file : files) AW_TRY(check_file(file, options, context, checked, report));
  check_trust_domains(checked, report);
  if (!options.policy_dir.empty()) check_policies(options.policy_dir, context.clock, report);
  if (context.machine_readable()) {
    context.print("ConfigValidation", report_json(report), {});
  } else {
    AW_TRY(write_reports(targets, report, context));
    describe_insecure(report, context);
  }
  // No file is wrong when the command line is.
  if (std::ranges::find(report.diagnostics, Code::usage, &config::Diagnostic::code) !=
      report.diagnostics.end())
    return Exit::usage;
  const bool failed =
      report.errors() > 0 || (options.warnings == WarningPolicy::fail && report.warnings() > 0);
  return failed ? Exit::invalid : Exit::ok;
}

void register_config_validate(CLI::App& parent, Context& context) {
  auto& group = add_group(parent, "config", "Check, explain and show configurations");
  add(group, context, command_text("validate", "agentweave config validate"));
}

void register_validate(CLI::App& parent, Context& context) {
  add(parent, context, command_text("validate", "agentweave validate"));
}

}  // namespace aw::commands
