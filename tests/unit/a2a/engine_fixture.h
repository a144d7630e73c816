// SPDX-License-Identifier: Apache-2.0
// An engine over memory whose clock the test turns. One thread, unless a test brings others: the
// engine is safe to call from them, the clock is not.
#pragma once

#include <doctest/doctest.h>

#include "core/a2a/task_engine.h"
#include "tests/unit/a2a/support.h"

namespace aw::a2a::test {

struct EngineFixture {
  EngineLimits limits{.max_running_per_caller = 10'000};
  TurnedClock clock;
  MemoryTaskStore store;
  TaskEngine engine{limits, store, clock};

  TaskPtr make(std::string owner = kAda) {
    return engine.create(new_task(std::move(owner))).value().task;
  }
  void end(TaskPtr const& task) {
    REQUIRE(engine.set_status(task->id, TaskState::completed, nullptr).ok());
  }
};

}  // namespace aw::a2a::test
