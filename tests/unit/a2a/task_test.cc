// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task.h"

#include <doctest/doctest.h>

using namespace aw;
using namespace aw::a2a;

namespace {

constexpr std::array kAll = {
    TaskState::submitted, TaskState::working, TaskState::input_required, TaskState::auth_required,
    TaskState::completed, TaskState::failed,  TaskState::canceled,       TaskState::rejected};

Task task_in(TaskState state) {
  Task task;
  task.id = "t1";
  task.status.state = state;
  task.payload = std::make_shared<const std::string>("{}");
  return task;
}

ArtifactPtr text_artifact(std::string id, std::string text) {
  auto artifact = std::make_shared<Artifact>();
  artifact->id = std::move(id);
  artifact->parts.push_back(text_part(std::move(text)));
  return artifact;
}

}  // namespace

TEST_CASE("a terminal task never changes again, nothing goes back to submitted") {
  for (auto const from : kAll)
    for (auto const to : kAll) {
      bool const expected = !is_terminal(from) && to != TaskState::submitted;
      CHECK(may_move(from, to) == expected);
      CHECK(with_status(task_in(from), {to, nullptr, {}}).ok() == expected);
    }
}

TEST_CASE("an impossible move says from where to where") {
  auto const moved = with_status(task_in(TaskState::completed), {TaskState::working, nullptr, {}});
  REQUIRE_FALSE(moved.ok());
  CHECK(moved.error().code == Code::task_terminal);
  CHECK(moved.error().message == "cannot transition from 'completed' to 'running'");
}

TEST_CASE("state names round-trip in every vocabulary") {
  for (auto const state : kAll) {
    CHECK(parse_state(state_name_v1(state)) == state);
    CHECK(parse_state(state_name_v03(state)) == state);
    CHECK(parse_state(state_name_plain(state)) == state);
  }
  CHECK(parse_state("TASK_STATE_CANCELLED") == TaskState::canceled);
  CHECK_FALSE(parse_state("busy").has_value());
}

TEST_CASE("a status message becomes history when the next status replaces it") {
  auto said = std::make_shared<Message>();
  said->id = "m1";
  auto const asked =
      with_status(task_in(TaskState::working), {TaskState::input_required, said, {}});
  REQUIRE(asked.ok());
  CHECK((*asked)->history.empty());
  auto const went_on = with_status(**asked, {TaskState::working, nullptr, {}});
  REQUIRE(went_on.ok());
  REQUIRE((*went_on)->history.size() == 1);
  CHECK((*went_on)->history[0]->id == "m1");
}

TEST_CASE("artifact chunks are merged in order, a replacement starts anew") {
  TaskPtr task = std::make_shared<Task>(task_in(TaskState::working));
  for (auto const* const word : {"a", "b", "c"})
    task = with_artifact(*task, text_artifact("x", word), Chunk::append, {}).value();
  REQUIRE(task->artifacts.size() == 1);
  REQUIRE(task->artifacts[0]->parts.size() == 3);
  CHECK(task->artifacts[0]->parts[2]->value == "c");
  task = with_artifact(*task, text_artifact("y", "other"), Chunk::replace, {}).value();
  task = with_artifact(*task, text_artifact("x", "new"), Chunk::replace, {}).value();
  REQUIRE(task->artifacts.size() == 2);
  CHECK(task->artifacts[0]->parts.size() == 1);
  CHECK(task->artifacts[0]->parts[0]->value == "new");
  CHECK_FALSE(
      with_artifact(task_in(TaskState::failed), text_artifact("x", ""), Chunk::append, {}).ok());
}

TEST_CASE("a change leaves the task it was made from as it was") {
  Task const before = task_in(TaskState::working);
  auto const after = with_artifact(before, text_artifact("x", "a"), Chunk::replace, {}).value();
  CHECK(before.artifacts.empty());
  CHECK(after->artifacts.size() == 1);
  CHECK(after->bytes > before.bytes);
}
