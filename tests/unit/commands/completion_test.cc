// SPDX-License-Identifier: Apache-2.0
// The bash completion, asked by bash itself.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "shell.h"

namespace {

using aw::testing::Shell;

// What bash offers behind `line`, whose last word is the one under the cursor.
std::string completed(Shell& shell, std::string const& line) {
  std::ofstream("completion.bash") << shell.run("agentweave completion bash").out;
  std::ofstream("ask.bash")
      << "compopt() { :; }\n"  // outside of a completion it has nothing to set
         "source ./completion.bash\n"
         "COMP_WORDS=("
      << line
      << ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
         "_agentweave\necho \" ${COMPREPLY[*]} \"\n";
  auto* const bash =
      ::popen("bash --norc ask.bash 2>&1", "r");  // NOLINT(cert-env33-c): a fixed line
  REQUIRE(bash != nullptr);
  std::string out;
  std::array<char, 4096> some{};
  while (std::fgets(some.data(), some.size(), bash) != nullptr) out += some.data();
  ::pclose(bash);
  return out;
}

}  // namespace

TEST_CASE("bash completes commands, options and the words that values are likely to be") {
  struct Row {
    std::string_view line;
    std::string_view offered;
  };
  for (Row const& row : {
           Row{"agentweave conf", " config "},
           Row{"agentweave config val", " validate "},
           Row{"agentweave config explain server.rate_limit.b", " server.rate_limit.burst "},
           Row{"agentweave explain AW300", " AW3001 AW3002 AW3003 AW3004 AW3005 "},
           Row{"agentweave explain no_matching", " no_matching_rule "},
           Row{"agentweave serve --env pro", " production "},
           Row{"agentweave serve --env = pro", " production "},  // how bash sees --env=pro
           Row{"agentweave serve --set server.po", " server.port= "},
           Row{"agentweave task list hello --state ca", " canceled "},
           Row{"agentweave dev --drill clock", " clock-skew "},
           Row{"agentweave config validate --format sa", " sarif "},
           Row{"agentweave -o js", " json jsonl "},
       }) {
    CAPTURE(row.line);
    Shell shell;
    CHECK(completed(shell, std::string(row.line)) == std::string(row.offered) + "\n");
  }
}

TEST_CASE("fish gets each option of a command once, its own before the common one") {
  Shell shell;
  auto const script = shell.run("agentweave completion fish").out;
  std::string const at = "complete -c agentweave -n '__agentweave_at audit graph'";
  CHECK(script.find(at + " -l format -x -a 'svg dot mermaid json'") != std::string::npos);
  CHECK(script.find(at + " -s o -l output -x -a 'text table json yaml jsonl'") !=
        std::string::npos);
  CHECK(script.find(at + " -s o -l output -l format") == std::string::npos);
  // A word that begins with a dash is a word.
  CHECK(script.find("string join -- ' '") != std::string::npos);
}

TEST_CASE("bash completes files with blanks, and behind -- another command's words") {
  Shell shell;
  std::ofstream("two words.yaml") << "x";
  CHECK(completed(shell, "agentweave serve two") == " two words.yaml \n");
  CHECK(completed(shell, "agentweave policy test two") == " two words.yaml \n");
  CHECK(completed(shell, "agentweave run --config x.yaml -- ls two") == " two words.yaml \n");
  CHECK(completed(shell, "agentweave run -- ls --hel") == "  \n");
}
