// SPDX-License-Identifier: Apache-2.0
// Tasks in one SQLite file (WAL): what `durable` has confirmed survives a kill -9.
//
// One writer thread takes what is queued and commits it as one transaction; several changes of one
// task between two commits become one row write. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>

#include "core/a2a/task_store.h"

namespace aw::a2a {

class SqliteTaskStore final : public TaskStore {
 public:
  // Creates the file (0600) where it is missing. Code::state_unusable when it cannot be opened, is
  // no database, or was made by a newer version. Blocks.
  [[nodiscard]] static Result<std::unique_ptr<SqliteTaskStore>> open(
      std::filesystem::path const& file);
  ~SqliteTaskStore() override;  // writes what is queued, then closes

  [[nodiscard]] Result<std::vector<TaskPtr>> load(std::size_t limit) override;
  [[nodiscard]] Result<void> put(TaskPtr task, std::vector<Note> notes) override;
  [[nodiscard]] Result<void> put_notes(std::vector<Note> notes) override;
  void erase_note(std::string key) override;
  [[nodiscard]] Result<std::vector<Note>> load_notes() override;
  void erase(std::string id) override;
  [[nodiscard]] io::Task<Result<void>> durable() override;

 private:
  struct Impl;
  explicit SqliteTaskStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::a2a
