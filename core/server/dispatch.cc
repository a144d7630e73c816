// SPDX-License-Identifier: Apache-2.0
#include "core/server/dispatch.h"

#include "core/a2a/codec.h"
#include "core/base/random.h"

namespace aw::server {
namespace {

a2a::PartKind part_kind(backend::Content content) {
  switch (content) {
    case backend::Content::text:
      return a2a::PartKind::text;
    case backend::Content::json:
      return a2a::PartKind::data;
    case backend::Content::base64:
      return a2a::PartKind::raw;
    case backend::Content::url:
      return a2a::PartKind::url;
  }
  return a2a::PartKind::text;
}

a2a::MessagePtr agent_message(std::string_view text, a2a::Work const& work) {
  a2a::Message out;
  out.id = random_uuid();
  out.role = a2a::Role::agent;
  out.parts.push_back(a2a::text_part(std::string(text)));
  out.task_id = work.task_id;
  out.context_id = work.context_id;
  return std::make_shared<const a2a::Message>(std::move(out));
}

// What a backend says, in the words of tasks.
class TaskOutput final : public backend::Output {
 public:
  TaskOutput(a2a::Work const& work, a2a::Progress& progress) : work_(work), progress_(progress) {}

  void status(std::string_view text) override {
    progress_.status(a2a::TaskState::working, text.empty() ? nullptr : agent_message(text, work_));
  }
  void artifact(backend::Chunk chunk) override {
    a2a::Artifact out;
    out.id = std::move(chunk.artifact_id);
    out.name = std::move(chunk.name);
    out.parts.push_back(
        std::make_shared<const a2a::Part>(a2a::Part{.kind = part_kind(chunk.content),
                                                    .value = std::move(chunk.value),
                                                    .filename = std::move(chunk.filename),
                                                    .media_type = std::move(chunk.media_type),
                                                    .metadata = {}}));
    progress_.artifact(
        std::move(out),
        chunk.mode == backend::Mode::append ? a2a::Chunk::append : a2a::Chunk::replace,
        chunk.last == backend::Last::yes ? a2a::Last::yes : a2a::Last::no);
  }
  void result(std::string json) override { progress_.result(std::move(json)); }
  void input_required(std::string_view text) override {
    progress_.status(a2a::TaskState::input_required, agent_message(text, work_));
  }
  void rejected(std::string_view text) override {
    progress_.status(a2a::TaskState::rejected, agent_message(text, work_));
  }

 private:
  a2a::Work const& work_;
  a2a::Progress& progress_;
};

}  // namespace

namespace {

// What an output still needs (the task's ids) is copied, the rest moves.
backend::Call call_of(a2a::Work& work) {
  return {.capability = std::move(work.capability),
          .payload = std::move(work.payload),
          .message = {},
          .task_id = work.task_id,
          .context_id = work.context_id,
          .caller = std::move(work.caller),
          .decision_id = std::move(work.decision_id),
          .xfcc = std::move(work.xfcc),
          .traceparent = std::move(work.traceparent),
          .deadline = work.deadline};
}

}  // namespace

io::Task<Result<void>> Dispatch::run(a2a::Work work, a2a::Progress& progress) {
  if (auto const upstream = upstreams_.find(work.capability); upstream != upstreams_.end())
    co_return co_await upstream->second->run(std::move(work), progress);
  auto const found = backends_.find(work.capability);
  if (found == backends_.end())
    co_return make_error(Code::unknown_capability, "no backend for " + work.capability);
  TaskOutput output(work, progress);
  auto call = call_of(work);
  if (work.message) call.message = a2a::message_json(*work.message);
  co_return co_await found->second->run(std::move(call), output);
}

bool Dispatch::renew(std::string_view capability, backend::Config const& config) {
  auto const found = backends_.find(capability);
  return found != backends_.end() && found->second->renew(config);
}

bool Dispatch::never_waits(std::string_view capability) const {
  auto const found = backends_.find(capability);
  return found != backends_.end() && found->second->never_waits();
}

Result<void> Dispatch::run_at_once(a2a::Work work, a2a::Progress& progress) {
  auto const found = backends_.find(work.capability);
  if (found == backends_.end())
    return make_error(Code::unknown_capability, "no backend for " + work.capability);
  TaskOutput output(work, progress);
  return found->second->run_at_once(call_of(work), output);
}

}  // namespace aw::server
