// SPDX-License-Identifier: Apache-2.0
// A capability done by another A2A server, which is real: two engines, one task for each.
#include "core/server/a2a_upstream.h"

#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <thread>

#include "core/io/pool.h"
#include "tests/fixtures/plain_agent.h"

using namespace aw;          // NOLINT(google-build-using-namespace): test
using namespace aw::server;  // NOLINT(google-build-using-namespace): test

namespace {

io::Task<Result<void>> other_side(a2a::Work work, a2a::Progress& progress) {
  auto const words = work.message->parts.front()->value;
  if (words == "wait") {
    progress.status(a2a::TaskState::working, a2a::test::message("s", "busy"));
    co_await io::sleep_until(SteadyTime::max());
  } else if (words == "ask") {
    progress.status(a2a::TaskState::input_required, a2a::test::message("q", "which one?"));
  } else if (words == "fail") {
    co_return make_error(Code::backend_failed, "no luck");
  } else if (words == "reply") {
    progress.reply(*a2a::test::message("r", "just words"));
  } else {
    progress.result("{\"context\":\"" + work.context_id + "\"}");
  }
  co_return Result<void>{};
}

class Heard final : public a2a::Progress {
 public:
  void status(a2a::TaskState state, a2a::MessagePtr message) override {
    states.push_back(state);
    last = std::move(message);
    if (on_status) on_status();
  }
  void artifact(a2a::Artifact artifact, a2a::Chunk, a2a::Last) override {
    artifacts.push_back(std::move(artifact));
  }
  void result(std::string) override {}
  void reply(a2a::Message message) override { replied = std::move(message); }

  std::vector<a2a::TaskState> states;
  a2a::MessagePtr last;
  std::vector<a2a::Artifact> artifacts;
  std::optional<a2a::Message> replied;
  std::function<void()> on_status;
};

struct UpstreamBench {
  explicit UpstreamBench(backend::Wire wire = backend::Wire::card) : binding(wire) {
    agent.talk() = other_side;
  }
  backend::Wire binding;
  fixtures::PlainAgent agent;
  SystemClock clock;
  io::BlockingPool pool{1, 16};
  http::Client client{{}, pool, clock};
  std::unique_ptr<A2aUpstream> upstream = fixtures::must(A2aUpstream::make(
      {.kind = backend::Kind::a2a, .url = agent.url(), .binding = binding}, client, clock));

  a2a::Work work(std::string words, std::string caller = "spiffe://corp.test/agent/ada") const {
    return {.task_id = "T1",
            .context_id = "C1",
            .capability = "chat",
            .caller = std::move(caller),
            .decision_id = "d-7",
            .payload = "{}",
            .message = a2a::test::message("m", std::move(words)),
            .task = std::make_shared<const a2a::Task>(),
            .deadline = soon()};
  }
  SteadyTime soon() const { return clock.steady() + std::chrono::seconds(20); }
  Result<void> run(a2a::Work work_given, Heard& heard) {
    return io::run_blocking(upstream->run(std::move(work_given), heard));
  }
};

io::Task<void> run_into(UpstreamBench& bench, Heard& heard, Result<void>& done) {
  done = co_await bench.upstream->run(bench.work("wait"), heard);
}

std::string context_there(Heard const& heard) {
  REQUIRE(heard.artifacts.size() == 1);
  return heard.artifacts[0].parts[0]->value;
}

}  // namespace

TEST_CASE("the other side's artifacts and end are this task's, and it learns who asks") {
  for (auto const binding :
       {backend::Wire::card, backend::Wire::jsonrpc, backend::Wire::rest, backend::Wire::grpc}) {
    UpstreamBench bench(binding);
    Heard heard;
    REQUIRE(bench.run(bench.work("hello"), heard).ok());
    CHECK(heard.states.back() == a2a::TaskState::completed);
    CHECK(heard.artifacts.size() == 1);
    CHECK(bench.agent.seen("x-agentweave-caller") == "spiffe://corp.test/agent/ada");
    CHECK(bench.agent.seen("x-agentweave-decision-id") == "d-7");
    CHECK(bench.agent.seen("content-type").starts_with("application/grpc") ==
          (binding == backend::Wire::grpc));
  }
}

