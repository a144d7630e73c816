// SPDX-License-Identifier: Apache-2.0
#include "core/audit/log.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <latch>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/io/loops.h"
#include "fixture.h"

using namespace aw;
using namespace aw::audit;

namespace {

// A destination that can be told to refuse.
class FakeSink final : public AuditSink {
 public:
  struct State {
    std::vector<std::string> lines;
    bool refuses = false;
    std::size_t takes = SIZE_MAX;  // so many lines at most
    ChainHead head;
  };
  FakeSink(std::string name, Keeps keeps, std::shared_ptr<State> state)
      : name_(std::move(name)), keeps_(keeps), state_(std::move(state)) {}
  Result<Resumed> resume() override { return Resumed{.head = state_->head, .notes = {}}; }
  Result<void> append(Record const& record) override {
    if (state_->refuses || state_->lines.size() >= state_->takes)
      return make_error(Code::audit_unavailable, "refused");
    state_->lines.emplace_back(record.line);
    return {};
  }
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] Keeps keeps() const override { return keeps_; }

 private:
  std::string const name_;
  Keeps const keeps_;
  std::shared_ptr<State> const state_;
};

// A log over two destinations, of which the second one keeps records and is the primary.
struct TwoSinks : Bench {
  std::shared_ptr<FakeSink::State> const stream = std::make_shared<FakeSink::State>();
  std::shared_ptr<FakeSink::State> const keeper = std::make_shared<FakeSink::State>();
  std::unique_ptr<AuditLog> log;

  TwoSinks() {
    std::vector<std::unique_ptr<AuditSink>> sinks;
    sinks.push_back(std::make_unique<FakeSink>("stream", Keeps::nothing, stream));
    sinks.push_back(std::make_unique<FakeSink>("keeper", Keeps::records, keeper));
    auto opened = AuditLog::open(std::move(sinks), needs());
    REQUIRE(opened.ok());
    log = std::move(*opened);
  }
};

}  // namespace

TEST_CASE("what was recorded is in the file when record returns") {
  Bench bench;
  auto const log = bench.open();
  REQUIRE(log != nullptr);
  REQUIRE(log->record(decision_event("refund")).ok());
  auto const lines = lines_of(bench.file());
  REQUIRE(lines.size() == 1);
  auto const record = json::parse(lines[0]);
  REQUIRE(record.ok());
  CHECK((*record)["action"] == "refund");
  CHECK((*record)["seq"] == 1);
  CHECK((*record)["timestamp"] == "2026-11-23T15:33:12.041Z");
  CHECK(log->status().seq == 1);
}

TEST_CASE("records of many threads stand in the file in the chain's order") {
  Bench bench;
  auto const log = bench.open();
  REQUIRE(log != nullptr);
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        if (!log->record(decision_event("refund")).ok()) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  auto const report = bench.verify();
  CHECK(report.whole());
  CHECK(report.records == 1600);
}

TEST_CASE("kill -9 loses nothing that was answered") {
  Bench bench;
  int pipes[2] = {};
  REQUIRE(::pipe(pipes) == 0);
  auto const child = ::fork();
  if (child == 0) {
    auto const log = bench.open();
    for (std::uint32_t i = 1; log != nullptr && log->record(decision_event("refund")).ok(); ++i) {
      if (::write(pipes[1], &i, sizeof(i)) != sizeof(i)) break;
    }
    ::_exit(1);
  }
  std::uint32_t answered = 0;
  while (answered < 500) REQUIRE(::read(pipes[0], &answered, sizeof(answered)) == sizeof(answered));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(pipes[1]);
  while (::read(pipes[0], &answered, sizeof(answered)) == sizeof(answered)) {
  }
  ::close(pipes[0]);

  auto const log = bench.open();
  REQUIRE(log != nullptr);
  auto const report = bench.verify();
  CHECK(report.whole());
  CHECK(report.records >= answered);
}

