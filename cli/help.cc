// SPDX-License-Identifier: Apache-2.0
#include "cli/help.h"

#include <algorithm>
#include <sstream>
#include <vector>

#include "commands/support/tree.h"
#include "core/base/text.h"

namespace aw::cli {
namespace {

using commands::CommandInfo;
using commands::OptionInfo;

constexpr std::size_t kLeft = 30;  // where descriptions start

void write_row(std::ostream& out, std::string const& left, std::string const& right) {
  out << "  " << left;
  if (left.size() + 2 >= kLeft) {
    out << '\n' << std::string(kLeft, ' ');
  } else {
    out << std::string(kLeft - left.size() - 2, ' ');
  }
  out << right << '\n';
}

std::string option_left(OptionInfo const& option) {
  std::string out = text::join(option.names, ", ");
  if (!option.value.empty()) out += " " + option.value;
  return out;
}

std::string option_right(OptionInfo const& option) {
  std::string out = option.purpose;
  if (option.need == OptionInfo::Need::required) out += " (required)";
  if (!option.fallback.empty()) out += " (default: " + option.fallback + ")";
  return out;
}

void write_options(std::ostream& out, std::string_view head,
                   std::vector<OptionInfo> const& options) {
  if (options.empty()) return;
  out << '\n' << head << ":\n";
  for (auto const& option : options) {
    write_row(out, option.names.empty() ? option.value : option_left(option), option_right(option));
  }
}

// A group is one line: `svid show|watch|fetch|check`.
void write_commands(std::ostream& out, CommandInfo const& command) {
  if (command.children.empty()) return;
  out << "\nCommands:\n";
  for (auto const& child : command.children) {
    std::vector<std::string> names;
    names.reserve(child.children.size());
    for (auto const& grandchild : child.children) names.push_back(grandchild.name);
    auto const left = child.name + (names.empty() ? "" : " " + text::join(names, "|"));
    write_row(out, left, child.purpose);
  }
}

// The root's options that work after every command.
std::vector<OptionInfo> common_options(CommandInfo const& root) {
  std::vector<OptionInfo> out;
  std::ranges::copy_if(root.options, std::back_inserter(out), [](OptionInfo const& option) {
    return option.long_name() != "--help" && option.long_name() != "--version";
  });
  return out;
}

CLI::App const* root_of(CLI::App const* app) {
  while (app->get_parent() != nullptr) app = app->get_parent();
  return app;
}

// Finds `app` below `info` by walking up the real tree first.
CommandInfo const* find_info(CommandInfo const& root, CLI::App const* app) {
  if (app->get_parent() == nullptr) return &root;
  auto const* parent = find_info(root, app->get_parent());
  auto const child = std::ranges::find(parent->children, app->get_name(), &CommandInfo::name);
  return child == parent->children.end() ? parent : &*child;
}

}  // namespace

std::string HelpFormatter::make_help(CLI::App const* app, std::string /*name*/,
                                     CLI::AppFormatMode /*mode*/) const {
  auto const root = commands::describe(*root_of(app));
  auto const& command = *find_info(root, app);
  std::ostringstream out;
  out << command.purpose << "\n";
  if (!command.examples.empty()) {
    out << "\nExamples:\n";
    for (auto const& example : command.examples) out << "  " << example << '\n';
  }
  out << "\nUsage:\n  " << command.usage() << '\n';
  write_commands(out, command);
  write_options(out, "Arguments", command.positionals);
  write_options(out, "Options", command.options);
  if (app->get_parent() != nullptr) write_options(out, "Common options", common_options(root));
  if (!command.details.empty()) out << '\n' << command.details;
  return out.str();
}

}  // namespace aw::cli
