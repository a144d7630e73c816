// SPDX-License-Identifier: Apache-2.0
#include "commands/support/tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "commands/support/command.h"
#include "commands/support/word_lists.h"
#include "core/base/text.h"

namespace aw::commands {
namespace {

// CLI11 says what a value is in its type name: "TEXT:{json,text}", "TEXT:FILE", "DURATION".
void read_type(std::string_view type, OptionInfo& out) {
  auto const open = type.find('{');
  auto const close = type.find('}', open == std::string_view::npos ? 0 : open);
  if (open != std::string_view::npos && close != std::string_view::npos) {
    for (auto word : text::split(type.substr(open + 1, close - open - 1), ',')) {
      out.choices.emplace_back(text::trim(word));
    }
    out.completes = Completes::choices;
    out.value = text::join(out.choices, "|");
    return;
  }
  auto const base = type.substr(0, type.find(':'));
  if (base == "FILE" || type.ends_with(":FILE") || base == "PATH") {
    out.completes = Completes::file;
  } else if (base == "DIR" || type.ends_with(":DIR")) {
    out.completes = Completes::directory;
  }
  out.value = std::string(base);
}

OptionInfo describe_option(CLI::Option const& option) {
  OptionInfo out;
  bool const is_switch = option.get_items_expected_max() == 0;
  if (!is_switch) read_type(option.get_type_name(), out);
  if (option.get_positional() && option.get_lnames().empty() && option.get_snames().empty()) {
    out.value = option.get_name(true, false);
  }
  for (auto const& name : option.get_snames()) out.names.push_back("-" + name);
  for (auto const& name : option.get_lnames()) out.names.push_back("--" + name);
  if (out.completes == Completes::nothing) {
    out.choices = likely_words(out.value);
    if (!out.choices.empty()) out.completes = Completes::words;
  }
  out.purpose = option.get_description();
  out.fallback = option.get_default_str();
  if (option.get_required()) out.need = OptionInfo::Need::required;
  if (option.get_expected_max() > 1) out.count = OptionInfo::Count::many;
  return out;
}

CommandInfo describe_command(CLI::App const& app, std::string path) {
  CommandInfo out;
  out.path = std::move(path);
  out.name = app.get_name();
  out.purpose = app.get_description();
  out.details = details_of(app);
  out.examples = examples_of(app);
  for (auto const* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden: an older spelling
    auto info = describe_option(*option);
    auto& list = info.names.empty() ? out.positionals : out.options;
    list.push_back(std::move(info));
  }
  auto const visible = [](CLI::App const* child) { return !child->get_group().empty(); };
  for (auto const* child : app.get_subcommands(visible)) {
    out.children.push_back(describe_command(*child, out.path + " " + child->get_name()));
  }
  return out;
}

void flatten_into(CommandInfo const& command, std::vector<CommandInfo const*>& out) {
  out.push_back(&command);
  for (auto const& child : command.children) flatten_into(child, out);
}

}  // namespace

std::string const& OptionInfo::long_name() const {
  return *std::ranges::max_element(
      names, [](std::string const& a, std::string const& b) { return a.size() < b.size(); });
}

std::string CommandInfo::usage() const {
  std::string out = path;
  if (!children.empty()) out += " COMMAND";
  for (auto const& positional : positionals) {
    std::string word = positional.value;
    if (positional.count == OptionInfo::Count::many) word += "...";
    out += positional.need == OptionInfo::Need::required ? " " + word : " [" + word + "]";
  }
  for (auto const& option : options) {
    if (option.need == OptionInfo::Need::optional) continue;
    out += " " + option.long_name() + " " + option.value;
  }
  return out + " [OPTIONS]";
}

CommandInfo describe(CLI::App const& root) { return describe_command(root, root.get_name()); }

std::vector<CommandInfo const*> flatten(CommandInfo const& root) {
  std::vector<CommandInfo const*> out;
  flatten_into(root, out);
  return out;
}

}  // namespace aw::commands
