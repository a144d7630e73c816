// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "core/backend/backend.h"
#include "core/base/fs.h"
#include "core/base/random.h"
#include "tests/support/process.h"
#include "tests/unit/backend/support.h"

using namespace aw;
using namespace aw::backend;
using namespace aw::backend::test;

namespace {

Config command(std::vector<std::string> words) {
  return {.kind = backend::Kind::exec, .command = std::move(words)};
}
Config script(std::string text) { return command({"sh", "-c", std::move(text)}); }

struct IgnorePipe {
  IgnorePipe() { std::signal(SIGPIPE, SIG_IGN); }  // as main does
} const kIgnorePipe;

}  // namespace

TEST_CASE("a command gets the payload on stdin and its output is the result") {
  Bench bench;
  REQUIRE(bench.run(command({"cat"}), bench.call(R"({"n":1})")).ok());
  REQUIRE(bench.output.results.size() == 1);
  CHECK(bench.output.results[0] == R"({"n":1})");
}

TEST_CASE("output that is no json becomes a string, no output no result") {
  Bench bench;
  REQUIRE(bench.run(command({"echo", "hello \"you\""}), bench.call("{}")).ok());
  CHECK(bench.output.results.at(0) == R"("hello \"you\"")");
  Bench quiet;
  REQUIRE(quiet.run(command({"true"}), quiet.call("{}")).ok());
  CHECK(quiet.output.results.empty());
}

TEST_CASE("arguments are never read by a shell") {
  Bench bench;
  REQUIRE(bench.run(command({"echo", "$HOME; id | cat"}), bench.call("{}")).ok());
  CHECK(bench.output.results.at(0) == R"("$HOME; id | cat")");
}

TEST_CASE("the environment is the facts of the call and what was configured, nothing else") {
  Bench bench;
  auto config = command({"env"});
  config.environment = {"GIVEN=yes", "NOT_SET_ANYWHERE"};
  REQUIRE(bench.run(config, bench.call("{}")).ok());
  auto const& out = bench.output.results.at(0);
  for (auto const* const expected :
       {"AGENTWEAVE_CALLER=spiffe://corp.test/agent/ada", "AGENTWEAVE_DECISION_ID=d-1",
        "AGENTWEAVE_TASK_ID=T1", "AGENTWEAVE_CAPABILITY=report", "TRACEPARENT=00-aa-bb-01",
        "GIVEN=yes", "PATH="})
    CHECK_MESSAGE(out.contains(expected), expected);
  CHECK_FALSE(out.contains("HOME="));
  CHECK_FALSE(out.contains("NOT_SET_ANYWHERE"));
}

TEST_CASE("a command has only its three streams") {
  Bench bench;
  Fd const leaky(::open("/dev/null", O_RDONLY));  // without close-on-exec
  REQUIRE(bench.run(command({"ls", "/proc/self/fd"}), bench.call("{}")).ok());
  CHECK(bench.output.results.at(0) == R"("0\n1\n2\n3")");  // 3 is the directory being listed
}

TEST_CASE("a failing command fails the task with its status and not with its stderr") {
  Bench bench;
  auto const result = bench.run(script("echo secret >&2; exit 7"), bench.call("{}"));
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::backend_failed);
  CHECK(result.error().message == "the command ended with status 7");
  auto const missing = bench.run(command({"/no/such/program"}), bench.call("{}"));
  CHECK(missing.error().code == Code::backend_unreachable);
}

TEST_CASE("a command that takes too long is ended with all it started") {
  Bench bench;
  auto const file = std::filesystem::temp_directory_path() / ("pid-" + random_uuid());
  auto const result = bench.run(script("sleep 600 & echo $! > " + file.string() + "; sleep 600"),
                                bench.call("{}", std::chrono::milliseconds(300)));
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::backend_timeout);
  pid_t grandchild = 0;
  std::ifstream(file) >> grandchild;
  std::filesystem::remove(file);
  REQUIRE(grandchild > 0);
  for (int i = 0; i < 1000 && testing::lives(grandchild); ++i) ::usleep(1000);
  CHECK_FALSE(testing::lives(grandchild));
}

TEST_CASE("a command that will not go is killed") {
  Bench bench;
  auto const result = bench.run(script("trap '' TERM; while :; do sleep 0.05; done"),
                                bench.call("{}", std::chrono::milliseconds(100)));
  CHECK(result.error().code == Code::backend_timeout);
}

TEST_CASE("output over the limit is refused, stderr of any size is not kept") {
  Bench bench;
  auto config = script("yes");
  config.max_output_bytes = 100'000;
  CHECK(bench.run(config, bench.call("{}")).error().code == Code::backend_answer_malformed);
  CHECK(bench.run(script("yes | head -c 1000000 >&2; echo 1"), bench.call("{}")).ok());
  CHECK(bench.output.results.at(0) == "1");
}

TEST_CASE("a command that reads nothing of a large payload is no error") {
  Bench bench;
  auto const payload = '"' + std::string(1'000'000, 'x') + '"';
  REQUIRE(bench.run(command({"echo", "1"}), bench.call(payload)).ok());
  Bench whole;
  REQUIRE(whole.run(command({"cat"}), whole.call(payload)).ok());
  CHECK(whole.output.results.at(0) == payload);
}

TEST_CASE("the end of a cancelled call is the end of its process") {
  Bench bench;
  auto const file = std::filesystem::temp_directory_path() / ("pid-" + random_uuid());
  auto backend = make_backend(script("echo $$ > " + file.string() + "; sleep 600"), bench.tools());
  boost::asio::io_context loop;
  boost::asio::cancellation_signal cancel;
  auto run = (*backend)->run(bench.call("{}"), bench.output);
  boost::asio::co_spawn(
      loop, std::move(run),
      boost::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr, Result<void>) {}));
  // The child may run before its start is known here, so the loop must go on, as the server's do.
  auto const turn = [&loop] {
    loop.poll();
    loop.restart();
    ::usleep(500);
  };
  pid_t child = 0;
  while (child == 0) {
    turn();
    std::ifstream(file) >> child;
  }
  CHECK(testing::lives(child));
  cancel.emit(boost::asio::cancellation_type::terminal);
  for (int i = 0; i < 20'000 && testing::lives(child); ++i) turn();
  CHECK_FALSE(testing::lives(child));
  std::filesystem::remove(file);
}

TEST_CASE("a new environment is that of the calls that follow; a builtin takes none") {
  Bench bench;
  auto config = command({"env"});
  config.environment = {"TOKEN=one"};
  auto made = make_backend(config, bench.tools());
  REQUIRE(made.ok());
  REQUIRE(io::run_blocking((*made)->run(bench.call("{}"), bench.output)).ok());
  CHECK(bench.output.results.at(0).contains("TOKEN=one"));
  config.environment = {"TOKEN=two"};
  CHECK((*made)->renew(config));
  REQUIRE(io::run_blocking((*made)->run(bench.call("{}"), bench.output)).ok());
  CHECK(bench.output.results.at(1).contains("TOKEN=two"));
  CHECK_FALSE(bench.output.results.at(1).contains("TOKEN=one"));
  auto const builtin =
      make_backend({.kind = backend::Kind::builtin, .name = "echo"}, bench.tools());
  REQUIRE(builtin.ok());
  CHECK_FALSE((*builtin)->renew(config));
}
