// SPDX-License-Identifier: Apache-2.0
// Tasks in one SQLite file, and a journal in front of it: what `durable` has confirmed survives a
// kill -9 (docs/decisions/task-journal.md).
//
// All changes of a loop's turn are one write to the journal. A thread brings them into the database
// every 15 seconds; tasks that came and went meanwhile never get there. Thread-safe.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "core/a2a/set_aside.h"
#include "core/a2a/task_store.h"

namespace aw::a2a {

class SqliteTaskStore final : public TaskStore {
 public:
  // Creates the file (0600) and its journal beside it where they are missing. Code::state_unusable
  // when they cannot be opened, are in use, are something else, or were made by a newer version.
  // A record or a note that cannot be read is no error: it is set aside; nor is a database whose
  // structure is broken, which is set aside whole. Blocks.
  [[nodiscard]] static Result<std::unique_ptr<SqliteTaskStore>> open(
      std::filesystem::path const& file);
  ~SqliteTaskStore() override;  // brings everything into the database, then closes
  // What `open`, `load` and `set_aside` put aside since this process started: it is in files beside
  // the database, and no caller is shown it. At start, on the thread that calls those.
  [[nodiscard]] std::vector<Unreadable> const& unreadable() const;

  [[nodiscard]] Result<std::vector<TaskPtr>> load(std::size_t limit) override;
  [[nodiscard]] Result<void> put(KeptTask task, std::vector<Note> notes) override;
  [[nodiscard]] Result<void> put_notes(std::vector<Note> notes) override;
  void erase_note(std::string key) override;
  [[nodiscard]] Result<std::vector<Note>> load_notes() override;
  [[nodiscard]] Result<void> set_aside(Note const& note, std::string_view why) override;
  void erase(std::string_view id) override;
  // At the end of this turn at the latest. Code::state_unusable when the journal cannot be
  // written.
  [[nodiscard]] io::Task<Result<void>> durable() override;

 private:
  struct Impl;
  explicit SqliteTaskStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::a2a
