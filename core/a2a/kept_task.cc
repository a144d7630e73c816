// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/kept_task.h"

#include <algorithm>

#include "core/a2a/codec.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

// Beyond this, copying a task costs more than fetching its pieces.
constexpr std::size_t kInOnePiece = 16U << 10;
constexpr std::size_t kShortText = 1024;  // of an id, as it is read

// What backends and embedders bring forth is not held to the rules of what callers send: a record
// that breaks one could not be read again.
class Readable {
 public:
  explicit Readable(Task const& task) : task_(task) {}

  [[nodiscard]] bool all() const {
    auto const message = [this](MessagePtr const& said) { return holds(said->id, said->parts); };
    auto const artifact = [this](ArtifactPtr const& made) { return holds(made->id, made->parts); };
    return std::ranges::all_of(task_.history, message) &&
           (!task_.status.message || message(task_.status.message)) &&
           std::ranges::all_of(task_.artifacts, artifact);
  }

 private:
  [[nodiscard]] bool holds(std::string_view id, std::vector<PartPtr> const& parts) const {
    return !id.empty() && id.size() <= kShortText && !parts.empty() &&
           std::ranges::all_of(parts, [this](PartPtr const& part) { return reads(*part); });
  }
  [[nodiscard]] bool reads(Part const& part) const {
    if (part.kind == PartKind::raw) return text::is_base64(part.value);
    if (part.kind != PartKind::data) return true;
    bool const looked_at = &part.value == task_.payload.get() || &part.value == task_.result.get();
    return looked_at || check_json(part.value, {.bytes = kInOnePiece, .depth = 128}).ok();
  }

  Task const& task_;
};

bool fits_in_one_piece(Task const& task) {
  return is_terminal(task.status.state) && task.bytes <= kInOnePiece && Readable(task).all();
}

}  // namespace

// The texts stand one after the other, the record last.
struct KeptTask::Piece {
  explicit Piece(Task const& task);

  [[nodiscard]] TaskFacts facts() const;
  [[nodiscard]] std::string_view record() const {
    return std::string_view(text).substr(id + context_id + owner + capability);
  }

  std::size_t id;  // how long each is
  std::size_t context_id;
  std::size_t owner;
  std::size_t capability;
  std::string text;
  TaskState state;
  bool has_idempotency_key;
  WallTime changed;
  WallTime updated;
  std::size_t bytes;
};

KeptTask::Piece::Piece(Task const& task)
    : id(task.id.size()),
      context_id(task.context_id.size()),
      owner(task.owner.size()),
      capability(task.capability.size()),
      state(task.status.state),
      has_idempotency_key(!task.idempotency_key.empty()),
      changed(task.status.timestamp),
      updated(task.updated),
      bytes(task.bytes) {
  // Written where there is room first: what is kept takes no byte more than it needs.
  static thread_local std::string written;
  written.clear();
  for (auto const* const part : {&task.id, &task.context_id, &task.owner, &task.capability})
    written.append(*part);
  append_task_record(written, task);
  text = written;
}

TaskFacts KeptTask::Piece::facts() const {
  std::string_view rest(text);
  auto const next = [&rest](std::size_t size) {
    auto const part = rest.substr(0, size);
    rest.remove_prefix(size);
    return part;
  };
  return {.id = next(id),
          .context_id = next(context_id),
          .owner = next(owner),
          .capability = next(capability),
          .state = state,
          .changed = changed,
          .updated = updated,
          .bytes = bytes,
          .has_idempotency_key = has_idempotency_key};
}

TaskFacts facts_of(Task const& task) {
  return {.id = task.id,
          .context_id = task.context_id,
          .owner = task.owner,
          .capability = task.capability,
          .state = task.status.state,
          .changed = task.status.timestamp,
          .updated = task.updated,
          .bytes = task.bytes,
          .has_idempotency_key = !task.idempotency_key.empty()};
}

KeptTask::KeptTask(TaskPtr task) {
  if (fits_in_one_piece(*task)) {
    held_ = std::make_shared<const Piece>(*task);
  } else {
    held_ = std::move(task);
  }
}

Task const* KeptTask::parts() const {
  auto const* const held = std::get_if<TaskPtr>(&held_);
  return held == nullptr ? nullptr : held->get();
}

KeptTask::Piece const* KeptTask::piece() const {
  auto const* const held = std::get_if<PiecePtr>(&held_);
  return held == nullptr ? nullptr : held->get();
}

TaskFacts KeptTask::facts() const {
  auto const* const one = piece();
  return one == nullptr ? facts_of(*parts()) : one->facts();
}

Result<TaskPtr> KeptTask::task() const {
  auto const* const one = piece();
  return one == nullptr ? in_parts() : parse_task_record(one->record());
}

TaskPtr KeptTask::in_parts() const {
  auto const* const held = std::get_if<TaskPtr>(&held_);
  return held == nullptr ? nullptr : *held;
}

std::string_view KeptTask::record(std::string& scratch) const {
  if (auto const* const one = piece()) return one->record();
  scratch.clear();
  append_task_record(scratch, *parts());
  return scratch;
}

}  // namespace aw::a2a
