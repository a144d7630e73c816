// SPDX-License-Identifier: Apache-2.0
// Completions, man pages and reference pages are made from the code and committed. To renew them:
// AW_UPDATE=1 build/dev/tests/commands_tests --test-case='*generated*'
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include "cli/app.h"
#include "cli/pages.h"
#include "commands/support/project.h"
#include "core/base/fs.h"
#include "shell.h"
#include "tests/support/source_dir.h"

namespace {

std::vector<aw::cli::Page> all_pages() {
  std::istringstream in;
  std::ostringstream out;
  aw::commands::Env const env;
  aw::SystemClock const clock;
  aw::commands::Context context({.in = in, .out = out, .err = out, .env = env, .clock = clock});
  auto const tree = aw::cli::make_tree(context);
  auto pages = aw::cli::generated_pages(aw::commands::describe(*tree));
  for (auto& file : aw::commands::project_files({.agent = "hello", .trust_domain = "hello.test"})) {
    pages.push_back({"examples/hello/" + file.path, std::move(file.text)});
  }
  return pages;
}

bool updating() {
  auto const* value = std::getenv("AW_UPDATE");  // NOLINT(concurrency-mt-unsafe): one thread
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace

TEST_CASE("generated files are current") {
  std::filesystem::path const source = aw::testing::source_dir();
  for (auto const& page : all_pages()) {
    auto const path = source / page.path;
    if (updating()) {
      std::filesystem::create_directories(path.parent_path());
      REQUIRE(aw::fs::write_file_atomic(path, page.text, aw::fs::Mode::public_file).ok());
    }
    auto const committed = aw::fs::read_file(path);
    CHECK_MESSAGE(committed.ok(), page.path << " is missing");
    if (committed.ok()) {
      CHECK_MESSAGE(*committed == page.text,
                    page.path << " is out of date (AW_UPDATE=1 renews it)");
    }
  }
}

TEST_CASE("no man page is left of a command that is gone") {
  std::set<std::string> known;
  for (auto const& page : all_pages()) known.insert(page.path);
  for (auto const& entry :
       std::filesystem::directory_iterator(aw::testing::source_dir() / "packaging/man")) {
    CHECK_MESSAGE(known.contains("packaging/man/" + entry.path().filename().string()),
                  entry.path().filename().string() << " belongs to no command");
  }
}
