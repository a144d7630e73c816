// SPDX-License-Identifier: Apache-2.0
// Lists of tasks: their order, pages, filters and counts, also while tasks come and go.
#include <algorithm>
#include <set>

#include "tests/unit/a2a/engine_fixture.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

TEST_CASE("pages have no gap and no duplicate, also under equal times and while tasks are made") {
  EngineFixture f;
  std::set<std::string> expected;
  for (int i = 0; i < 250; ++i) expected.insert(f.make()->id);  // all at one moment
  std::set<std::string> listed;
  ListParams query{.page_size = 7};
  do {
    auto const page = f.engine.list(kAda, query).value();
    CHECK(page.tasks.size() <= 7);
    for (auto const& task : page.tasks) {
      CHECK(listed.insert(task->id).second);
      (void)f.make(kEve);
    }
    f.clock.turn(std::chrono::milliseconds(1));
    (void)f.make();  // newer ones stand before every page that follows
    query.page_token = page.next_token;
  } while (!query.page_token.empty());
  for (auto const& id : expected) CHECK(listed.contains(id));
}

TEST_CASE("lists filter by state and context, newest change first, and count what matches") {
  EngineFixture f;
  auto const a = f.make();
  f.clock.turn(std::chrono::seconds(1));
  auto const b = f.make();
  f.clock.turn(std::chrono::seconds(1));
  REQUIRE(f.engine.set_status(a->id, TaskState::working, nullptr).ok());
  auto const all = f.engine.list(kAda, {}).value();
  REQUIRE(all.tasks.size() == 2);
  CHECK(all.tasks[0]->id == a->id);
  CHECK(all.total == 2);
  CHECK(all.next_token.empty());
  auto const working = f.engine.list(kAda, {.state = TaskState::working}).value();
  REQUIRE(working.tasks.size() == 1);
  CHECK(working.total == 1);
  CHECK(f.engine.list(kAda, {.context_id = b->context_id}).value().tasks.at(0)->id == b->id);
  for (auto const* const token : {"x", "bm90LWEtdG9rZW4", "!!!"})
    CHECK(f.engine.list(kAda, {.page_token = token}).error().code == Code::request_malformed);
}

TEST_CASE("a hundred thousand tasks are listed without a gap or a double while others come") {
  constexpr std::size_t kTasks = 100'000;
  TurnedClock clock;  // stands still: every timestamp is equal
  MemoryTaskStore store;
  EngineLimits limits;
  limits.max_tasks = limits.max_tasks_per_caller = limits.max_running_per_caller = 2 * kTasks;
  TaskEngine engine(limits, store, clock);
  std::set<std::string> expected;
  for (std::size_t i = 0; i < kTasks; ++i)
    expected.insert(engine.create(new_task(kAda)).value().task->id);
  std::set<std::string> seen;
  ListParams query;
  query.page_size = 100;
  for (;;) {
    auto const page = engine.list(kAda, query).value();
    for (auto const& task : page.tasks) CHECK(seen.insert(task->id).second);
    REQUIRE(engine.create(new_task(kAda)).ok());
    if (page.next_token.empty()) break;
    query.page_token = page.next_token;
  }
  CHECK(std::ranges::includes(seen, expected));
}

TEST_CASE("a hundred thousand tasks are found by state, context and time, page by page") {
  constexpr std::size_t kTasks = 100'000;
  constexpr std::size_t kStep = 10;  // every tenth works, and is of one conversation
  TurnedClock clock;
  MemoryTaskStore store;
  EngineLimits limits;
  limits.max_tasks = limits.max_tasks_per_caller = limits.max_running_per_caller = 2 * kTasks;
  TaskEngine engine(limits, store, clock);
  std::set<std::string> wanted;
  for (std::size_t i = 0; i < kTasks; ++i) {
    auto made = new_task(kAda);
    if (i % kStep == 0) made.context_id = "the one";
    auto const id = engine.create(std::move(made)).value().task->id;
    if (i == kTasks / 2) clock.turn(std::chrono::seconds(1));
    if (i % kStep != 0) continue;
    REQUIRE(engine.set_status(id, TaskState::working, nullptr).ok());
    wanted.insert(id);
  }
  for (auto const& filter :
       {ListParams{.state = TaskState::working}, ListParams{.context_id = "the one"},
        ListParams{.context_id = "the one", .state = TaskState::working}}) {
    std::set<std::string> seen;
    auto query = filter;
    query.page_size = 100;
    do {
      auto const page = engine.list(kAda, query).value();
      for (auto const& task : page.tasks) CHECK(seen.insert(task->id).second);
      CHECK(page.total == wanted.size());
      REQUIRE(engine.create(new_task(kAda)).ok());  // newer, and of neither
      query.page_token = page.next_token;
    } while (!query.page_token.empty());
    CHECK(seen == wanted);
  }
}

TEST_CASE("a filtered list counts and shows exactly what a look at every task would") {
  EngineFixture f;
  std::vector<TaskPtr> tasks;
  std::vector<WallTime> moments;
  for (int i = 0; i < 60; ++i) {
    auto made = new_task(kAda);
    made.context_id = i % 3 == 0 ? "c1" : "c2";
    auto const task = f.engine.create(std::move(made)).value().task;
    if (i % 4 == 0) REQUIRE(f.engine.set_status(task->id, TaskState::working, nullptr).ok());
    if (i % 8 == 0) REQUIRE(f.engine.set_status(task->id, TaskState::completed, nullptr).ok());
    if (i == 30) (void)f.engine.list(kAda, {.state = TaskState::working});  // orders are built here
    tasks.push_back(task);
    moments.push_back(f.clock.now());
    if (i % 5 == 0) f.clock.turn(std::chrono::seconds(1));
  }
  for (auto& task : tasks) task = f.engine.find(task->id, kAda).value();
  for (auto const* const context : {"", "c1", "c2", "none"}) {
    for (auto const state :
         {std::optional<TaskState>(), std::optional(TaskState::working),
          std::optional(TaskState::completed), std::optional(TaskState::submitted),
          std::optional(TaskState::failed)}) {
      for (auto const& since : {std::optional<WallTime>(), std::optional(moments[0]),
                                std::optional(moments[29]), std::optional(moments[59])}) {
        std::set<std::string> expected;
        for (auto const& task : tasks)
          if ((std::string_view(context).empty() || task->context_id == context) &&
              (!state || task->status.state == *state) &&
              (!since || task->status.timestamp > *since))
            expected.insert(task->id);
        ListParams query{
            .context_id = context, .state = state, .page_size = 7, .changed_after = since};
        std::set<std::string> seen;
        do {
          auto const page = f.engine.list(kAda, query).value();
          CHECK(page.total == expected.size());
          for (auto const& task : page.tasks) CHECK(seen.insert(task->id).second);
          query.page_token = page.next_token;
        } while (!query.page_token.empty());
        CHECK(seen == expected);
      }
    }
  }
}
