// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/draft.h"

#include <utility>

namespace aw::a2a {

Result<void> Draft::check_size(std::size_t more) const {
  if (task_->bytes + more <= most_bytes_) return {};
  return make_error(Code::too_large, "the task grew beyond its limit");
}

Result<void> Draft::set_status(TaskState state, MessagePtr message,
                               std::optional<Failure> failure) {
  // Limits never keep a task from ending.
  if (message && !is_terminal(state)) AW_TRY(check_size(size_of(*message)));
  // Such work takes no time worth a look at the clock until it is over.
  auto const over = is_terminal(state) || is_interrupted(state);
  auto const now = over ? clock_.now() : task_->updated;
  AW_TRY(move_status(*task_, {state, std::move(message), now}));
  if (failure) task_->failure = std::move(failure);
  return {};
}

Result<void> Draft::add_artifact(Artifact artifact, Chunk chunk, Last) {
  AW_TRY(check_size(size_of(artifact)));
  return put_artifact(*task_, std::make_shared<const Artifact>(std::move(artifact)), chunk,
                      task_->updated);
}

Result<void> Draft::set_result(std::shared_ptr<const std::string> json, Artifact shown) {
  AW_TRY(check_size(json->size() + size_of(shown)));
  AW_TRY(put_artifact(*task_, std::make_shared<const Artifact>(std::move(shown)), Chunk::replace,
                      task_->updated));
  task_->bytes += json->size();
  task_->result = std::move(json);
  return {};
}

Result<void> Draft::replace_by_message(MessagePtr message) {
  message_ = std::move(message);
  return {};
}

}  // namespace aw::a2a