TEST_CASE("a repair is itself recorded") {
  Bench bench;
  {
    auto const log = bench.open();
    REQUIRE(log->record(decision_event("refund")).ok());
  }
  spit(bench.file(), slurp(bench.file()) + "{\"seq\":2,\"prev");
  auto const log = bench.open();
  REQUIRE(log != nullptr);
  auto const lines = lines_of(bench.file());
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].find("AUDIT_LOG") != std::string::npos);
  CHECK(lines[1].find("half written") != std::string::npos);
  CHECK(bench.verify().whole());
}

TEST_CASE("an error of the primary is the caller's, and the chain does not move") {
  TwoSinks two;
  CHECK(two.log->status().destinations == std::vector<std::string>{"keeper", "stream"});
  REQUIRE(two.log->record(decision_event("a")).ok());
  two.keeper->refuses = true;
  auto const refused = two.log->record(decision_event("b"));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::audit_unavailable);
  CHECK(two.stream->lines.size() == 1);  // nobody sees a record that was never made
  CHECK(two.log->status().seq == 1);
  CHECK_FALSE(two.log->status().last_error.empty());
  CHECK(two.registry.text().find("agentweave_audit_healthy 0") != std::string::npos);
  two.keeper->refuses = false;
  REQUIRE(two.log->record(decision_event("c")).ok());
  CHECK(two.log->status().seq == 2);
  CHECK(two.log->status().last_error.empty());
  CHECK(two.keeper->lines == two.stream->lines);
}

TEST_CASE("an error of another destination is counted, and decides nothing") {
  TwoSinks two;
  two.stream->refuses = true;
  CHECK(two.log->record(decision_event("a")).ok());
  CHECK(two.registry.text().find("agentweave_audit_errors_total{destination=\"stream\"} 1") !=
        std::string::npos);
}

namespace {

// Records `actions` in one turn of one loop; the outcomes in their order. `before`: what is due
// before each, where something is.
std::vector<Result<void>> record_in_one_turn(AuditLog& log, std::vector<std::string> const& actions,
                                             std::vector<Result<void>> const& before = {}) {
  std::vector<Result<void>> out(actions.size());
  std::latch done(static_cast<std::ptrdiff_t>(actions.size()));
  io::Loops loops(1);
  auto const one = [&](std::size_t index) -> io::Task<void> {
    auto const event = decision_event(actions[index]);
    out[index] = co_await log.recorded(event, before.empty() ? nullptr : &before[index]);
    done.count_down();
  };
  boost::asio::post(loops.at(0), [&] {
    for (std::size_t i = 0; i < actions.size(); ++i)
      boost::asio::co_spawn(loops.at(0), one(i), [](std::exception_ptr) {});
  });
  done.wait();
  loops.stop();
  return out;
}

}  // namespace

TEST_CASE(
    "what is due before a record and failed keeps it from being written, not its neighbours") {
  Bench bench;
  auto const log = bench.open();
  std::vector<Result<void>> const before = {{}, make_error(Code::state_unusable, "not kept"), {}};
  auto const out = record_in_one_turn(*log, {"a", "b", "c"}, before);
  CHECK(out[0].ok());
  REQUIRE_FALSE(out[1].ok());
  CHECK(out[1].error().code == Code::state_unusable);
  CHECK(out[2].ok());
  CHECK(lines_of(bench.file()).size() == 2);
  CHECK(bench.verify().whole());
  CHECK(io::run_blocking(log->recorded(decision_event("d"), &before[1])).error().code ==
        Code::state_unusable);
}

TEST_CASE("what a turn recorded is in the file, in order, before anyone goes on") {
  Bench bench;
  auto const log = bench.open();
  auto const outcomes = record_in_one_turn(*log, {"a", "b", "c"});
  for (auto const& outcome : outcomes) CHECK(outcome.ok());
  auto const lines = lines_of(bench.file());
  REQUIRE(lines.size() == 3);
  CHECK(lines[2].find(R"("action":"c")") != std::string::npos);
  REQUIRE(log->record(decision_event("d")).ok());
  CHECK(bench.verify().whole());
  CHECK(bench.verify().records == 4);
}

