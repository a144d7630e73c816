// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_engine.h"

namespace aw::a2a {
namespace {

template <class T>
Result<void> outcome(Result<T> result) {
  return result.ok() ? Result<void>() : Result<void>(std::move(result).error());
}

}  // namespace

Result<void> HeldTask::set_status(TaskState state, MessagePtr message,
                                  std::optional<Failure> failure) {
  return outcome(engine_.set_status(id_, state, std::move(message), std::move(failure)));
}

Result<void> HeldTask::add_artifact(Artifact artifact, Chunk chunk, Last last) {
  return outcome(engine_.add_artifact(id_, std::move(artifact), chunk, last));
}

Result<void> HeldTask::set_result(std::shared_ptr<const std::string> json, Artifact shown) {
  return outcome(engine_.set_result(id_, std::move(json), std::move(shown)));
}

Result<void> HeldTask::replace_by_message(MessagePtr message) {
  return engine_.replace_by_message(id_, std::move(message));
}

}  // namespace aw::a2a
