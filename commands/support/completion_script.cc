// SPDX-License-Identifier: Apache-2.0
#include "commands/support/completion_script.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/base/text.h"

namespace aw::commands {
namespace {

// Single-quoted for a POSIX-like shell.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (char const c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

// fish escapes inside single quotes with a backslash.
std::string quoted_fish(std::string_view text) {
  std::string out = "'";
  for (char const c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// The root's options work after every command.
std::vector<OptionInfo> all_options(CommandInfo const& root, CommandInfo const& command) {
  std::vector<OptionInfo> out = command.options;
  if (&command == &root) return out;
  std::set<std::string> taken;
  for (auto const& option : out) taken.insert(option.names.begin(), option.names.end());
  for (auto const& option : root.options) {
    bool const shadowed = std::ranges::any_of(
        option.names, [&](std::string const& name) { return taken.contains(name); });
    if (!shadowed) out.push_back(option);
  }
  return out;
}

// `agentweave svid show` is "svid show" in the scripts' state.
std::string state_of(CommandInfo const& root, CommandInfo const& command) {
  return command.path == root.path ? "" : command.path.substr(root.path.size() + 1);
}

// ---- bash

std::string bash_words(CommandInfo const& root, CommandInfo const& command) {
  std::vector<std::string> words;
  words.reserve(command.children.size() + command.positionals.size() + command.options.size());
  for (auto const& child : command.children) words.push_back(child.name);
  for (auto const& positional : command.positionals) {
    words.insert(words.end(), positional.choices.begin(), positional.choices.end());
  }
  for (auto const& option : all_options(root, command)) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return text::join(words, " ");
}

bool takes_files(CommandInfo const& command) {
  return std::ranges::any_of(command.positionals, [](OptionInfo const& positional) {
    return positional.completes == Completes::file || positional.completes == Completes::directory;
  });
}

std::string bash_value_cases(CommandInfo const& root, CommandInfo const& command) {
  std::string out;
  for (auto const& option : all_options(root, command)) {
    if (option.value.empty()) continue;
    out += "        " + text::join(option.names, "|") + ") ";
    switch (option.completes) {
      case Completes::choices:
        out += "COMPREPLY=($(compgen -W " + shell_quoted(text::join(option.choices, " ")) +
               " -- \"$cur\")); return ;;\n";
        break;
      case Completes::file:
        out += "COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n";
        break;
      case Completes::directory:
        out += "COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n";
        break;
      case Completes::nothing:
        out += "return ;;\n";
        break;
    }
  }
  return out;
}

std::string bash_script(CommandInfo const& root) {
  std::string commands;
  std::string cases;
  for (auto const* command : flatten(root)) {
    auto const state = state_of(root, *command);
    if (command != &root) commands += "      " + shell_quoted(state) + ") state=\"$next\" ;;\n";
    cases += "    " + shell_quoted(state) + ")\n";
    if (auto const values = bash_value_cases(root, *command); !values.empty()) {
      cases += "      case \"$prev\" in\n" + values + "      esac\n";
    }
    cases += "      COMPREPLY=($(compgen -W " + shell_quoted(bash_words(root, *command)) +
             " -- \"$cur\"))\n";
    if (takes_files(*command)) cases += "      COMPREPLY+=($(compgen -f -- \"$cur\"))\n";
    cases += "      ;;\n";
  }
  return "# Made by `agentweave completion bash`; do not edit.\n"
         "# bash completion for agentweave: source this file, or put it where your shell looks.\n"
         "_agentweave() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local state='' next i\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    next=\"${state:+$state }${COMP_WORDS[i]}\"\n"
         "    case \"$next\" in\n" +
         commands +
         "    esac\n"
         "  done\n"
         "  case \"$state\" in\n" +
         cases +
         "  esac\n"
         "}\n"
         "complete -F _agentweave agentweave\n";
}

// ---- zsh

// Brackets and colons have a meaning in _arguments specifications.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(OptionInfo const& option) {
  switch (option.completes) {
    case Completes::choices:
      return "(" + text::join(option.choices, " ") + ")";
    case Completes::file:
      return "_files";
    case Completes::directory:
      return "_files -/";
    case Completes::nothing:
      return " ";
  }
  return " ";
}

std::string zsh_option(OptionInfo const& option) {
  std::string out;
  for (auto const& name : option.names) {
    std::string spec = name + "[" + zsh_text(option.purpose) + "]";
    if (!option.value.empty()) spec += ":value:" + zsh_action(option);
    out += "        " + shell_quoted(spec) + " \\\n";
  }
  return out;
}

std::string zsh_function(std::string const& state) {
  std::string out = "_agentweave";
  if (!state.empty()) out += "_" + state;
  std::ranges::replace(out, ' ', '_');
  std::ranges::replace(out, '-', '_');
  return out;
}

std::string zsh_command(CommandInfo const& root, CommandInfo const& command) {
  auto const name = zsh_function(state_of(root, command));
  std::string out = name + "() {\n  local line state\n  _arguments -C \\\n";
  for (auto const& option : all_options(root, command)) out += zsh_option(option);
  if (command.children.empty()) {
    for (auto const& positional : command.positionals) {
      bool const many = positional.count == OptionInfo::Count::many;
      out += "        " +
             shell_quoted(std::string(many ? "*" : "") + ":" + zsh_text(positional.value) + ":" +
                          zsh_action(positional)) +
             " \\\n";
    }
    return out + "        && return\n}\n\n";
  }
  out +=
      "        '1:command:->command' '*::argument:->argument' && return\n"
      "  case $state in\n    command)\n      local -a commands=(\n";
  for (auto const& child : command.children) {
    out += "        " + shell_quoted(child.name + ":" + zsh_text(child.purpose)) + "\n";
  }
  out += "      )\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (auto const& child : command.children) {
    out += "        " + child.name + ") " + zsh_function(state_of(root, child)) + " ;;\n";
  }
  return out + "      esac ;;\n  esac\n}\n\n";
}

std::string zsh_script(CommandInfo const& root) {
  std::string out =
      "#compdef agentweave\n"
      "# Made by `agentweave completion zsh`; do not edit. Put it on your $fpath as "
      "_agentweave.\n\n";
  for (auto const* command : flatten(root)) out += zsh_command(root, *command);
  return out +
         "if [ \"$funcstack[1]\" = _agentweave ]; then\n  _agentweave \"$@\"\nelse\n"
         "  compdef _agentweave agentweave\nfi\n";
}

// ---- fish

std::string fish_option(OptionInfo const& option, std::string const& when) {
  std::string out = "complete -c agentweave " + when;
  for (auto const& name : option.names) {
    out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  switch (option.completes) {
    case Completes::choices:
      out += " -x -a " + quoted_fish(text::join(option.choices, " "));
      break;
    case Completes::file:
      out += " -r -F";
      break;
    case Completes::directory:
      out += " -x -a '(__fish_complete_directories)'";
      break;
    case Completes::nothing:
      if (!option.value.empty()) out += " -x";
      break;
  }
  return out + " -d " + quoted_fish(option.purpose) + "\n";
}

std::string fish_command(CommandInfo const& root, CommandInfo const& command) {
  auto const state = state_of(root, command);
  std::string const when = "-n " + quoted_fish("__agentweave_at " + state);
  std::string out;
  for (auto const& child : command.children) {
    out += "complete -c agentweave " + when + " -f -a " + quoted_fish(child.name) + " -d " +
           quoted_fish(child.purpose) + "\n";
  }
  for (auto const& positional : command.positionals) {
    if (positional.completes == Completes::choices) {
      out += "complete -c agentweave " + when + " -f -a " +
             quoted_fish(text::join(positional.choices, " ")) + "\n";
    } else if (positional.completes == Completes::file ||
               positional.completes == Completes::directory) {
      out += "complete -c agentweave " + when + " -F\n";
    }
  }
  for (auto const& option : command.options) out += fish_option(option, when);
  return out;
}

std::string fish_script(CommandInfo const& root) {
  std::string states;
  for (auto const* command : flatten(root)) {
    if (command == &root) continue;
    states += " " + quoted_fish(state_of(root, *command));
  }
  std::string out =
      "# Made by `agentweave completion fish`; do not edit.\n"
      "# fish completion for agentweave: put it into ~/.config/fish/completions.\n"
      "function __agentweave_at\n"
      "  set -l known" +
      states +
      "\n"
      "  set -l state\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    set -l next (string join ' ' $state $word)\n"
      "    if contains -- $next $known\n"
      "      set state $next\n"
      "    end\n"
      "  end\n"
      "  test \"$state\" = \"$argv\"\n"
      "end\n"
      "complete -c agentweave -f\n";
  for (auto const& option : root.options) out += fish_option(option, "");
  for (auto const* command : flatten(root)) {
    if (command == &root) {
      CommandInfo bare = *command;
      bare.options.clear();
      out += fish_command(root, bare);
      continue;
    }
    out += fish_command(root, *command);
  }
  return out;
}

}  // namespace

std::string completion_script(CommandInfo const& root, Shell shell) {
  switch (shell) {
    case Shell::bash:
      return bash_script(root);
    case Shell::zsh:
      return zsh_script(root);
    case Shell::fish:
      return fish_script(root);
  }
  return {};
}

}  // namespace aw::commands
