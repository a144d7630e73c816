// SPDX-License-Identifier: Apache-2.0
// Files and includes that cannot be read: each is told with its place, none is waited for.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/code.h"
#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

namespace {

Loaded file(std::filesystem::path const& path) {
  LoadRequest request;
  request.file = path;
  return inspect(request);
}

}  // namespace

TEST_CASE("files that cannot be read say which and why") {
  const Directory directory;
  struct Row {
    std::string name;
    std::filesystem::path path;
    char const* message;
  };
  const auto fifo = directory.path() / "fifo";
  REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
  std::filesystem::create_symlink("loop", directory.path() / "loop");
  std::filesystem::create_symlink("nowhere", directory.path() / "dangling");
  const auto big = directory.write("big.yaml", std::string(10U << 20U, 'x'));
  const Row rows[] = {
      {"missing", directory.path() / "none.yaml", "Configuration file not found: "},
      {"a directory", directory.path(), "is a directory"},
      {"a named pipe", fifo, "is not a regular file"},
      {"a device", "/dev/zero", "is not a regular file"},
      {"ten megabytes", big, "is larger than 1 MiB"},
      {"a link to itself", directory.path() / "loop", "loop"},
      {"a link to nothing", directory.path() / "dangling", "Configuration file not found: "},
      {"a name of 5000 letters", std::string(5000, 'n'), "nnn"},
      {"an endless file", "/proc/self/mem", "/proc/self/mem"},
  };
  for (Row const& row : rows) {
    CAPTURE(row.name);
    const Loaded result = file(row.path);
    CAPTURE(listed(result));
    REQUIRE(result.diagnostics.size() == 1);
    CHECK(result.diagnostics[0].message.find(row.message) != std::string::npos);
    CHECK(exit_code(result.diagnostics[0].code) == Exit::invalid);
  }
}

TEST_CASE("a file without read permission says so" *
          doctest::skip(geteuid() == 0)) {  // root reads everything
  const Directory directory;
  const auto path = directory.write("a.yaml", kMinimal);
  chmod(path.c_str(), 0);
  const Loaded result = file(path);
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(result.diagnostics[0].code == Code::config_unreadable);
  CHECK(result.diagnostics[0].hint == "check its permissions");
}

TEST_CASE("includes that go wrong are told at the line that asks for them") {
  const Directory directory;
  directory.write("self.yaml", "include: self.yaml\n" + kMinimal);
  directory.write("two.yaml", "include: back.yaml\n" + kMinimal);
  directory.write("back.yaml", "server: {port: 1}\ninclude: [two.yaml]\n");
  std::filesystem::create_directory_symlink(".", directory.path() / "here");
  directory.write("round.yaml", "include: here/round.yaml\n" + kMinimal);
  directory.write(
      "wide.yaml", "include: [leaf.yaml" + [] {
        std::string out;
        for (int i = 0; i < 100; ++i) out += ", leaf.yaml";
        return out;
      }() + "]\n" + kMinimal);
  directory.write("leaf.yaml", "server: {port: 1}\n");
  directory.write("broken.yaml", "include: bad.yaml\n" + kMinimal);
  directory.write("bad.yaml", "server: [\n");
  directory.write("map.yaml", "include: {a: b}\n" + kMinimal);
  directory.write("nested.yaml", "include: [[a.yaml]]\n" + kMinimal);
  directory.write("empty.yaml", "include: \"\"\n" + kMinimal);
  directory.write("dir.yaml", "include: .\n" + kMinimal);
  directory.write("var.yaml", "include: \"x.${NOPE}.yaml\"\n" + kMinimal);
  struct Row {
    std::string file;
    char const* code;
    int line;
  };
  for (Row const& row : {Row{"self.yaml", "AW1009", 1}, Row{"two.yaml", "AW1009", 2},
                         Row{"round.yaml", "AW1009", 1}, Row{"wide.yaml", "AW1009", 1},
                         Row{"broken.yaml", "AW1001", 2}, Row{"map.yaml", "AW1004", 1},
                         Row{"nested.yaml", "AW1004", 1}, Row{"empty.yaml", "AW1004", 1},
                         Row{"dir.yaml", "AW1009", 1}, Row{"var.yaml", "AW1011", 1}}) {
    CAPTURE(row.file);
    const Loaded result = file(directory.path() / row.file);
    CAPTURE(listed(result));
    REQUIRE_FALSE(result.ok());
    CHECK(code_name(result.diagnostics[0].code) == row.code);
    CHECK(result.diagnostics[0].place.line == row.line);
  }
}
