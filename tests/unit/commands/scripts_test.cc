// SPDX-License-Identifier: Apache-2.0
// Runs tests/scripts/*.txt. A script is what a person would see in a terminal:
//
//   $ agentweave explain AW9999        a command; the lines below are its stdout, exactly
//   ! error    AW8001 *                a line of stderr; `*` stands for anything
//   ...                                any number of lines
//   exit 2                             its exit code, when it is not 0
//   write PATH … end                   makes a file;  env NAME=VALUE  sets a variable
//   stdin TEXT                         what the next command reads;  cd DIR  goes there
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/fs.h"
#include "core/base/text.h"
#include "shell.h"
#include "tests/support/source_dir.h"

namespace {

using aw::testing::Ran;
using aw::testing::Shell;
using Lines = std::vector<std::string>;

// `*` in the pattern stands for any characters.
bool matches(std::string_view pattern, std::string_view line) {
  auto const star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == line;
  if (!line.starts_with(pattern.substr(0, star))) return false;
  auto const rest = pattern.substr(star + 1);
  for (auto from = star; from <= line.size(); ++from) {
    if (matches(rest, line.substr(from))) return true;
  }
  return false;
}

bool matches_lines(std::span<const std::string> wanted, std::span<const std::string> got) {
  if (wanted.empty()) return got.empty();
  if (wanted.front() == "...") {
    for (std::size_t skip = 0; skip <= got.size(); ++skip) {
      if (matches_lines(wanted.subspan(1), got.subspan(skip))) return true;
    }
    return false;
  }
  return !got.empty() && matches(wanted.front(), got.front()) &&
         matches_lines(wanted.subspan(1), got.subspan(1));
}

Lines lines_of(std::string const& text) {
  Lines out;
  for (auto line : aw::text::split(text, '\n')) out.emplace_back(line);
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

struct Step {
  std::string command;
  Lines out;
  Lines err;
  int exit = 0;
};

void check(Step const& step, Ran const& ran, std::string const& script) {
  INFO(script << ": " << step.command);
  INFO("stdout:\n" << ran.out);
  INFO("stderr:\n" << ran.err);
  CHECK(ran.exit == step.exit);
  CHECK_MESSAGE(matches_lines(step.out, lines_of(ran.out)), "stdout is not:\n"
                                                                << aw::text::join(step.out, "\n"));
  CHECK_MESSAGE(matches_lines(step.err, lines_of(ran.err)), "stderr is not:\n"
                                                                << aw::text::join(step.err, "\n"));
}

void write_file(std::string const& path, Lines const& lines) {
  if (auto const parent = std::filesystem::path(path).parent_path(); !parent.empty()) {
    std::filesystem::create_directories(parent);
  }
  std::ofstream(path) << aw::text::join(lines, "\n") << '\n';
}

// Reads the expectations below a `$` line; leaves `i` at the first line that is none.
Step read_step(Lines const& lines, std::size_t& i) {
  Step step{.command = lines[i++].substr(2)};
  for (; i < lines.size(); ++i) {
    auto const& line = lines[i];
    if (line.starts_with("$ ") || line.starts_with("write ") || line.starts_with("env ") ||
        line.starts_with("stdin ") || line.starts_with("cd ") || line.starts_with("# ")) {
      break;
    }
    if (line.starts_with("exit ") && line.find_first_not_of("0123456789", 5) == line.npos) {
      step.exit = std::stoi(line.substr(5));
    } else if (line.starts_with("! ")) {
      step.err.push_back(line.substr(2));
    } else if (!line.empty() || (i + 1 < lines.size() && !lines[i + 1].starts_with("$ "))) {
      step.out.push_back(line == "\\" ? "" : line);
    }
  }
  while (!step.out.empty() && step.out.back().empty()) step.out.pop_back();
  return step;
}

void run_script(std::filesystem::path const& path) {
  auto const script = path.filename().string();
  auto const text = aw::fs::read_file(path);
  REQUIRE(text.ok());
  auto const lines = lines_of(*text);
  Shell shell;
  for (std::size_t i = 0; i < lines.size();) {
    auto const& line = lines[i];
    if (line.starts_with("$ ")) {
      auto const step = read_step(lines, i);
      check(step, shell.run(step.command), script);
      continue;
    }
    if (line.starts_with("write ")) {
      Lines body;
      auto const target = line.substr(6);
      for (++i; i < lines.size() && lines[i] != "end"; ++i) body.push_back(lines[i]);
      write_file(target, body);
    } else if (line.starts_with("env ")) {
      auto const equals = line.find('=');
      shell.env[line.substr(4, equals - 4)] = line.substr(equals + 1);
    } else if (line.starts_with("stdin ")) {
      shell.input = line.substr(6);
    } else if (line.starts_with("cd ")) {
      std::filesystem::current_path(line.substr(3));
    } else {
      INFO(script << ": " << line);
      CHECK((line.empty() || line.starts_with("#")));
    }
    ++i;
  }
}

}  // namespace

TEST_CASE("the scripts show what people see") {
  std::vector<std::filesystem::path> scripts;
  for (auto const& entry :
       std::filesystem::directory_iterator(aw::testing::source_dir() / "tests/scripts")) {
    if (entry.path().extension() == ".txt") scripts.push_back(entry.path());
  }
  std::ranges::sort(scripts);
  CHECK(!scripts.empty());
  for (auto const& script : scripts) run_script(script);
}
