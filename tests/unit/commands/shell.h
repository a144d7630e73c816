// SPDX-License-Identifier: Apache-2.0
// Runs command lines in this process, as a shell would run the program: for scripts and examples.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "commands/support/context.h"

namespace aw::testing {

struct Ran {
  int exit = 0;
  std::string out;
  std::string err;
};

// Words of a shell line: quotes and backslashes; what follows `<`, `>`, `|`, `&&` or `#` is cut
// off.
[[nodiscard]] std::vector<std::string> shell_words(std::string const& line);

class Shell {
 public:
  Shell();  // a temporary directory of its own, entered; an environment with HOME only
  ~Shell();
  Shell(Shell const&) = delete;
  Shell& operator=(Shell const&) = delete;

  Ran run(std::string const& line);  // "agentweave explain AW3001"
  Ran parse_only(std::string const& line);

  commands::Env env;
  std::string input;  // what the next command reads from stdin
  [[nodiscard]] std::filesystem::path const& directory() const { return directory_; }

 private:
  template <class Runner>
  Ran run_with(std::string const& line, Runner const& runner);
  std::filesystem::path directory_;
  std::filesystem::path before_;
};

}  // namespace aw::testing
