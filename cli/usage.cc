// SPDX-License-Identifier: Apache-2.0
#include "cli/usage.h"

#include <CLI/CLI.hpp>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/support/tree.h"
#include "core/base/text.h"

namespace aw::cli {
namespace {

CLI::App const& deepest(CLI::App const& app) {
  auto const chosen = app.get_subcommands();
  return chosen.empty() ? app : deepest(*chosen.back());
}

std::string path_of(CLI::App const& app) {
  return app.get_parent() == nullptr ? app.get_name()
                                     : path_of(*app.get_parent()) + " " + app.get_name();
}

std::vector<std::string> known_words(CLI::App const& root, CLI::App const& at,
                                     std::string const& word) {
  std::vector<std::string> out;
  if (word.starts_with('-')) {
    for (auto const* app : {&at, &root}) {
      for (auto const* option : app->get_options()) {
        for (auto const& name : option->get_lnames()) out.push_back("--" + name);
        for (auto const& name : option->get_snames()) out.push_back("-" + name);
      }
    }
    return out;
  }
  for (auto const* child : at.get_subcommands([](CLI::App const*) { return true; })) {
    out.push_back(child->get_name());
  }
  return out;
}

// Where commands and options of the earlier implementation, or of its documentation, are now.
struct Earlier {
  std::string_view at;    // "agentweave call"
  std::string_view word;  // "--target"
  std::string_view now;
};
constexpr auto kEarlier = std::to_array<Earlier>({
    {"agentweave", "identity", "agentweave svid show"},
    {"agentweave", "logs", "agentweave audit tail"},
    {"agentweave", "spire", "agentweave doctor"},
    {"agentweave", "opa", "agentweave doctor"},
    {"agentweave", "test-audit-log", "agentweave audit verify"},
    {"agentweave card", "validate", "agentweave card verify"},
    {"agentweave call", "--target", "agentweave call TARGET ACTION PAYLOAD"},
    {"agentweave call", "--agent", "agentweave call TARGET ACTION PAYLOAD"},
    {"agentweave call", "--capability", "agentweave call TARGET ACTION PAYLOAD"},
    {"agentweave call", "--data", "agentweave call TARGET ACTION PAYLOAD"},
    {"agentweave call", "--params", "agentweave call TARGET ACTION PAYLOAD"},
    {"agentweave init", "--template", "agentweave init DIR"},
});

std::optional<std::string> moved_to(std::string const& at, std::string_view word) {
  for (auto const& row : kEarlier)
    if (row.at == at && row.word == word) return "it is `" + std::string(row.now) + "` now";
  return std::nullopt;
}

// As other programs have it.
std::optional<std::string> elsewhere(std::string_view word) {
  for (std::string_view const format : {"json", "yaml", "jsonl"})
    if (word.starts_with("--") && word.substr(2) == format)
      return "write -o " + std::string(format);
  return std::nullopt;
}

Error unknown_word(CLI::App const& root, std::string const& word) {
  auto const& at = deepest(root);
  auto const known = known_words(root, at, word);
  std::vector<std::string_view> const views(known.begin(), known.end());
  auto const name = word.substr(0, word.find('='));
  auto const near = text::nearest(name, views);
  std::string const help = "see `" + path_of(at) + " --help`";
  std::string_view const what = word.starts_with('-') ? "unknown option"
                                : known.empty()       ? "unexpected argument"
                                                      : "unknown command";
  if (auto const ours = elsewhere(name))
    return make_error(Code::usage, std::string(what) + " \"" + word + "\"", *ours);
  if (auto const moved = moved_to(path_of(at), name))
    return make_error(Code::usage, std::string(what) + " \"" + word + "\"", *moved);
  return make_error(Code::usage, std::string(what) + " \"" + word + "\"",
                    near ? "did you mean \"" + std::string(*near) + "\"? " + help : help);
}

// CLI11's "--output: jsno not in {text,json}": the nearest of the words that are.
std::optional<std::string> nearest_choice(std::string_view message) {
  constexpr std::string_view kNotIn = " not in {";
  auto const at = message.find(kNotIn);
  auto const colon = message.find(": ");
  if (at == std::string_view::npos || colon > at || !message.ends_with('}')) return std::nullopt;
  auto const word = message.substr(colon + 2, at - colon - 2);
  auto const words = message.substr(at + kNotIn.size());
  auto const choices = text::split(words.substr(0, words.size() - 1), ',');
  auto const near = text::nearest(word, choices);
  return near ? std::optional(std::string(*near)) : std::nullopt;
}

// CLI11's "Could not convert: --from = x" in our words; others as they are.
std::string words_of(CLI::ParseError const& error) {
  std::string message = error.what();
  while (message.ends_with('\n')) message.pop_back();
  constexpr std::string_view kConvert = "Could not convert: ";
  auto const equals = message.find(" = ");
  if (!message.starts_with(kConvert) || equals == std::string::npos) return message;
  return message.substr(kConvert.size(), equals - kConvert.size()) + ": \"" +
         message.substr(equals + 3) + "\" is no number";
}

// The first word that nobody took; "--" only ends the options.
std::optional<std::string> left_over(CLI::App const& root) {
  for (auto& word : root.remaining(true))
    if (word != "--") return std::move(word);
  return std::nullopt;
}

// A value that is wrong is the news whatever stands behind it: CLI11 stopped there.
bool is_about_a_value(CLI::ParseError const& error) {
  auto const& name = error.get_name();
  return name == "ValidationError" || name == "ConversionError";
}

}  // namespace

Error usage_error(CLI::App const& root, CLI::ParseError const& error) {
  // A mistyped name also leaves a required one missing: the typo is the better news.
  if (auto const word = left_over(root); word && !is_about_a_value(error))
    return unknown_word(root, *word);
  auto message = words_of(error);
  std::string const help = "see `" + path_of(deepest(root)) + " --help`";
  auto const near = nearest_choice(message);
  return make_error(Code::usage, std::move(message),
                    near ? "did you mean \"" + *near + "\"? " + help : help);
}

Error missing_command(CLI::App const& root) {
  auto const& at = deepest(root);
  std::vector<std::string> names;
  for (auto const* child : at.get_subcommands([](CLI::App const*) { return true; })) {
    names.push_back(child->get_name());
  }
  return make_error(Code::usage, path_of(at) + " needs a command",
                    "one of " + text::join(names, ", "));
}

}  // namespace aw::cli
