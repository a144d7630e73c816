// SPDX-License-Identifier: Apache-2.0
#include "core/backend/child.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/base/fs.h"
#include "core/base/random.h"
#include "tests/support/process.h"

using namespace aw;
using namespace aw::backend;

namespace {

constexpr auto kLong = std::chrono::seconds(20);

// A file the child writes what it saw to; gone with the test.
struct Note {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("child-" + random_uuid());
  ~Note() { std::filesystem::remove(path); }
  [[nodiscard]] std::string text() const { return fs::read_file(path).value_or(std::string()); }
};

Result<Child> shell(std::string script,
                    std::vector<std::string> environment = {"PATH=/usr/bin:/bin"}) {
  return Child::start({{"sh", "-c", std::move(script)}, std::move(environment)});
}

// Until it has ended by itself.
ChildEnd wait_for_end(Child& child) {
  Fd const watch(static_cast<int>(::syscall(SYS_pidfd_open, child.pid(), 0)));
  pollfd watched{.fd = watch.get(), .events = POLLIN, .revents = 0};
  ::poll(&watched, 1, 20'000);
  auto const end = child.ended();
  REQUIRE(end.has_value());
  return *end;
}

// Until the file has text: a shell that has set its trap says so there.
void wait_for_text(Note const& note) {
  for (int i = 0; i < 10'000 && note.text().empty(); ++i) ::usleep(1000);
  REQUIRE_FALSE(note.text().empty());
}

}  // namespace

TEST_CASE("a child's end is its exit status, or 128 and the signal") {
  struct Row {
    char const* script;
    int status;
  };
  for (Row const& row : {Row{"exit 0", 0}, Row{"exit 7", 7}, Row{"kill -9 $$", 137}}) {
    CAPTURE(std::string(row.script));
    auto child = shell(row.script);
    REQUIRE(child.ok());
    auto const end = wait_for_end(*child);
    CHECK(end.status == row.status);
    CHECK(end.how == ChildEnd::How::by_itself);
    CHECK(child->ended()->status == row.status);  // and so it stays
    CHECK(child->end(kLong).status == row.status);
  }
}

TEST_CASE("a program that is not there is an error at once, not a child that ends") {
  auto const missing = Child::start({{"/no/such/program"}, {}});
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code == Code::backend_unreachable);
  CHECK(missing.error().message.find("/no/such/program") != std::string::npos);
  CHECK_FALSE(Child::start({{}, {}}).ok());
  CHECK_FALSE(Child::start({{""}, {}}).ok());
}

TEST_CASE(
    "a child has the environment it is given, nothing on its input, and no descriptor of ours") {
  Fd const leaky(::open("/dev/null", O_RDONLY));  // without close-on-exec
  Note const note;
  auto child = shell("env > " + note.path.string() + "; cat >> " + note.path.string() +
                         "; ls /proc/self/fd >> " + note.path.string(),
                     {"PATH=/usr/bin:/bin", "GIVEN=yes and more"});
  REQUIRE(child.ok());
  CHECK(wait_for_end(*child).status == 0);
  auto const text = note.text();
  CHECK(text.find("GIVEN=yes and more\n") != std::string::npos);
  CHECK(text.find("HOME=") == std::string::npos);
  CHECK(text.ends_with("\n0\n1\n2\n3\n"));  // 3 is the directory being listed
}

TEST_CASE("a child is in a group of its own and gets default signals") {
  std::signal(SIGUSR1, SIG_IGN);
  Note const note;
  auto child = shell("kill -USR1 $$; echo still here > " + note.path.string());
  std::signal(SIGUSR1, SIG_DFL);
  REQUIRE(child.ok());
  CHECK(::getpgid(child->pid()) == child->pid());
  CHECK(wait_for_end(*child).status == 128 + SIGUSR1);
  CHECK(note.text().empty());
}

TEST_CASE(
    "a child that is asked to end may finish; one that will not is killed, with all it started") {
  Note const ready;
  auto polite = shell("trap 'exit 3' TERM; echo up > " + ready.path.string() +
                      "; while :; do sleep 0.01; done");
  REQUIRE(polite.ok());
  wait_for_text(ready);
  auto const ended = polite->end(kLong);
  CHECK(ended.status == 3);
  CHECK(ended.how == ChildEnd::How::asked);

  Note const pids;
  auto stubborn = shell("trap '' TERM; (trap '' TERM; sleep 600) & echo $! > " +
                        pids.path.string() + "; while :; do sleep 0.01; done");
  REQUIRE(stubborn.ok());
  wait_for_text(pids);
  auto const killed = stubborn->end(std::chrono::milliseconds(50));
  CHECK(killed.status == 128 + SIGKILL);
  CHECK(killed.how == ChildEnd::How::killed);
  pid_t grandchild = std::stoi(pids.text());
  for (int i = 0; i < 5000 && testing::lives(grandchild); ++i) ::usleep(1000);
  CHECK_FALSE(testing::lives(grandchild));
}

TEST_CASE("what a child leaves behind ends with it") {
  Note const pids;
  auto child = shell("sleep 600 & echo $! > " + pids.path.string());
  REQUIRE(child.ok());
  CHECK(wait_for_end(*child).status == 0);
  pid_t left = std::stoi(pids.text());
  for (int i = 0; i < 5000 && testing::lives(left); ++i) ::usleep(1000);
  CHECK_FALSE(testing::lives(left));
}

TEST_CASE("a child that is dropped does not stay") {
  pid_t pid = 0;
  {
    auto child = shell("sleep 600");
    REQUIRE(child.ok());
    pid = child->pid();
    CHECK_FALSE(child->ended().has_value());
  }
  CHECK_FALSE(testing::lives(pid));
}

TEST_CASE("a signal reaches the program itself") {
  Note const note;
  auto child = shell("trap 'echo heard > " + note.path.string() + "; exit 0' USR2; echo up > " +
                     note.path.string() + "; while :; do sleep 0.01; done");
  REQUIRE(child.ok());
  wait_for_text(note);
  child->signal(SIGUSR2);
  CHECK(wait_for_end(*child).status == 0);
  CHECK(note.text() == "heard\n");
}

TEST_CASE("which end is followed by a new start, and after how long") {
  struct Row {
    Restart policy;
    int status;
    bool again;
  };
  for (Row const& row : {Row{Restart::never, 1, false}, Row{Restart::never, 0, false},
                         Row{Restart::on_failure, 0, false}, Row{Restart::on_failure, 1, true},
                         Row{Restart::on_failure, 137, true}, Row{Restart::always, 0, true}}) {
    CAPTURE(row.status);
    CHECK(Restarts(row.policy).pause_after(row.status, std::chrono::seconds(1)).has_value() ==
          row.again);
  }
  Restarts restarts(Restart::always);
  std::chrono::nanoseconds longest{0};
  for (int i = 0; i < 40; ++i) {
    auto const pause = restarts.pause_after(1, std::chrono::seconds(1)).value();
    CHECK(pause >= std::chrono::milliseconds(100));
    CHECK(pause <= std::chrono::seconds(30));
    longest = std::max(longest, pause);
  }
  CHECK(longest > std::chrono::seconds(1));
  // After a long life the first pause is short again.
  CHECK(restarts.pause_after(1, std::chrono::hours(1)).value() <= std::chrono::milliseconds(200));
  CHECK(restarts.count() == 41);
}
