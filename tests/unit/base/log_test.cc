// SPDX-License-Identifier: Apache-2.0
// What a line holds, who may say what at which level, and that foreign text forges nothing.
#include "core/base/log.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>
#include <vector>

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using log::Component;
using log::Level;

namespace {

struct StandingTime final : Clock {
  [[nodiscard]] WallTime now() const override { return *parse_rfc3339("2026-11-23T15:33:12.041Z"); }
  [[nodiscard]] SteadyTime steady() const override { return {}; }
};

struct MovingTime final : Clock {
  SteadyTime time{};
  [[nodiscard]] WallTime now() const override { return {}; }
  [[nodiscard]] SteadyTime steady() const override { return time; }
};

// A log on a file of its own.
struct Written {
  testing::TempDir directory;
  StandingTime clock;
  log::Config config;
  std::unique_ptr<log::Log> log;

  explicit Written(log::Format format = log::Format::json, Level level = Level::info,
                   std::map<std::string, Level> loggers = {}) {
    config = {.level = level,
              .format = format,
              .output = log::Output::file,
              .file = (directory / "agent.log").string(),
              .loggers = std::move(loggers)};
    log = log::Log::open(config, clock, "billing").value();
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    auto const text = fs::read_file(config.file).value();
    std::vector<std::string> out;
    for (auto const part : text::split(text, '\n'))
      if (!part.empty()) out.emplace_back(part);
    return out;
  }
};

}  // namespace

TEST_CASE("a line of JSON has time, level, logger, message, agent and the facts in their order") {
  Written written;
  written.log->info(Component::authz, "Decision", {{"b", "2"}, {"a", "1"}});
  CHECK(written.lines() ==
        std::vector<std::string>{
            R"({"timestamp":"2026-11-23T15:33:12.041Z","level":"INFO","logger":"agentweave.authz",)"
            R"("message":"Decision","agent_name":"billing","b":"2","a":"1"})"});
}

TEST_CASE("a line of text has the same, for eyes") {
  Written written(log::Format::text);
  written.log->warning(Component::identity, "SVID expires", {{"in", "5m"}});
  CHECK(written.lines() ==
        std::vector<std::string>{
            "2026-11-23T15:33:12.041Z - agentweave.identity - WARNING - SVID expires  in=5m"});
}

TEST_CASE("foreign text is one line, whatever stands in it") {
  std::string const forged =
      "x\n2026-11-23T15:33:12.041Z - agentweave.audit - INFO - forged\r\x1b[2J";
  for (auto const format : {log::Format::text, log::Format::json}) {
    Written written(format);
    written.log->error(Component::a2a, forged, {{"caller", forged}});
    auto const lines = written.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find('\x1b') == std::string::npos);
    CHECK(lines[0].find('\r') == std::string::npos);
    if (format == log::Format::json) CHECK(json::parse(lines[0]).value()["caller"] == forged);
  }
}

TEST_CASE("a component says what its own level lets it, the longest prefix first") {
  Written written(log::Format::json, Level::warning,
                  {{"agentweave", Level::error},
                   {"agentweave.authz", Level::debug},
                   {"agentweave.au", Level::debug},  // a prefix of letters is none of names
                   {"agentweave.audit.chain", Level::debug}});
  CHECK(written.log->enabled(Component::authz, Level::debug));
  CHECK_FALSE(written.log->enabled(Component::audit, Level::warning));
  CHECK(written.log->enabled(Component::audit, Level::error));
  written.log->debug(Component::authz, "heard");
  written.log->warning(Component::audit, "not heard");
  CHECK(written.lines().size() == 1);
}

TEST_CASE("levels change at once, up and down, and forget what is no longer named") {
  Written written(log::Format::json, Level::info, {{"agentweave.a2a", Level::debug}});
  CHECK(written.log->enabled(Component::a2a, Level::debug));
  written.log->set_levels(Level::error, {{"agentweave.identity", Level::info}});
  CHECK_FALSE(written.log->enabled(Component::a2a, Level::warning));
  CHECK(written.log->enabled(Component::identity, Level::info));
  CHECK(written.log->enabled(Component::a2a, Level::critical));
}

