// SPDX-License-Identifier: Apache-2.0
// Which files a policy is made of; one that cannot be read whole is no policy.
#include "core/authz/policy_files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "core/base/fs.h"
#include "tests/support/few_files.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::authz;

namespace {

constexpr auto kModule = "package agentweave.authz\n\ndefault allow := false\n";

void lay(std::filesystem::path const& path, std::string const& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<std::string> names_of(std::vector<rego::Source> const& sources) {
  std::vector<std::string> out;
  for (auto const& source : sources) out.push_back(source.name);
  return out;
}

}  // namespace

TEST_CASE("a policy is every visible .rego file below its directory, sorted, tests apart") {
  testing::TempDir const directory;
  for (auto const* const name : {"z.rego", "a/b.rego", "a/b_test.rego", "README.md", ".hidden.rego",
                                 "..data/c.rego", ".git/d.rego"}) {
    lay(directory / name, kModule);
  }
  auto const files = read_policy_files({.policy_dir = directory.path().string()});
  REQUIRE(files.ok());
  CHECK(names_of(files->modules) == std::vector<std::string>{"a/b.rego", "z.rego"});
  CHECK(names_of(files->tests) == std::vector<std::string>{"a/b_test.rego"});
  CHECK(files->data.to_json() == "{}");
  CHECK(files->revision.empty());
}

TEST_CASE("a Kubernetes ConfigMap is read through its links, once") {
  testing::TempDir const directory;
  lay(directory / "..2026/authz.rego", kModule);
  std::filesystem::create_directory_symlink("..2026", directory / "..data");
  std::filesystem::create_symlink("..data/authz.rego", directory / "authz.rego");
  auto const files = read_policy_files({.policy_dir = directory.path().string()});
  REQUIRE(files.ok());
  CHECK(names_of(files->modules) == std::vector<std::string>{"authz.rego"});
}

TEST_CASE(
    "a directory that cannot be walked to its end is an error, not a policy with less in it") {
  testing::TempDir const directory;
  lay(directory / "allow.rego", kModule);
  lay(directory / "z/z/z/z/z/z/deny.rego", kModule);
  auto const root = directory.path().string();
  REQUIRE(policy_files_below(root).value().size() == 2);
  for (rlim_t more = 0; more < 6; ++more) {
    CAPTURE(more);
    testing::FewFiles const few(more);
    auto const names = policy_files_below(root);
    REQUIRE_FALSE(names.ok());
    CHECK(names.error().code == Code::policy_unreadable);
  }
}

TEST_CASE("what a policy cannot be made of says what and where") {
  testing::TempDir const directory;
  lay(directory / "good/authz.rego", kModule);
  lay(directory / "empty/notes.txt", "nothing to decide by");
  lay(directory / "tests/only_test.rego", kModule);
  std::filesystem::create_directories(directory / "dangling");
  std::filesystem::create_symlink("nowhere.rego", directory / "dangling/a.rego");
  lay(directory / "large/a.rego", std::string((8U << 20) + 1, '#'));
  lay(directory / "list.json", "[1]");
  lay(directory / "broken.json", "{");
  lay(directory / "one.json", R"({"a": {"b": 1}})");
  lay(directory / "other.json", R"({"a": {"b": 2}})");
  auto const at = [&directory](std::string_view name) { return (directory / name).string(); };
  struct Row {
    PolicyLocation location;
    Code code;
    std::string_view says;
  };
  std::vector<Row> const rows = {
      {{.policy_dir = at("nowhere")}, Code::policy_unreadable, "nowhere"},
      {{.policy_dir = at("list.json")}, Code::policy_unreadable, "list.json"},
      {{.policy_dir = at("empty")}, Code::policy_unreadable, "holds no .rego file"},
      {{.policy_dir = at("tests")}, Code::policy_unreadable, "holds no .rego file"},
      {{.policy_dir = at("dangling")}, Code::policy_unreadable, "a.rego"},
      {{.policy_dir = at("large")}, Code::policy_unreadable, "larger than"},
      {{}, Code::policy_unreadable, "holds no .rego file"},
      {{.policy_dir = at("good"), .data_files = {at("none.json")}},
       Code::policy_unreadable,
       "none.json"},
      {{.policy_dir = at("good"), .data_files = {at("list.json")}}, Code::policy_data, "list.json"},
      {{.policy_dir = at("good"), .data_files = {at("broken.json")}},
       Code::policy_data,
       "broken.json"},
      {{.policy_dir = at("good"), .data_files = {at("one.json"), at("other.json")}},
       Code::policy_data,
       "other.json"},
      {{.policy_dir = at("good"), .bundle = at("nowhere.tar.gz")},
       Code::policy_unreadable,
       "nowhere.tar.gz"},
      {{.policy_dir = at("good"), .downloaded = std::make_shared<const std::string>("no archive")},
       Code::policy_unreadable,
       "policy bundle"},
  };
  for (auto const& row : rows) {
    CAPTURE(row.says);
    auto const files = read_policy_files(row.location);
    REQUIRE_FALSE(files.ok());
    CHECK(code_name(files.error().code) == code_name(row.code));
    CHECK_MESSAGE(files.error().text().find(row.says) != std::string::npos, files.error().text());
  }
}

TEST_CASE("a stamp tells a file that came, went or changed, and a hidden one does not matter") {
  testing::TempDir const directory;
  lay(directory / "policy/authz.rego", kModule);
  lay(directory / "data.json", "{}");
  PolicyLocation const location{.policy_dir = (directory / "policy").string(),
                                .data_files = {(directory / "data.json").string()}};
  auto last = policy_stamp(location);
  auto const changed = [&] { return std::exchange(last, policy_stamp(location)) != last; };
  CHECK_FALSE(changed());
  lay(directory / "policy/.swp", "x");
  CHECK_FALSE(changed());
  lay(directory / "policy/more.rego", kModule);
  CHECK(changed());
  lay(directory / "policy/more.rego", "package more\n");
  CHECK(changed());
  std::filesystem::remove(directory / "policy/more.rego");
  CHECK(changed());
  std::filesystem::remove(directory / "data.json");
  CHECK(changed());
  std::filesystem::remove_all(directory / "policy");
  CHECK(changed());
}
