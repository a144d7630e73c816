// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_engine.h"

#include <thread>

#include "tests/unit/a2a/engine_fixture.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

struct SmallFixture : EngineFixture {
  explicit SmallFixture(EngineLimits small) : small_engine(small, store, clock) {}
  TaskEngine small_engine;
};

}  // namespace

TEST_CASE("a task is found by its owner and by nobody else") {
  EngineFixture f;
  auto const task = f.make();
  CHECK(f.engine.find(task->id, kAda).ok());
  for (auto const* const other : {kEve, "", "spiffe://corp.test/agent/ada2"}) {
    auto const found = f.engine.find(task->id, other);
    REQUIRE_FALSE(found.ok());
    CHECK(found.error().code == Code::task_not_found);
  }
  auto const missing = f.engine.find("nothing", kAda);
  CHECK(missing.error().message == f.engine.find(task->id, kEve).error().message);
  CHECK(f.engine.subscribe(task->id, kEve).error().code == Code::task_not_found);
  CHECK(f.engine.follow_up(task->id, kEve, message("x", "y")).error().code == Code::task_not_found);
  CHECK(f.engine.list(kEve, {}).value().tasks.empty());
}

TEST_CASE("every subscriber gets the same events in the same order") {
  EngineFixture f;
  auto const task = f.make();
  auto first = f.engine.subscribe(task->id, kAda).value();
  auto second = f.engine.subscribe(task->id, kAda).value();
  REQUIRE(f.engine.set_status(task->id, TaskState::working, nullptr).ok());
  for (int i = 0; i < 20; ++i) {
    Artifact artifact{.id = "a", .parts = {text_part(std::to_string(i))}};
    REQUIRE(f.engine.add_artifact(task->id, artifact, Chunk::append, Last::no).ok());
  }
  f.end(task);
  std::vector<EventPtr> seen;
  while (auto event = first.poll()) {
    CHECK(event == second.poll());
    seen.push_back(event);
  }
  CHECK(seen.size() == 22);
  CHECK(first.over());
  CHECK(second.over());
  CHECK(f.engine.find(task->id, kAda).value()->artifacts[0]->parts.size() == 20);
}

TEST_CASE("a subscription to a finished task is over at once and shows the task") {
  EngineFixture f;
  auto const task = f.make();
  f.end(task);
  auto late = f.engine.subscribe(task->id, kAda).value();
  CHECK(late.over());
  CHECK(late.snapshot()->status.state == TaskState::completed);
}

TEST_CASE("a reader that falls too far behind is dropped, the others are not") {
  EngineFixture f;
  SmallFixture small({.max_pending_events = 4});
  auto const task = small.small_engine.create(new_task(kAda)).value().task;
  auto slow = small.small_engine.subscribe(task->id, kAda).value();
  auto quick = small.small_engine.subscribe(task->id, kAda).value();
  for (int i = 0; i < 10; ++i) {
    REQUIRE(small.small_engine.set_status(task->id, TaskState::working, nullptr).ok());
    CHECK(quick.poll() != nullptr);
  }
  CHECK(slow.too_slow());
  CHECK(slow.poll() == nullptr);
  CHECK(slow.over());
  CHECK_FALSE(quick.over());
}

TEST_CASE("waiting wakes for events of another thread, and ends at its deadline") {
  EngineFixture f;
  auto const task = f.make();
  // Subscriptions live on the loop they wait on.
  auto const wait = [](TaskEngine& engine, std::string id,
                       std::chrono::milliseconds time) -> io::Task<bool> {
    auto subscription = engine.subscribe(id, kAda).value();
    auto const event = co_await subscription.next(std::chrono::steady_clock::now() + time);
    CHECK_FALSE(subscription.over());
    co_return event != nullptr;
  };
  {
    std::jthread const other([&](std::stop_token const& stop) {
      while (!stop.stop_requested()) {
        (void)f.engine.set_status(task->id, TaskState::working, nullptr);
        std::this_thread::yield();
      }
    });
    CHECK(io::run_blocking(wait(f.engine, task->id, std::chrono::seconds(10))));
  }
  CHECK_FALSE(io::run_blocking(wait(f.engine, task->id, std::chrono::milliseconds(5))));
}

TEST_CASE("the same idempotency key is the same task, for one caller and capability") {
  EngineFixture f;
  auto keyed = new_task(kAda);
  keyed.idempotency_key = "k";
  auto const first = f.engine.create(keyed).value();
  auto const again = f.engine.create(keyed).value();
  CHECK(first.made == TaskEngine::Made::yes);
  CHECK(again.made == TaskEngine::Made::no);
  CHECK(again.task->id == first.task->id);
  keyed.owner = kEve;
  CHECK(f.engine.create(keyed).value().made == TaskEngine::Made::yes);
  keyed.owner = kAda;
  keyed.capability = "other";
  CHECK(f.engine.create(keyed).value().made == TaskEngine::Made::yes);
}

TEST_CASE("running tasks of one caller are bounded and do not hinder another caller") {
  SmallFixture f({.max_running_per_caller = 3});
  for (int i = 0; i < 3; ++i) REQUIRE(f.small_engine.create(new_task(kAda)).ok());
  auto const refused = f.small_engine.create(new_task(kAda));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::task_limit);
  CHECK(f.small_engine.create(new_task(kEve)).ok());
}

