// SPDX-License-Identifier: Apache-2.0
// Room for the connections that the configuration lets in.
#include "core/runtime/descriptors.h"

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "tests/unit/runtime/project.h"

using namespace aw;
using namespace aw::runtime;
using runtime::test::Project;

namespace {

rlimit limit_now() {
  rlimit out{};
  ::getrlimit(RLIMIT_NOFILE, &out);
  return out;
}

// A process whose soft limit is `soft` while it lives.
class Soft {
 public:
  explicit Soft(rlim_t soft) : before_(limit_now()) {
    rlimit const now{.rlim_cur = soft, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~Soft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  Soft(Soft const&) = delete;
  Soft& operator=(Soft const&) = delete;

 private:
  rlimit const before_;
};

// ThreadSanitizer ends a child that starts threads where its parent had some.
#if __has_feature(thread_sanitizer)
constexpr bool kChildMayStartThreads = false;
#else
constexpr bool kChildMayStartThreads = true;
#endif

// In a child: 0, or which of it is not so.
int told_at_start(rlim_t hard) try {
  Project project;
  auto const loaded = project.loaded("server: {limits: {max_connections: 10000000}}\n");
  auto const agent = project.start(loaded);
  auto const log = project.log();
  auto const fit = std::to_string(connections_within(agent->config(), hard));
  if (log.find("server.limits.max_connections needs 100") == std::string::npos) return 2;
  if (log.find("LimitNOFILE=100") == std::string::npos) return 3;
  if (log.find("callers beyond " + fit + " at once are turned away") == std::string::npos) return 4;
  return limit_now().rlim_cur == hard ? 0 : 5;
} catch (...) {
  return 6;  // not on into the other tests
}

}  // namespace

TEST_CASE("a soft limit is raised as far as it is needed and the hard one lets it, never lowered") {
  struct Row {
    std::uint64_t needed;
    std::uint64_t soft;
    std::uint64_t hard;
    std::uint64_t becomes;
  };
  for (auto const& [needed, soft, hard, becomes] :
       {Row{10'000, 1024, 1'048'576, 10'000}, Row{10'000, 1024, 4096, 4096},
        Row{10'000, 65'536, 65'536, 65'536}, Row{10'000, 1024, RLIM_INFINITY, 10'000},
        Row{10'000, RLIM_INFINITY, RLIM_INFINITY, RLIM_INFINITY}}) {
    CAPTURE(hard);
    CHECK(soft_limit_for(needed, soft, hard) == becomes);
  }
}

TEST_CASE("what is needed are connections of callers, of our own agent and to others, and files") {
  config::Config config;
  config.server.workers = 4;
  config.limits.max_connections = 10'000;
  config.transport.pool.max_connections = 100;
  CHECK(descriptors_needed(config) == 10'000 + 4 * 100 + 512);
  config.server.outbound.listen = "127.0.0.1:8081";
  CHECK(descriptors_needed(config) == 10'000 + 2 * 4 * 100 + 512);
}

TEST_CASE(
    "callers get what the other files leave of too low a limit, one connection at the least") {
  config::Config config;
  config.server.workers = 4;
  config.limits.max_connections = 10'000;
  config.transport.pool.max_connections = 100;
  auto const others = descriptors_needed(config) - 10'000;
  struct Row {
    std::uint64_t allowed;
    std::size_t connections;
  };
  for (auto const& [allowed, connections] :
       {Row{RLIM_INFINITY, 10'000}, Row{others + 10'000, 10'000}, Row{others + 9'999, 9'999},
        Row{others + 1, 1}, Row{others, 1}, Row{0, 1}}) {
    CAPTURE(allowed);
    CHECK(connections_within(config, allowed) == connections);
  }
}

TEST_CASE("an agent makes room for the connections it lets in") {
  Project project;
  Soft const few(300);
  auto const agent = project.start(project.loaded("server: {limits: {max_connections: 400}}\n"));
  auto const loaded = agent->config();
  CHECK(limit_now().rlim_cur >= std::min<rlim_t>(descriptors_needed(loaded), limit_now().rlim_max));
  CHECK(project.log().find("files may be open") == std::string::npos);
}

TEST_CASE("a hard limit below what is needed is told at start, with the line that mends it") {
  if (!kChildMayStartThreads) return;
  // Lowered in a child: nobody gets a hard limit back.
  auto const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr rlim_t kHard = 3000;
    rlimit const low{.rlim_cur = 300, .rlim_max = std::min(kHard, limit_now().rlim_max)};
    if (::setrlimit(RLIMIT_NOFILE, &low) != 0) ::_exit(1);
    ::_exit(told_at_start(low.rlim_max));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
