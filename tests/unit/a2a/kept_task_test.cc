// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/kept_task.h"

#include <doctest/doctest.h>

#include "core/a2a/codec.h"
#include "tests/unit/a2a/engine_fixture.h"

namespace aw::a2a {
namespace {

using test::EngineFixture;
using test::kAda;
using test::kEve;
using test::new_task;

Task small_task(TaskState state) {
  Task task;
  task.id = "01KB5T0Q8R9SATBVCWDXEYFZG0";
  task.context_id = "c \"quoted\"";
  task.owner = kAda;
  task.capability = "summarize";
  task.status = {state, nullptr, WallTime(std::chrono::seconds(5))};
  task.created = WallTime(std::chrono::seconds(4));
  task.updated = WallTime(std::chrono::seconds(6));
  task.payload = std::make_shared<const std::string>(R"({"a":1})");
  task.idempotency_key = "once";
  task.bytes = 500;
  return task;
}

void check_same(TaskFacts const& a, TaskFacts const& b) {
  CHECK(a.id == b.id);
  CHECK(a.context_id == b.context_id);
  CHECK(a.owner == b.owner);
  CHECK(a.capability == b.capability);
  CHECK(a.state == b.state);
  CHECK(a.changed == b.changed);
  CHECK(a.updated == b.updated);
  CHECK(a.bytes == b.bytes);
  CHECK(a.has_idempotency_key == b.has_idempotency_key);
}

}  // namespace

TEST_CASE("a task that ended is held as its record, knows what is asked of it, and comes back") {
  auto const task = std::make_shared<const Task>(small_task(TaskState::completed));
  KeptTask const kept(task);
  CHECK(kept.in_parts() == nullptr);
  check_same(kept.facts(), facts_of(*task));
  std::string scratch;
  CHECK(kept.record(scratch) == task_record(*task));
  CHECK(task_record(*kept.task().value()) == task_record(*task));
}

TEST_CASE("a task that may still change is held as it was given") {
  for (auto const state : {TaskState::submitted, TaskState::working, TaskState::input_required}) {
    auto const task = std::make_shared<const Task>(small_task(state));
    KeptTask const kept(task);
    CHECK(kept.in_parts() == task);
    CHECK(kept.task().value() == task);
    check_same(kept.facts(), facts_of(*task));
    std::string scratch;
    CHECK(kept.record(scratch) == task_record(*task));
  }
}

TEST_CASE("a large task that ended is not copied") {
  auto large = small_task(TaskState::failed);
  large.bytes = std::size_t{1} << 20;
  auto const task = std::make_shared<const Task>(std::move(large));
  CHECK(KeptTask(task).in_parts() == task);
}

TEST_CASE("what could not be read again stays in parts") {
  auto const with = [](Artifact artifact) {
    auto task = small_task(TaskState::completed);
    task.artifacts.push_back(std::make_shared<const Artifact>(std::move(artifact)));
    return KeptTask(std::make_shared<const Task>(std::move(task)));
  };
  auto const part = [](PartKind kind, std::string value) {
    return std::make_shared<const Part>(Part{.kind = kind, .value = std::move(value)});
  };
  Artifact const good{.id = "a", .parts = {part(PartKind::data, "[1]")}};
  CHECK(with(good).in_parts() == nullptr);
  CHECK(with(good).task().ok());
  CHECK(with({.id = "a"}).in_parts() != nullptr);
  CHECK(with({.id = "", .parts = good.parts}).in_parts() != nullptr);
  CHECK(with({.id = std::string(1025, 'a'), .parts = good.parts}).in_parts() != nullptr);
  CHECK(with({.id = "a", .parts = {part(PartKind::data, "")}}).in_parts() != nullptr);
  CHECK(with({.id = "a", .parts = {part(PartKind::data, "{")}}).in_parts() != nullptr);
  CHECK(with({.id = "a", .parts = {part(PartKind::raw, "no base64")}}).in_parts() != nullptr);
}

TEST_CASE("a result as deep as one may be is read again from its task's record") {
  auto const deep = data_part(std::string(128, '[') + std::string(128, ']'));
  auto task = small_task(TaskState::completed);
  task.artifacts.push_back(
      std::make_shared<const Artifact>(Artifact{.id = "result", .parts = {deep}}));
  task.result = {deep, &deep->value};
  KeptTask const kept(std::make_shared<const Task>(task));
  CHECK(kept.in_parts() == nullptr);
  auto const back = kept.task();
  REQUIRE(back.ok());
  CHECK(*(*back)->result == deep->value);
}

TEST_CASE("no task is none") {
  KeptTask const none;
  CHECK_FALSE(none);
}

TEST_CASE("an id longer than any of ours is no key, and no two ids are one") {
  CHECK_FALSE(TaskKey::of(std::string(32, 'a')));
  CHECK_FALSE(TaskKey::of("5f1cbf5e-6f3c-4b1e-9a51-0d3b0e5c8a77"));
  std::string id;
  std::vector<TaskKey> keys;
  for (std::size_t i = 0; i <= TaskKey::kLongest; ++i, id.push_back('\0')) {
    auto const key = TaskKey::of(id);
    REQUIRE(key);
    CHECK(key->text() == id);
    for (auto const& other : keys) CHECK_FALSE(*key == other);
    keys.push_back(*key);
  }
}

TEST_CASE_FIXTURE(EngineFixture, "what is asked of an ended task is answered as before it ended") {
  auto const task = engine
                        .create([] {
                          auto made = new_task(kAda);
                          made.idempotency_key = "k";
                          return made;
                        }())
                        .value()
                        .task;
  end(task);
  auto const found = engine.find(task->id, kAda).value();
  CHECK(found->status.state == TaskState::completed);
  CHECK(found->history.size() == task->history.size());
  CHECK(*found->payload == *task->payload);
  CHECK(engine.find(task->id, kEve).error().code == Code::task_not_found);
  auto const about = engine.about(task->id, kAda).value();
  CHECK(about.capability == task->capability);
  CHECK(about.context_id == task->context_id);
  CHECK(engine.about(task->id, kEve).error().code == Code::task_not_found);
  CHECK(engine.about("no such task", kAda).error().code == Code::task_not_found);
  CHECK(engine.set_status(task->id, TaskState::working, nullptr).error().code ==
        Code::task_terminal);
  CHECK(engine.set_result(task->id, std::make_shared<const std::string>("1"), {}).error().code ==
        Code::task_terminal);
  auto page = engine.list(kAda, {.context_id = task->context_id}).value();
  REQUIRE(page.tasks.size() == 1);
  CHECK(page.tasks.front()->id == task->id);
  CHECK(engine.subscribe(task->id, kAda).value().over());
  // The key still leads to it, and no longer once it is forgotten.
  auto again = new_task(kAda);
  again.idempotency_key = "k";
  auto const same = engine.create(again).value();
  CHECK(same.made == TaskEngine::Made::no);
  CHECK(same.task->id == task->id);
  engine.withdraw(task->id);
  CHECK(engine.create(again).value().made == TaskEngine::Made::yes);
}

}  // namespace aw::a2a