TEST_CASE("what one caller may have binds what runs as well") {
  SmallFixture f({.max_tasks_per_caller = 2});
  auto const first = f.small_engine.create(new_task(kAda)).value().task;
  REQUIRE(f.small_engine.create(new_task(kAda)).ok());
  CHECK(f.small_engine.create(new_task(kAda)).error().code == Code::task_limit);
  CHECK(f.small_engine.create(new_task(kEve)).ok());
  REQUIRE(f.small_engine.set_status(first->id, TaskState::completed, nullptr).ok());
  CHECK(f.small_engine.create(new_task(kAda)).ok());
  CHECK_FALSE(f.small_engine.find(first->id, kAda).ok());
}

TEST_CASE("finished tasks make room oldest first, running ones never") {
  SmallFixture f({.max_tasks = 3});
  std::vector<TaskPtr> made;
  for (int i = 0; i < 3; ++i) {
    f.clock.turn(std::chrono::seconds(1));
    made.push_back(f.small_engine.create(new_task(kAda)).value().task);
  }
  CHECK(f.small_engine.create(new_task(kAda)).error().code == Code::task_limit);
  REQUIRE(f.small_engine.set_status(made[1]->id, TaskState::completed, nullptr).ok());
  f.clock.turn(std::chrono::seconds(1));
  REQUIRE(f.small_engine.set_status(made[0]->id, TaskState::failed, nullptr).ok());
  CHECK(f.small_engine.create(new_task(kAda)).ok());
  CHECK_FALSE(f.small_engine.find(made[1]->id, kAda).ok());
  CHECK(f.small_engine.find(made[0]->id, kAda).ok());
  CHECK(f.small_engine.find(made[2]->id, kAda).ok());
  CHECK(f.small_engine.size() == 3);
}

TEST_CASE("finished tasks leave after the retention") {
  SmallFixture f({.retention = std::chrono::hours(1)});
  auto const old = f.small_engine.create(new_task(kAda)).value().task;
  REQUIRE(f.small_engine.set_status(old->id, TaskState::completed, nullptr).ok());
  f.clock.turn(std::chrono::hours(2));
  REQUIRE(f.small_engine.create(new_task(kAda)).ok());
  CHECK_FALSE(f.small_engine.find(old->id, kAda).ok());
}

TEST_CASE("callers that never answer a question do not fill the agent") {
  SmallFixture f({.max_tasks = 3, .max_running_per_caller = 2});
  for (int i = 0; i < 10; ++i) {
    auto const task = f.small_engine.create(new_task(kAda)).value().task;
    REQUIRE(f.small_engine.set_status(task->id, TaskState::input_required, nullptr).ok());
    f.clock.turn(std::chrono::seconds(1));
  }
  CHECK(f.small_engine.size() == 3);
  CHECK(f.small_engine.create(new_task(kEve)).ok());
}

TEST_CASE("a task may not grow without bound, but it can always end") {
  SmallFixture f({.max_task_bytes = 4'096});
  auto const task = f.small_engine.create(new_task(kAda)).value().task;
  Artifact big{.id = "a", .parts = {text_part(std::string(8'192, 'x'))}};
  CHECK(f.small_engine.add_artifact(task->id, big, Chunk::append, Last::no).error().code ==
        Code::too_large);
  auto const words = message("m", std::string(8'192, 'x'));
  CHECK(f.small_engine.set_status(task->id, TaskState::failed, words).ok());
  std::string const blank(8'192, ' ');
  auto huge = new_task(kAda);
  huge.payload = blank;
  CHECK(f.small_engine.create(huge).error().code == Code::too_large);
}

TEST_CASE("follow-up messages are in the history in order and wake an interrupted task") {
  EngineFixture f;
  auto const task = f.make();
  REQUIRE(f.engine.set_status(task->id, TaskState::working, message("busy", "")).ok());
  CHECK(f.engine.follow_up(task->id, kAda, message("early", "")).value().run ==
        TaskEngine::Run::going_on);
  REQUIRE(f.engine.set_status(task->id, TaskState::input_required, message("ask", "?")).ok());
  auto const continued = f.engine.follow_up(task->id, kAda, message("answer", "!")).value();
  CHECK(continued.run == TaskEngine::Run::needed);
  CHECK(continued.task->status.state == TaskState::working);
  std::vector<std::string> ids;
  for (auto const& said : continued.task->history) ids.push_back(said->id);
  CHECK(ids == std::vector<std::string>{"m", "early", "busy", "ask", "answer"});
  CHECK(continued.task->history.back()->task_id == task->id);
  f.end(task);
  CHECK(f.engine.follow_up(task->id, kAda, message("late", "")).error().code ==
        Code::task_terminal);
}

TEST_CASE("an answer by message withdraws the task and is its last event") {
  EngineFixture f;
  auto const task = f.make();
  auto subscription = f.engine.subscribe(task->id, kAda).value();
  REQUIRE(f.engine.replace_by_message(task->id, message("r", "hello")).ok());
  auto const event = subscription.poll();
  REQUIRE(event != nullptr);
  CHECK(std::holds_alternative<MessagePtr>(*event));
  CHECK(subscription.over());
  CHECK_FALSE(f.engine.find(task->id, kAda).ok());
}
