// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/confine.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "core/base/random.h"

using namespace aw;
using namespace aw::runtime;

namespace {

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("confine-" + random_uuid());
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
};

config::Config serving_below(std::filesystem::path const& path) {
  config::Config config;
  config.server.state.directory = (path / "state").string();
  config.audit.destinations = {"file://" + (path / "log/audit.log").string(), "stdout:"};
  return config;
}

// What a child that is confined sees: `look` ends it with its answer.
int in_child(std::function<int()> const& look) {
  auto const child = ::fork();
  if (child == 0) ::_exit(look());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

bool is_active(std::vector<Safeguard> const& all, std::string_view name) {
  return std::ranges::any_of(all, [name](Safeguard const& one) {
    return one.name == name && one.state == Safeguard::State::active;
  });
}

// What a test in a child ends with where the safeguard is not active: 0 where there is none here,
// something else where the kernel refused what we gave it, as it does a wrong filter.
std::optional<int> unless_active(std::vector<Safeguard> const& all, std::string_view name) {
  constexpr int kRefused = 9;
  if (is_active(all, name)) return std::nullopt;
  auto const found = std::ranges::find(all, name, &Safeguard::name);
  if (found == all.end()) return kRefused;
  bool const missing = found->detail.ends_with(std::strerror(ENOSYS));
  return found->detail.starts_with("the kernel refused") && !missing ? kRefused : 0;
}

bool writes(std::filesystem::path const& file) {
  int const made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (made >= 0) ::close(made);
  return made >= 0;
}

// The raw call: the library's clone() wants a stack.
int cloned_with(int flags) {
  auto const made = ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
  if (made == 0) ::_exit(0);
  if (made < 0) return errno;
  ::waitpid(static_cast<pid_t>(made), nullptr, 0);
  return 0;
}

}  // namespace

TEST_CASE("the places a configuration writes to are made, sorted, each once") {
  Folder const folder;
  auto config = serving_below(folder.path);
  config.logging.output = log::Output::file;
  config.logging.file = (folder.path / "log/agent.log").string();
  config.server.outbound.listen = "unix://" + (folder.path / "run/out.sock").string();
  auto const places = writable_places(config);
  CHECK(places == std::vector<std::filesystem::path>{folder.path / "log", folder.path / "run",
                                                     folder.path / "state"});
  for (auto const& place : places) CHECK(std::filesystem::is_directory(place));
}

TEST_CASE("the development identity may make its socket, wherever it was put") {
  Folder const folder;
  auto config = serving_below(folder.path);
  config.identity.dev.socket = (folder.path / "workload/agent.sock").string();
  auto const place = folder.path / "workload";
  config.identity.provider = identity::Provider::spiffe;
  CHECK(std::ranges::count(writable_places(config), place) == 0);
  config.identity.provider = identity::Provider::dev;
  CHECK(std::ranges::count(writable_places(config), place) == 1);
}

TEST_CASE("a configuration starts programs with an exec backend or an SVID hook") {
  config::Config config;
  CHECK_FALSE(starts_programs(config));
  config.backends.push_back({.kind = backend::Kind::http});
  CHECK_FALSE(starts_programs(config));
  config.backends.push_back({.kind = backend::Kind::exec});
  CHECK(starts_programs(config));
  config.backends.clear();
  config.identity.on_svid_update = {"reload-nginx"};
  CHECK(starts_programs(config));
}

TEST_CASE("a confined process writes below its own directories only, from every thread") {
  Folder const folder;
  auto const config = serving_below(folder.path);
  CHECK(in_child([&] {
          if (auto const end = unless_active(confine(config), "landlock")) return *end;
          bool other_thread = true;
          std::thread([&] { other_thread = writes(folder.path / "thread"); }).join();
          if (other_thread || writes(folder.path / "outside")) return 1;
          if (!writes(folder.path / "state/inside") || !writes(folder.path / "log/audit.log"))
            return 2;
          if (::access("/etc/hosts", R_OK) != 0) return 3;
          return 0;
        }) == 0);
}

TEST_CASE("a confined process starts no other program") {
  Folder const folder;
  auto const config = serving_below(folder.path);
  CHECK(in_child([&] {
          if (auto const end = unless_active(confine(config), "seccomp")) return *end;
          ::execl("/bin/true", "true", nullptr);
          return errno == EPERM ? 0 : 1;
        }) == 0);
}

TEST_CASE("a confined process gets into no namespace, by whichever call, and still gets threads") {
  Folder const folder;
  auto const config = serving_below(folder.path);
  for (int const kind : {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWPID, CLONE_NEWIPC,
                         CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWUSER | CLONE_NEWNS}) {
    CAPTURE(kind);
    CHECK(in_child([&] {
            if (auto const end = unless_active(confine(config), "seccomp")) return *end;
            if (::unshare(kind) == 0 || errno != EPERM) return 1;
            if (cloned_with(kind) != EPERM) return 2;
            // Its flags stand in memory, where no filter can look: the library falls back.
            clone_args newer{};
            newer.flags = static_cast<std::uint64_t>(kind);
            newer.exit_signal = SIGCHLD;
            auto const made = ::syscall(SYS_clone3, &newer, sizeof newer);
            if (made == 0) ::_exit(0);
            if (made > 0 || errno != ENOSYS) return 3;
            bool ran = false;
            std::thread([&ran] { ran = true; }).join();
            return ran && cloned_with(0) == 0 ? 0 : 4;
          }) == 0);
  }
}

TEST_CASE("a confined process can neither load a kernel's successor nor mount by the newer calls") {
  Folder const folder;
  auto const config = serving_below(folder.path);
  CHECK(in_child([&] {
          if (auto const end = unless_active(confine(config), "seccomp")) return *end;
          for (long const number :
               {SYS_kexec_load, SYS_kexec_file_load, SYS_mount, SYS_fsopen, SYS_fsmount,
                SYS_fsconfig, SYS_fspick, SYS_move_mount, SYS_open_tree, SYS_mount_setattr,
                SYS_quotactl_fd, SYS_clock_settime, SYS_clock_adjtime, SYS_kcmp})
            if (::syscall(number, -1, -1, -1, -1, -1) != -1 || errno != EPERM)
              return static_cast<int>(number % 256);
          return 0;
        }) == 0);
}

TEST_CASE("programs that the configuration starts are not confined with it") {
  Folder const folder;
  auto config = serving_below(folder.path);
  config.backends.push_back({.kind = backend::Kind::exec});
  CHECK(in_child([&] {
          auto const safeguards = confine(config);
          if (is_active(safeguards, "landlock") || is_active(safeguards, "seccomp")) return 1;
          ::execl("/bin/true", "true", nullptr);
          return 2;
        }) == 0);
}

TEST_CASE("no memory of a service is dumped") {
  Folder const folder;
  auto const config = serving_below(folder.path);
  CHECK(in_child([&] {
          static_cast<void>(confine(config));
          rlimit limit{};
          ::getrlimit(RLIMIT_CORE, &limit);
          return limit.rlim_max == 0 && ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1;
        }) == 0);
}
