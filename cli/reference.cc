// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "cli/pages.h"
#include "commands/support/completion_script.h"
#include "core/base/code.h"
#include "core/base/text.h"

namespace aw::cli {
namespace {

using commands::CommandInfo;
using commands::OptionInfo;

constexpr std::string_view kMade = "<!-- Made by the tests from the code; do not edit. -->\n";

// A table cell: pipes would end it.
std::string cell(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string option_row(OptionInfo const& option) {
  std::string name = option.names.empty() ? option.value : text::join(option.names, ", ");
  if (!option.names.empty() && !option.value.empty()) name += " " + option.value;
  std::string purpose = option.purpose;
  if (option.need == OptionInfo::Need::required) purpose += " (required)";
  if (!option.fallback.empty()) purpose += " (default: `" + option.fallback + "`)";
  return "| `" + cell(name) + "` | " + cell(purpose) + " |\n";
}

std::string options_table(std::vector<OptionInfo> const& options) {
  std::string out;
  for (auto const& option : options) {
    if (!option.names.empty() && option.long_name() == "--help") continue;
    out += option_row(option);
  }
  return out.empty() ? out : "\n| | |\n|---|---|\n" + out;
}

std::string section(CommandInfo const& command) {
  std::string out = "\n## " + command.path + "\n\n" + command.purpose + ".\n\n```\n";
  for (auto const& example : command.examples) out += example + "\n";
  out += "```\n\nUsage: `" + command.usage() + "`\n";
  auto rows = command.positionals;
  rows.insert(rows.end(), command.options.begin(), command.options.end());
  out += options_table(rows);
  if (!command.details.empty()) out += "\n" + command.details;
  return out;
}

struct ExitRow {
  Exit exit;
  std::string_view meaning;
};
constexpr auto kExits = std::to_array<ExitRow>({
    {Exit::ok, "done, or allowed"},
    {Exit::failed, "failed"},
    {Exit::usage, "the command line makes no sense"},
    {Exit::denied, "denied by policy, or refused as a replay"},
    {Exit::invalid, "invalid configuration or policy"},
    {Exit::unreachable, "something this depends on does not answer"},
    {Exit::threshold, "a threshold that was asked for is met"},
    {Exit::integrity, "the audit log was tampered with"},
    {Exit::timed_out, "timed out"},
    {Exit::interrupted, "interrupted"},
});

}  // namespace

std::string commands_page(CommandInfo const& root) {
  std::string out(kMade);
  out += "# Commands\n\n" + root.purpose + ".\n";
  out += "\nEvery command takes these:\n" + options_table(root.options);
  out += "\n" + root.details;
  for (auto const* command : commands::flatten(root)) {
    if (command->children.empty()) out += section(*command);
  }
  return out;
}

std::string exit_codes_page() {
  std::string out(kMade);
  out += "# Exit codes\n\n| exit | meaning | codes |\n|---|---|---|\n";
  for (auto const& row : kExits) {
    std::vector<std::string> names;
    for (auto const& info : all_codes()) {
      if (exit_code(info.code) == row.exit) names.push_back(code_name(info.code));
    }
    out += "| " + std::to_string(static_cast<int>(row.exit)) + " | " + std::string(row.meaning) +
           " | " + text::join(names, " ") + " |\n";
  }
  return out;
}

std::string errors_page() {
  std::string out(kMade);
  out +=
      "# Error codes\n\nThe numbers and reasons are stable. `agentweave explain CODE` prints the "
      "same in the terminal.\n\n"
      "| code | reason | meaning | what to do | exit | HTTP | JSON-RPC | gRPC | retry |\n"
      "|---|---|---|---|---|---|---|---|---|\n";
  for (auto const& info : all_codes()) {
    out +=
        "| " + code_name(info.code) + " | `" + std::string(info.id) + "` | " + cell(info.meaning) +
        " | " + cell(info.remedy) + " | " + std::to_string(static_cast<int>(exit_code(info.code))) +
        " | " + std::to_string(http_status(info.code)) + " | " +
        std::to_string(json_rpc_code(info.code)) + " | " + std::to_string(grpc_status(info.code)) +
        " | " + (retryable(info.code) ? "yes" : "no") + " |\n";
  }
  return out;
}

std::vector<Page> generated_pages(CommandInfo const& root) {
  using commands::completion_script;
  using commands::Shell;
  std::vector<Page> out = {{"completions/agentweave.bash", completion_script(root, Shell::bash)},
                           {"completions/_agentweave", completion_script(root, Shell::zsh)},
                           {"completions/agentweave.fish", completion_script(root, Shell::fish)},
                           {"docs/commands.md", commands_page(root)},
                           {"docs/exit-codes.md", exit_codes_page()},
                           {"docs/errors.md", errors_page()}};
  for (auto const* command : commands::flatten(root)) {
    std::string name = command->path;
    std::ranges::replace(name, ' ', '-');
    out.push_back({"packaging/man/" + name + ".1", man_page(root, *command)});
  }
  return out;
}

}  // namespace aw::cli
