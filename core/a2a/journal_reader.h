// SPDX-License-Identifier: Apache-2.0
// What the journal of tasks tells at a start, as changes of the database.
//
// An entry that cannot be read is set aside, and with it what was known before of each task that it
// names: a state that was left since must not be shown as the task's own. A later entry that says
// all of the task ends the doubt. One user; blocks.
#pragma once

#include <string_view>
#include <unordered_set>

#include "core/a2a/set_aside.h"
#include "core/a2a/task_database.h"
#include "core/a2a/task_journal.h"
#include "core/base/result.h"

namespace aw::a2a {

class JournalReader {
 public:
  // Both outlive it.
  JournalReader(TaskDatabase& database, SetAside& aside) : database_(database), aside_(aside) {}

  // For TaskJournal::open. Code::state_unusable only when something cannot be set aside or the
  // database cannot be asked.
  [[nodiscard]] Result<void> take(TaskJournal::Kind kind, std::string_view bytes);
  // After the last entry; once.
  [[nodiscard]] Result<TaskChanges> changes();

 private:
  [[nodiscard]] Result<void> settle(Result<TaskPtr> read, std::string_view bytes);
  [[nodiscard]] Result<void> doubt(std::string_view why, std::string_view bytes);
  [[nodiscard]] Result<void> set_aside(TaskKey const& key);
  // Is anything known of it, here or in the database?
  [[nodiscard]] Result<bool> knows(TaskKey const& key);
  [[nodiscard]] TaskPtr earlier(std::string_view id) const;
  void put(TaskPtr task);
  void erase(TaskKey const& key);

  TaskDatabase& database_;
  SetAside& aside_;
  TaskChanges changes_;
  TaskKeys doubtful_;
};

}  // namespace aw::a2a