TEST_CASE("what nobody waits for is written with its turn's records, in order") {
  Bench bench;
  auto const log = bench.open();
  std::latch done(1);
  std::size_t before_the_end = 1;
  auto const last = [&]() -> io::Task<void> {
    auto const event = decision_event("c");
    CHECK((co_await log->recorded(event)).ok());
    done.count_down();
  };
  io::Loops loops(1);
  boost::asio::post(loops.at(0), [&] {
    log->record_soon(decision_event("a"));
    log->record_soon(decision_event("b"));
    before_the_end = lines_of(bench.file()).size();
    boost::asio::co_spawn(loops.at(0), last(), [](std::exception_ptr) {});
  });
  done.wait();
  loops.stop();
  CHECK(before_the_end == 0);
  auto const lines = lines_of(bench.file());
  REQUIRE(lines.size() == 3);
  CHECK(lines[0].find(R"("action":"a")") != std::string::npos);
  CHECK(lines[2].find(R"("action":"c")") != std::string::npos);
  CHECK(bench.verify().whole());
}

TEST_CASE("what nobody waits for and cannot be written leaves the records beside it alone") {
  TwoSinks two;
  two.keeper->takes = 1;
  two.log->record_soon(decision_event("a"));
  two.log->record_soon(decision_event("b"));  // refused
  two.keeper->takes = 10;
  CHECK(two.log->record(decision_event("c")).ok());
  CHECK(two.log->status().records == 2);
}

TEST_CASE("off a loop a record is written at once") {
  Bench bench;
  auto const log = bench.open();
  auto const event = decision_event("a");
  CHECK(io::run_blocking(log->recorded(event)).ok());
  CHECK(lines_of(bench.file()).size() == 1);
}

TEST_CASE("a destination that is full in the middle of a turn fails the rest of it alone") {
  TwoSinks two;
  two.keeper->takes = 2;
  auto const outcomes = record_in_one_turn(*two.log, {"a", "b", "c", "d"});
  CHECK(outcomes[0].ok());
  CHECK(outcomes[1].ok());
  REQUIRE_FALSE(outcomes[2].ok());
  CHECK(outcomes[2].error().code == Code::audit_unavailable);
  CHECK_FALSE(outcomes[3].ok());
  CHECK(two.stream->lines == two.keeper->lines);
  CHECK(two.log->status().seq == 2);
  two.keeper->takes = SIZE_MAX;
  REQUIRE(two.log->record(decision_event("e")).ok());
  auto const links = parse_links(
      std::string_view(two.keeper->lines[2]).substr(0, two.keeper->lines[2].size() - 1));
  REQUIRE(links.ok());
  CHECK(links->seq == 3);
  CHECK(two.keeper->lines[1].find(links->prev_hash) != std::string::npos);
}

TEST_CASE("a record that is too long fails alone") {
  Bench bench;
  auto const log = bench.open();
  auto const outcomes = record_in_one_turn(*log, {"a", std::string(kMaxRecordBytes, 'x'), "c"});
  CHECK(outcomes[0].ok());
  CHECK_FALSE(outcomes[1].ok());
  CHECK(outcomes[2].ok());
  CHECK(bench.verify().records == 2);
  CHECK(bench.verify().whole());
}

TEST_CASE("refuses to record after close") {
  Bench bench;
  auto const log = bench.open();
  log->close(std::chrono::seconds(0));
  log->close(std::chrono::seconds(0));
  CHECK_FALSE(log->record(decision_event("a")).ok());
}

TEST_CASE("a disabled log has no destination and takes everything") {
  Bench bench;
  Config config;
  config.enabled = false;
  auto const log = bench.open(config);
  REQUIRE(log != nullptr);
  CHECK(log->record(decision_event("a")).ok());
  CHECK(log->status().destinations.empty());
}

TEST_CASE("a log without a destination does not open") {
  Bench bench;
  Config config;
  config.destinations.clear();
  CHECK(bench.open(config) == nullptr);
}

TEST_CASE("cannot be opened where nobody may write") {
  Bench bench;
  Config config;
  config.destinations = {"file:///proc/audit.log"};
  auto const log = AuditLog::open(config, bench.needs());
  REQUIRE_FALSE(log.ok());
  CHECK(log.error().code == Code::audit_unavailable);
}
