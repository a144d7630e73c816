// SPDX-License-Identifier: Apache-2.0
#include "core/base/fs.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>

#include "tests/support/small_files.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using testing::SmallFiles;
using testing::TempDir;

namespace {

mode_t mode_of(std::filesystem::path const& path) {
  struct stat info{};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777;
}

std::size_t entries(std::filesystem::path const& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a file is replaced as a whole, with its mode, and leaves no other file behind") {
  TempDir const directory;
  auto const path = directory / "key.pem";
  REQUIRE(fs::write_file_atomic(path, "first", fs::Mode::public_file).ok());
  CHECK(mode_of(path) == 0644);
  REQUIRE(fs::write_file_atomic(path, "second", fs::Mode::private_file).ok());
  CHECK(mode_of(path) == 0600);
  CHECK(fs::read_file(path).value() == "second");
  CHECK(entries(directory.path()) == 1);
}

TEST_CASE("the umask takes bits away and adds none") {
  TempDir const directory;
  auto const before = ::umask(0);
  CHECK(fs::write_file_atomic(directory / "private", "x", fs::Mode::private_file).ok());
  ::umask(077);
  CHECK(fs::write_file_atomic(directory / "public", "x", fs::Mode::public_file).ok());
  ::umask(before);
  CHECK(mode_of(directory / "private") == 0600);
  CHECK(mode_of(directory / "public") == 0600);
}

TEST_CASE("a link is replaced, what it leads to is not written") {
  TempDir const directory;
  std::ofstream(directory / "theirs") << "theirs";
  std::filesystem::create_symlink("theirs", directory / "ours");
  REQUIRE(fs::write_file_atomic(directory / "ours", "ours", fs::Mode::private_file).ok());
  CHECK(fs::read_file(directory / "theirs").value() == "theirs");
  CHECK(std::filesystem::is_regular_file(std::filesystem::symlink_status(directory / "ours")));
}

TEST_CASE("a write that fails leaves the old file and nothing else") {
  TempDir const directory;
  auto const path = directory / "state";
  REQUIRE(fs::write_file_atomic(path, "old", fs::Mode::private_file).ok());
  {
    SmallFiles const full(100);
    auto const written =
        fs::write_file_atomic(path, std::string(1000, 'x'), fs::Mode::private_file);
    REQUIRE_FALSE(written.ok());
    CHECK(written.error().code == Code::io);
    CHECK(written.error().message.starts_with("write " + path.string() + ": "));
  }
  std::filesystem::create_directory(directory / "folder");
  CHECK_FALSE(fs::write_file_atomic(directory / "folder", "x", fs::Mode::private_file).ok());
  CHECK_FALSE(fs::write_file_atomic(directory / "no/such/place", "x", fs::Mode::private_file).ok());
  CHECK(fs::read_file(path).value() == "old");
  CHECK(entries(directory.path()) == 2);
}

TEST_CASE("what cannot be read says what was read and why") {
  TempDir const directory;
  struct Row {
    std::filesystem::path path;
    std::string_view why;
  };
  std::filesystem::create_symlink("loop", directory / "loop");
  for (auto const& [path, why] :
       {Row{directory / "none", "No such file"}, Row{directory.path(), "Is a directory"},
        Row{directory / "loop", "Too many levels"}}) {
    CAPTURE(path.string());
    auto const got = fs::read_file(path);
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().code == Code::io);
    CHECK(got.error().message.starts_with("read " + path.string() + ": "));
    CHECK(got.error().message.find(why) != std::string::npos);
  }
}

TEST_CASE("a file is read up to its bound and not a byte further") {
  TempDir const directory;
  std::ofstream(directory / "ten") << "0123456789";
  CHECK(fs::read_file(directory / "ten", 10).value() == "0123456789");
  auto const over = fs::read_file(directory / "ten", 9);
  REQUIRE_FALSE(over.ok());
  CHECK(over.error().code == Code::too_large);
  CHECK(fs::read_file("/dev/zero", 1000).error().code == Code::too_large);
  CHECK(fs::read_file("/dev/null").value().empty());
}

TEST_CASE("a pipe that nobody writes to is not waited for") {
  TempDir const directory;
  REQUIRE(::mkfifo((directory / "pipe").c_str(), 0600) == 0);
  CHECK(fs::read_file(directory / "pipe").value().empty());
}

TEST_CASE("a private directory is made with its parents, and what is there keeps its mode") {
  TempDir const directory;
  std::filesystem::create_directory(directory / "there");
  ::chmod((directory / "there").c_str(), 0755);
  REQUIRE(fs::make_private_directory(directory / "there/a/b").ok());
  CHECK(mode_of(directory / "there") == 0755);
  CHECK(mode_of(directory / "there/a") == 0700);
  CHECK(mode_of(directory / "there/a/b") == 0700);
  CHECK(fs::make_private_directory(directory / "there/a/b").ok());
}

TEST_CASE("a private directory in a file's place is refused by name") {
  TempDir const directory;
  std::ofstream(directory / "file") << "x";
  for (auto const& path : {directory / "file", directory / "file/below"}) {
    CAPTURE(path.string());
    auto const made = fs::make_private_directory(path);
    REQUIRE_FALSE(made.ok());
    CHECK(made.error().code == Code::io);
    CHECK(made.error().message.starts_with("create directory "));
  }
}

TEST_CASE("writing to who has gone, or to nothing, is an error") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  auto* const before = std::signal(SIGPIPE, SIG_IGN);
  Fd reader(ends[0]);
  Fd const writer(ends[1]);
  CHECK(fs::write_all(writer.get(), "heard").ok());
  reader.reset();
  CHECK(fs::write_all(writer.get(), "unheard").error().code == Code::io);
  CHECK(fs::write_all(-1, "x").error().code == Code::io);
  CHECK(fs::write_all(-1, "").ok());
  std::signal(SIGPIPE, before);
}

TEST_CASE("a descriptor is closed once, by whoever has it last") {
  auto const fresh = [] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); };
  int const number = fresh();
  {
    Fd first(number);
    Fd second(std::move(first));
    CHECK_FALSE(first.open());  // NOLINT(bugprone-use-after-move): that it is empty is the point
    CHECK(second.get() == number);
    int const other = fresh();
    Fd third(other);
    third = std::move(second);
    CHECK_FALSE(is_open(other));
    CHECK(is_open(number));
    int const kept = third.release();
    CHECK_FALSE(third.open());
    CHECK(is_open(kept));
    third.reset(kept);
  }
  CHECK_FALSE(is_open(number));
}
