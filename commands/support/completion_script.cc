// SPDX-License-Identifier: Apache-2.0
#include "commands/support/completion_script.h"

#include <algorithm>
#include <map>
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

// The root's options work after every command, under the names that it has not taken for its own.
std::vector<OptionInfo> all_options(CommandInfo const& root, CommandInfo const& command) {
  std::vector<OptionInfo> out = command.options;
  if (&command == &root) return out;
  std::set<std::string> taken;
  for (auto const& option : out) taken.insert(option.names.begin(), option.names.end());
  for (auto option : root.options) {
    std::erase_if(option.names, [&](std::string const& name) { return taken.contains(name); });
    if (!option.names.empty()) out.push_back(std::move(option));
  }
  return out;
}

// `agentweave svid show` is "svid show" in the scripts' state.
std::string state_of(CommandInfo const& root, CommandInfo const& command) {
  return command.path == root.path ? "" : command.path.substr(root.path.size() + 1);
}

// ---- lists of words that several values share: written once

// "KEY=VALUE" -> "__agentweave_key_value"
std::string list_name(OptionInfo const& option) {
  std::string out = "__agentweave_" + text::lower(option.value);
  std::ranges::replace_if(out, [](char c) { return (c < 'a' || c > 'z') && c != '_'; }, '_');
  return out;
}

// What is written after it is told by the words themselves: "server.port=" wants a value.
bool goes_on(std::vector<std::string> const& words) { return words.front().ends_with('='); }

// By the name of the list.
std::map<std::string, std::vector<std::string>> word_lists(CommandInfo const& root) {
  std::map<std::string, std::vector<std::string>> out;
  for (auto const* command : flatten(root))
    for (auto const* list : {&command->positionals, &command->options})
      for (auto const& option : *list)
        if (option.completes == Completes::words) out.emplace(list_name(option), option.choices);
  return out;
}

// ---- bash

std::string bash_words(CommandInfo const& root, CommandInfo const& command) {
  std::vector<std::string> words;
  words.reserve(command.children.size() + command.positionals.size() + command.options.size());
  for (auto const& child : command.children) words.push_back(child.name);
  std::string lists;
  for (auto const& positional : command.positionals) {
    if (positional.completes == Completes::words)
      lists += "\" $" + list_name(positional) + "\"";
    else
      words.insert(words.end(), positional.choices.begin(), positional.choices.end());
  }
  for (auto const& option : all_options(root, command)) {
    words.insert(words.end(), option.names.begin(), option.names.end());
  }
  return shell_quoted(text::join(words, " ")) + lists;
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
      case Completes::words:
        out += "COMPREPLY=($(compgen -W \"$" + list_name(option) + "\" -- \"$cur\"));" +
               (goes_on(option.choices) ? " compopt -o nospace;" : "") + " return ;;\n";
        break;
      case Completes::file:
        out += "__agentweave_paths -f; return ;;\n";
        break;
      case Completes::directory:
        out += "__agentweave_paths -d; return ;;\n";
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
    cases += "      COMPREPLY=($(compgen -W " + bash_words(root, *command) + " -- \"$cur\"))\n";
    if (takes_files(*command)) cases += "      __agentweave_paths -f\n";
    cases += "      ;;\n";
  }
  std::string lists;
  for (auto const& [name, words] : word_lists(root))
    lists += name + "=" + shell_quoted(text::join(words, " ")) + "\n";
  return "# Made by `agentweave completion bash`; do not edit.\n"
         "# bash completion for agentweave: source this file, or put it where your shell looks.\n" +
         lists +
         "# Names may have blanks; a directory is gone on with.\n"
         "__agentweave_paths() {\n"
         "  local path\n"
         "  while IFS= read -r path; do COMPREPLY+=(\"$path\"); done "
         "< <(compgen \"$1\" -- \"$cur\")\n"
         "  compopt -o filenames 2>/dev/null\n"
         "}\n"
         "_agentweave() {\n"
         "  local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
         "  local state='' next i\n"
         "  COMPREPLY=()\n"
         "  # --env=prod is three words here.\n"
         "  if [ \"$cur\" = = ]; then cur=''\n"
         "  elif [ \"$prev\" = = ]; then prev=\"${COMP_WORDS[COMP_CWORD-2]}\"; fi\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    # What stands behind -- is another command's.\n"
         "    if [ \"${COMP_WORDS[i]}\" = -- ]; then\n"
         "      if [ $((i + 1)) = \"$COMP_CWORD\" ]; then COMPREPLY=($(compgen -c -- \"$cur\")); "
         "fi\n"
         "      __agentweave_paths -f\n"
         "      return\n"
         "    fi\n"
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
    case Completes::words:
      return list_name(option);
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
  for (auto const& [name, words] : word_lists(root)) {
    out += name + "() {\n  local -a words=(\n";
    for (auto const& word : words) out += "    " + shell_quoted(word) + "\n";
    out += std::string("  )\n  compadd \"$@\"") + (goes_on(words) ? " -S ''" : "") +
           " -a words\n}\n\n";
  }
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
    case Completes::words:
      out += " -x -a '(" + list_name(option) + ")'";
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
    } else if (positional.completes == Completes::words) {
      out += "complete -c agentweave " + when + " -f -a '(" + list_name(positional) + ")'\n";
    } else if (positional.completes == Completes::file ||
               positional.completes == Completes::directory) {
      out += "complete -c agentweave " + when + " -F\n";
    }
  }
  for (auto const& option : all_options(root, command)) out += fish_option(option, when);
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
      "# fish completion for agentweave: put it into ~/.config/fish/completions.\n";
  for (auto const& [name, words] : word_lists(root)) {
    out += "function " + name + "\n  printf '%s\\n'";
    for (auto const& word : words) out += " " + quoted_fish(word);
    out += "\nend\n";
  }
  out +=
      "function __agentweave_at\n"
      "  set -l known" +
      states +
      "\n"
      "  set -l state\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    set -l next (string join -- ' ' $state $word)\n"
      "    if contains -- $next $known\n"
      "      set state $next\n"
      "    end\n"
      "  end\n"
      "  test \"$state\" = \"$argv\"\n"
      "end\n"
      "complete -c agentweave -f\n";
  for (auto const* command : flatten(root)) out += fish_command(root, *command);
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
