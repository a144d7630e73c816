// SPDX-License-Identifier: Apache-2.0
#include "shell.h"

#include <sstream>

#include "cli/app.h"
#include "core/base/random.h"

namespace aw::testing {

std::vector<std::string> shell_words(std::string const& line) {
  std::vector<std::string> words;
  std::string word;
  enum class In { nothing, word, single_quotes, double_quotes } in = In::nothing;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char const c = line[i];
    if (in == In::single_quotes || in == In::double_quotes) {
      if (c == (in == In::single_quotes ? '\'' : '"')) {
        in = In::word;
      } else if (c == '\\' && in == In::double_quotes && i + 1 < line.size()) {
        word += line[++i];
      } else {
        word += c;
      }
      continue;
    }
    if (c == ' ' || c == '\t') {
      if (in == In::word) words.push_back(std::exchange(word, {}));
      in = In::nothing;
      continue;
    }
    if (in == In::nothing && (c == '>' || c == '<' || c == '|' || c == '#' || c == '&'))
      return words;
    in = c == '\'' ? In::single_quotes : c == '"' ? In::double_quotes : In::word;
    if (in == In::word) word += c == '\\' && i + 1 < line.size() ? line[++i] : c;
  }
  if (in != In::nothing) words.push_back(word);
  return words;
}

Shell::Shell()
    : directory_(std::filesystem::temp_directory_path() / ("aw-shell-" + random_uuid())),
      before_(std::filesystem::current_path()) {
  std::filesystem::create_directories(directory_);
  std::filesystem::current_path(directory_);
  env["HOME"] = directory_.string();
}

Shell::~Shell() {
  std::error_code ignored;  // a test's temporary directory: the system cleans up what we cannot
  std::filesystem::current_path(before_, ignored);
  std::filesystem::remove_all(directory_, ignored);
}

template <class Runner>
Ran Shell::run_with(std::string const& line, Runner const& runner) {
  auto words = shell_words(line);
  if (!words.empty()) words.erase(words.begin());
  std::istringstream in(std::exchange(input, {}));
  std::ostringstream out;
  std::ostringstream err;
  SystemClock const clock;
  commands::World const world{.in = in, .out = out, .err = err, .env = env, .clock = clock};
  Ran ran;
  ran.exit = runner(std::move(words), world);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

Ran Shell::run(std::string const& line) {
  return run_with(line, [](std::vector<std::string> words, commands::World const& world) {
    return cli::run(std::move(words), world);
  });
}

Ran Shell::parse_only(std::string const& line) {
  return run_with(line, [](std::vector<std::string> words, commands::World const& world) {
    return cli::parse_only(std::move(words), world);
  });
}

}  // namespace aw::testing
