// SPDX-License-Identifier: Apache-2.0
#include "commands/support/command.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "core/base/text.h"

namespace aw::commands {
namespace {

constexpr std::string_view kExamplesHead = "Examples:\n";
constexpr std::string_view kIndent = "  ";

std::string footer_of(CommandText const& text) {
  std::string out(kExamplesHead);
  for (auto const& example : text.examples) {
    out += kIndent;
    out += example;
    out += '\n';
  }
  if (!text.details.empty()) {
    out += '\n';
    out += text.details;
    if (!text.details.ends_with('\n')) out += '\n';
  }
  return out;
}

}  // namespace

CLI::App& add_command(CLI::App& parent, CommandText const& text) {
  auto* command = parent.add_subcommand(text.name, text.purpose);
  command->fallthrough();
  command->footer(footer_of(text));
  return *command;
}

CLI::App& add_group(CLI::App& parent, std::string const& name, std::string const& purpose) {
  auto there =
      parent.get_subcommands([&name](CLI::App const* child) { return child->get_name() == name; });
  if (!there.empty()) return *there.front();
  auto* group = parent.add_subcommand(name, purpose);
  group->fallthrough();
  group->require_subcommand(0, 1);
  group->footer("");  // CLI11 hands the parent's down, and with it the root's examples
  return *group;
}

void on_run(CLI::App& command, Context& context, std::function<Result<void>()> run) {
  command.callback([&context, run = std::move(run)] {
    context.run_later([&context, run] { context.finish(run()); });
  });
}

void on_answer(CLI::App& command, Context& context, std::function<Result<Exit>()> run) {
  command.callback([&context, run = std::move(run)] {
    context.run_later([&context, run] { context.finish(run()); });
  });
}

std::vector<std::string> examples_of(CLI::App const& command) {
  std::vector<std::string> out;
  std::string const footer = command.get_footer();
  if (!footer.starts_with(kExamplesHead)) return out;
  for (auto line : text::split(footer, '\n')) {
    if (line.empty()) break;
    if (line.starts_with(kIndent)) out.emplace_back(line.substr(kIndent.size()));
  }
  return out;
}

std::string details_of(CLI::App const& command) {
  std::string const footer = command.get_footer();
  auto const gap = footer.find("\n\n");
  return gap == std::string::npos ? std::string() : footer.substr(gap + 2);
}

bool is_group(CLI::App const& command) {
  return !command.get_subcommands([](CLI::App const*) { return true; }).empty();
}

}  // namespace aw::commands
