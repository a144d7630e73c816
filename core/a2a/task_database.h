// SPDX-License-Identifier: Apache-2.0
// The table of tasks in an SQLite file (WAL): a row a task, a transaction a batch of changes.
//
// One user at a time; everything blocks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/a2a/kept_task.h"
#include "core/a2a/task.h"
#include "core/a2a/task_key.h"
#include "core/a2a/task_store.h"
#include "core/base/result.h"

namespace aw::a2a {

// What became of some tasks and notes; none = forgotten.
// The latest of each: what was between is not written.
struct TaskChanges {
  std::unordered_map<TaskKey, KeptTask, TaskKey::Hash> tasks;
  std::unordered_map<std::string, std::optional<std::string>> notes;
  [[nodiscard]] bool empty() const { return tasks.empty() && notes.empty(); }
};

using TaskKeys = std::unordered_set<TaskKey, TaskKey::Hash>;

class TaskDatabase {
 public:
  // What is broken in the file's structure, in SQLite's words; empty when nothing is, when there is
  // no file, or when that cannot be told (`open` says why). Reads all of it and changes nothing.
  [[nodiscard]] static std::string damage(std::filesystem::path const& file);
  // Creates the file (0600) where it is missing. Code::state_unusable when it cannot be opened, is
  // no database, or was made by a newer version.
  [[nodiscard]] static Result<TaskDatabase> open(std::filesystem::path const& file);
  TaskDatabase(TaskDatabase&&) noexcept;
  TaskDatabase& operator=(TaskDatabase&&) noexcept;
  ~TaskDatabase();

  // Oldest change first, the newest `limit` of them. A row that cannot be read, or that says
  // something else than its record does, is no error: it is told of, and stays where it is.
  struct UnreadableRow {
    std::int64_t number = 0;
    std::string id;
    std::string why;
    std::string record;
  };
  struct Rows {
    std::vector<TaskPtr> tasks;
    std::vector<UnreadableRow> unreadable;
  };
  [[nodiscard]] Result<Rows> load(std::size_t limit);
  // Rows that `load` told of.
  [[nodiscard]] Result<void> remove(std::span<const UnreadableRow> rows);
  // What is written of a task, readable or not; none when there is no such task.
  [[nodiscard]] Result<std::optional<std::string>> record(TaskKey const& key);
  [[nodiscard]] Result<TaskKeys> ids();
  // All notes, by key.
  [[nodiscard]] Result<std::vector<Note>> load_notes();
  // All of them or none.
  [[nodiscard]] Result<void> write(TaskChanges const& changes);

 private:
  struct Impl;
  explicit TaskDatabase(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::a2a