TEST_CASE("a failure is told with its code, its hint and every fact, at its level only") {
  Written written;
  auto const error =
      make_error(Code::io, "connect x: refused", "is it running?").with("file", "a:3");
  written.log->failed(Component::backend, Level::debug, "quiet", error);
  written.log->failed(Component::backend, Level::error, "Backend lost", error);
  written.log->failed(Component::backend, Level::error, "Again", make_error(Code::io, "y"));
  auto const lines = written.lines();
  REQUIRE(lines.size() == 2);
  auto const line = json::parse(lines[0]).value();
  CHECK(line["code"] == code_name(Code::io));
  CHECK(line["error"] == "connect x: refused");
  CHECK(line["hint"] == "is it running?");
  CHECK(line["file"] == "a:3");
  CHECK_FALSE(json::parse(lines[1]).value().contains("hint"));
}

TEST_CASE("lines of many threads never mix") {
  Written written;
  constexpr int kThreads = 4;
  constexpr int kLines = 50;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&written, t] {
        std::string const text(500, static_cast<char>('a' + t));
        for (int i = 0; i < kLines; ++i) written.log->info(Component::agent, text);
      });
    }
  }
  auto const lines = written.lines();
  CHECK(lines.size() == kThreads * kLines);
  for (auto const& line : lines) CHECK(json::parse(line).ok());
}

TEST_CASE("a file that cannot be opened is an error that names it") {
  StandingTime const clock;
  testing::TempDir const directory;
  log::Config config{.output = log::Output::file, .file = (directory / "a").string()};
  REQUIRE(log::Log::open(config, clock, "").ok());
  config.file = (directory / "a/b.log").string();
  auto const opened = log::Log::open(config, clock, "");
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.error().code == Code::io);
  CHECK(opened.error().message.find(config.file) != std::string::npos);
}

TEST_CASE("a file that was moved away is followed by a new one a second later, without a signal") {
  MovingTime clock;
  testing::TempDir const directory;
  auto const path = directory / "logs/agent.log";
  auto const said = [](std::filesystem::path const& file, std::string_view words) {
    return fs::read_file(file).value_or("").find(words) != std::string::npos;
  };
  auto const log =
      log::Log::open({.output = log::Output::file, .file = path.string()}, clock, "").value();
  log->info(Component::agent, "first");
  std::filesystem::rename(path, directory / "logs/agent.log.1");
  log->info(Component::agent, "at once");
  CHECK(said(directory / "logs/agent.log.1", "at once"));
  clock.time += std::chrono::seconds(1);
  log->info(Component::agent, "later");
  CHECK(said(path, "later"));
  CHECK_FALSE(said(directory / "logs/agent.log.1", "later"));

  // Removed with its directory; and where no file can be made the old one takes what is said.
  std::filesystem::remove_all(directory / "logs");
  clock.time += std::chrono::seconds(1);
  log->info(Component::agent, "again");
  CHECK(said(path, "again"));
  std::filesystem::rename(path, directory / "kept");
  std::filesystem::create_directories(path);
  clock.time += std::chrono::seconds(1);
  log->info(Component::agent, "in the old one");
  CHECK(said(directory / "kept", "in the old one"));
}

TEST_CASE("a FIFO in the place of the file is an error and holds nobody") {
  StandingTime const clock;
  testing::TempDir const directory;
  auto const path = (directory / "agent.log").string();
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  log::Config const config{.output = log::Output::file, .file = path};
  CHECK_FALSE(log::Log::open(config, clock, "").ok());  // nobody reads
  Fd const reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(reader.open());
  CHECK_FALSE(log::Log::open(config, clock, "").ok());
}

TEST_CASE("a directory made for the log is our user's alone") {
  StandingTime const clock;
  testing::TempDir const directory;
  auto const path = (directory / "logs/deep/agent.log").string();
  REQUIRE(log::Log::open({.output = log::Output::file, .file = path}, clock, "").ok());
  for (auto const* made : {"logs", "logs/deep"})
    CHECK(std::filesystem::status(directory / made).permissions() ==
          std::filesystem::perms::owner_all);
}

TEST_CASE("a silent log takes everything and says nothing") {
  auto const log = log::Log::silent();
  log->write(Component::agent, Level::critical, "x", {{"a", "b"}});
  CHECK_FALSE(log->enabled(Component::agent, Level::error));
}