TEST_CASE("a question comes back, and its answer goes to the same task there") {
  for (auto const binding : {backend::Wire::card, backend::Wire::grpc}) {
    UpstreamBench bench(binding);
    Heard asked;
    REQUIRE(bench.run(bench.work("ask"), asked).ok());
    REQUIRE(asked.states.back() == a2a::TaskState::input_required);
    CHECK(asked.last->parts[0]->value == "which one?");

    auto next = bench.work("this one");
    auto task = std::make_shared<a2a::Task>();
    auto question = std::make_shared<a2a::Message>(*asked.last);
    question->role = a2a::Role::agent;
    task->history.push_back(question);
    next.task = task;
    Heard answered;
    REQUIRE(bench.run(std::move(next), answered).ok());
    CHECK(answered.states.back() == a2a::TaskState::completed);
  }
}

TEST_CASE("a caller cannot name a task of the other side") {
  UpstreamBench bench;
  Heard asked;
  REQUIRE(bench.run(bench.work("ask"), asked).ok());
  auto forged = bench.work("this one", "spiffe://corp.test/agent/eve");
  auto task = std::make_shared<a2a::Task>();
  auto claim = std::make_shared<a2a::Message>(*asked.last);
  claim->role = a2a::Role::user;
  task->history.push_back(claim);
  forged.task = task;
  Heard heard;
  REQUIRE(bench.run(std::move(forged), heard).ok());
  // A new task there: it went its own way.
  CHECK(heard.artifacts.size() == 1);
  CHECK(heard.artifacts[0].parts[0]->value.size() > 20);
}

TEST_CASE("two callers with the same context have two there, one caller has one") {
  UpstreamBench bench;
  Heard ada;
  Heard again;
  Heard eve;
  REQUIRE(bench.run(bench.work("hello"), ada).ok());
  REQUIRE(bench.run(bench.work("hello"), again).ok());
  REQUIRE(bench.run(bench.work("hello", "spiffe://corp.test/agent/eve"), eve).ok());
  CHECK(context_there(ada) == context_there(again));
  CHECK(context_there(ada) != context_there(eve));
}

TEST_CASE("failure, a bare message and silence are told apart") {
  UpstreamBench bench;
  Heard failed;
  CHECK(bench.run(bench.work("fail"), failed).ok());
  CHECK(failed.states.back() == a2a::TaskState::failed);
  Heard replied;
  CHECK(bench.run(bench.work("reply"), replied).ok());
  REQUIRE(replied.replied);
  CHECK(replied.replied->parts[0]->value == "just words");
  CHECK(replied.replied->task_id.empty());
}

TEST_CASE("a task that is cancelled here is cancelled there") {
  UpstreamBench bench;
  Heard heard;
  boost::asio::io_context loop(1);
  boost::asio::cancellation_signal cancel;
  heard.on_status = [&] { cancel.emit(boost::asio::cancellation_type::terminal); };
  Result<void> done;
  boost::asio::co_spawn(loop, run_into(bench, heard, done),
                        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  loop.run();  // also runs the cancelling call to its end
  CHECK(heard.states.front() == a2a::TaskState::working);
  // The other side has said yes; its work unwinds on its own loop.
  auto const patience = bench.soon();
  while (bench.agent.running() > 0 && bench.clock.steady() < patience) std::this_thread::yield();
  CHECK(bench.agent.running() == 0);
}

TEST_CASE("a server that is not there fails the task, and is looked for again") {
  UpstreamBench bench;
  auto const nobody = fixtures::must(A2aUpstream::make(
      {.kind = backend::Kind::a2a, .url = "http://127.0.0.1:1"}, bench.client, bench.clock));
  Heard heard;
  auto const failed = io::run_blocking(nobody->run(bench.work("hello"), heard));
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == Code::backend_unreachable);
  CHECK_FALSE(A2aUpstream::make({.kind = backend::Kind::a2a, .url = "http://10.0.0.1:80"},
                                bench.client, bench.clock)
                  .ok());
}
