// SPDX-License-Identifier: Apache-2.0
// The seam that keeps tasks over a restart.
//
// The engine's memory is the authority while the process lives; a store is its journal. Writes are
// queued in order and never block; `durable` waits until everything queued so far would survive a
// kill -9.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/kept_task.h"
#include "core/a2a/task.h"
#include "core/base/result.h"
#include "core/io/task.h"

namespace aw::a2a {

// A small thing kept beside the tasks: webhooks, events that were not delivered yet.
struct Note {
  std::string key;
  std::string value;
};

class TaskStore {
 public:
  virtual ~TaskStore() = default;
  // At start, before anything else: all kept tasks, oldest change first, the newest `limit` of
  // them. One that cannot be read is left out, and told of by the store's own means. Blocks.
  [[nodiscard]] virtual Result<std::vector<TaskPtr>> load(std::size_t limit) = 0;
  // Any thread. Code::overloaded when the queue is full, Code::state_unusable when the store has
  // failed. The notes are stored with the task, in one piece.
  [[nodiscard]] virtual Result<void> put(KeptTask task, std::vector<Note> notes) = 0;
  [[nodiscard]] virtual Result<void> put_notes(std::vector<Note> notes) = 0;
  virtual void erase_note(std::string key) = 0;
  // At start: all notes, by key. Blocks.
  [[nodiscard]] virtual Result<std::vector<Note>> load_notes() = 0;
  // A note that `load_notes` gave and whose reader cannot make sense of: kept for people to look
  // at, and a note no more. Code::state_unusable: it stays one. At start; blocks.
  [[nodiscard]] virtual Result<void> set_aside(Note const& note, std::string_view why) = 0;
  virtual void erase(std::string_view id) = 0;
  // On a loop. An error: what was queued may be lost, and must not be told as done.
  [[nodiscard]] virtual io::Task<Result<void>> durable() = 0;
};

// Keeps nothing over a restart.
class MemoryTaskStore final : public TaskStore {
 public:
  [[nodiscard]] Result<std::vector<TaskPtr>> load(std::size_t limit) override;
  [[nodiscard]] Result<void> put(KeptTask task, std::vector<Note> notes) override;
  [[nodiscard]] Result<void> put_notes(std::vector<Note> notes) override;
  void erase_note(std::string key) override;
  [[nodiscard]] Result<void> set_aside(Note const& note, std::string_view why) override;
  [[nodiscard]] Result<std::vector<Note>> load_notes() override;
  void erase(std::string_view id) override;
  [[nodiscard]] io::Task<Result<void>> durable() override;
};

}  // namespace aw::a2a
