// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/report.h"

#include <utility>

#include "core/a2a/json_view.h"
#include "core/base/random.h"

namespace aw::a2a {

MessagePtr agent_says(std::string text) {
  auto message = std::make_shared<Message>();
  message->id = random_uuid();
  message->role = Role::agent;
  message->parts.push_back(text_part(std::move(text)));
  return message;
}

void fail_task(TaskTarget& target, Failure failure) {
  auto message = std::make_shared<Message>(*agent_says(failure.message));
  message->task_id = target.id();
  // Fails only when the task has ended already, which is what this is for.
  (void)target.set_status(TaskState::failed, std::move(message), std::move(failure));
}

void Report::begin() {
  if (std::exchange(begun_, true)) return;
  note(target_.set_status(TaskState::working, nullptr, {}));
}

void Report::status(TaskState state, MessagePtr message) {
  if (replied_ || ended_) return;
  if (state == TaskState::working && !message) return begin();
  if (state != TaskState::working) begin();
  begun_ = true;
  ended_ = is_terminal(state) || is_interrupted(state);
  note(target_.set_status(state, message ? addressed(*message) : nullptr, {}));
}

void Report::artifact(Artifact artifact, Chunk chunk, Last last) {
  if (replied_ || ended_ || artifact.parts.empty()) return;
  begin();
  if (artifact.id.empty()) artifact.id = random_uuid();
  note(target_.add_artifact(std::move(artifact), chunk, last));
}

void Report::result(std::string json) {
  if (replied_ || ended_) return;
  begin();
  if (!check_json(json, {.bytes = std::size_t{64} << 20, .depth = 128}).ok()) {
    note(make_error(Code::backend_answer_malformed, "the backend's result is no valid json"));
    return;
  }
  // Text reads better as text to those who only know parts.
  JsonView const view(json);
  auto text = view.string();
  Artifact artifact{.id = std::string(kResultArtifact), .name = std::string(kResultArtifact)};
  if (text) {
    artifact.parts.push_back(text_part(std::move(*text)));
    note(target_.set_result(std::make_shared<const std::string>(std::move(json)),
                            std::move(artifact)));
  } else {
    auto const part = data_part(std::string(view.raw()));
    artifact.parts.push_back(part);
    // One text for both.
    note(target_.set_result({part, &part->value}, std::move(artifact)));
  }
}

void Report::reply(Message message) {
  if (replied_ || ended_) return;
  if (message.id.empty()) message.id = random_uuid();
  message.role = Role::agent;
  if (begun_) {
    ended_ = true;
    note(target_.set_status(TaskState::completed, addressed(message), {}));
    return;
  }
  replied_ = true;
  if (message.context_id.empty()) message.context_id = target_.context_id();
  note(target_.replace_by_message(std::make_shared<const Message>(std::move(message))));
}

MessagePtr Report::addressed(Message const& message) const {
  auto own = std::make_shared<Message>(message);
  if (own->id.empty()) own->id = random_uuid();
  own->role = Role::agent;
  own->task_id = target_.id();
  own->context_id = target_.context_id();
  return own;
}

// That the task has ended meanwhile (cancelled) is no problem.
void Report::note(Result<void> const& result) {
  if (result.ok() || failure_) return;
  auto const code = result.error().code;
  if (code != Code::task_terminal && code != Code::task_not_found) failure_ = result.error();
}

}  // namespace aw::a2a
