// SPDX-License-Identifier: Apache-2.0
// Secrets of this machine: variables, files with their modes, commands.
#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "core/base/fs.h"
#include "core/secrets/command.h"
#include "core/secrets/provider.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::secrets;

namespace {

Entry in_file(std::filesystem::path const& path) {
  Entry out;
  out.file = path.string();
  return out;
}

// A file in a directory that others may enter, so that its own mode counts.
struct OpenPlace {
  testing::TempDir scratch;
  OpenPlace() { ::chmod(scratch.path().c_str(), 0755); }
  [[nodiscard]] Entry file(std::string_view text, mode_t mode) const {
    auto const path = scratch / "secret";
    REQUIRE(fs::write_file_atomic(path, text, fs::Mode::private_file).ok());
    ::chmod(path.c_str(), mode);
    return in_file(path);
  }
};

CommandSpec script(std::string text) {
  return {.command = {"sh", "-c", std::move(text)}, .environment = {"PATH=/usr/bin:/bin"}};
}

}  // namespace

TEST_CASE("a variable is a secret when it is set") {
  auto const provider = env_provider([](std::string const& name) -> std::optional<std::string> {
    if (name == "GIVEN") return "value";
    if (name == "EMPTY") return "";
    return std::nullopt;
  });
  Entry entry;
  entry.variable = "GIVEN";
  CHECK(provider->fetch(entry)->reveal() == "value");
  CHECK(provider->source(entry) == "env GIVEN");
  for (auto const* const name : {"EMPTY", "MISSING"}) {
    entry.variable = name;
    auto const missing = provider->fetch(entry);
    REQUIRE_FALSE(missing.ok());
    CHECK(missing.error().code == Code::secret_unavailable);
  }
}

TEST_CASE("a file's text without its last line break is the secret") {
  OpenPlace const place;
  struct Row {
    char const* text;
    char const* secret;
  };
  for (Row const& row : {Row{"value", "value"}, Row{"value\n", "value"}, Row{"value\r\n", "value"},
                         Row{"two\nlines\n", "two\nlines"}, Row{" kept \n\n", " kept \n"}}) {
    CHECK(file_provider()->fetch(place.file(row.text, 0600))->reveal() == row.secret);
  }
}

TEST_CASE("a file that others may read or write is refused, with what to do about it") {
  OpenPlace const place;
  struct Row {
    mode_t mode;
    char const* why;  // empty: taken
  };
  for (Row const& row :
       {Row{0600, ""}, Row{0400, ""}, Row{0640, "may be read by others"},
        Row{0604, "may be read by others"}, Row{0620, "may be written by others"},
        Row{0602, "may be written by others"}, Row{0666, "may be written by others"}}) {
    CAPTURE(row.mode);
    auto const got = file_provider()->fetch(place.file("value", row.mode));
    CHECK(got.ok() == std::string_view(row.why).empty());
    if (got.ok()) continue;
    CHECK(got.error().code == Code::key_permissions);
    CHECK(got.error().message.find(row.why) != std::string::npos);
    CHECK(got.error().hint.find("chmod 600") != std::string::npos);
    CHECK(got.error().text().find("value") == std::string::npos);
  }
}

TEST_CASE("in a directory that only we may enter, a readable file is as private as it") {
  testing::TempDir const scratch;  // 0700
  auto const path = scratch / "secret";
  REQUIRE(fs::write_file_atomic(path, "value", fs::Mode::public_file).ok());
  CHECK(file_provider()->fetch(in_file(path))->reveal() == "value");
}

TEST_CASE("a link to a new file is followed, as Kubernetes turns one") {
  OpenPlace const place;
  auto const first = place.file("one", 0600);
  auto const link = place.scratch / "link";
  std::filesystem::create_symlink("secret", link);
  CHECK(file_provider()->fetch(in_file(link))->reveal() == "one");
}

TEST_CASE("what is no file, missing, or too large is an error") {
  OpenPlace const place;
  CHECK(file_provider()->fetch(in_file(place.scratch.path())).error().code ==
        Code::key_permissions);
  CHECK(file_provider()->fetch(in_file(place.scratch / "none")).error().code ==
        Code::secret_unavailable);
  auto const large = place.file(std::string(kMaxSecretBytes + 100, 'x'), 0600);
  CHECK(file_provider()->fetch(large).error().code == Code::secret_malformed);
  auto const most = place.file(std::string(kMaxSecretBytes, 'x') + "\n", 0600);
  CHECK(file_provider()->fetch(most)->reveal().size() == kMaxSecretBytes);
}

TEST_CASE("a command's output without its last line break is the secret; no shell reads it") {
  auto const provider = exec_provider(
      std::chrono::seconds(20), [](std::string const& name) -> std::optional<std::string> {
        if (name == "PATH") return "/usr/bin:/bin";
        return name == "OTHER" ? std::optional<std::string>("x") : std::nullopt;
      });
  Entry entry;
  entry.command = {"echo", "$HOME; id"};
  CHECK(provider->fetch(entry)->reveal() == "$HOME; id");
  entry.command = {"env"};
  CHECK(provider->fetch(entry)->reveal() == "PATH=/usr/bin:/bin");  // and nothing else
}

TEST_CASE("a command that fails, hangs or talks too much gives no secret") {
  struct Row {
    char const* text;
    Code code;
  };
  for (Row const& row :
       {Row{"echo s3cret; exit 3", Code::secret_unavailable},
        Row{"kill -9 $$", Code::secret_unavailable}, Row{"sleep 600", Code::secret_unavailable},
        Row{"echo s3cret; exec sleep 600", Code::secret_unavailable},
        Row{"yes s3cret", Code::secret_malformed}}) {
    CAPTURE(std::string(row.text));
    auto spec = script(row.text);
    spec.timeout = std::chrono::milliseconds(300);
    auto const got = command_output(spec);
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().code == row.code);
    CHECK(got.error().text().find("s3cret") == std::string::npos);
  }
  CHECK(command_output({.command = {"/no/such/program"}, .environment = {}}).error().code ==
        Code::secret_unavailable);
  CHECK_FALSE(command_output({.command = {}, .environment = {}}).ok());
}

TEST_CASE("what a command leaves behind does not stay") {
  testing::TempDir const scratch;
  auto const note = scratch / "pid";
  auto const got =
      command_output(script("sleep 600 >/dev/null & echo $! > " + note.string() + "; echo secret"));
  REQUIRE(got.ok());
  CHECK(*got == "secret\n");
  auto const pid = std::stoi(fs::read_file(note).value());
  auto const stat = [pid] {
    return fs::read_file("/proc/" + std::to_string(pid) + "/stat").value_or(std::string());
  };
  auto const over = [&stat] { return stat().empty() || stat().find(") Z") != std::string::npos; };
  for (int i = 0; i < 5000 && !over(); ++i) ::usleep(1000);
  CHECK(over());
}
