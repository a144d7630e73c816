// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include "core/a2a/codec.h"
#include "core/base/straight_path.h"

namespace aw::a2a {
namespace {

// 2: records that name the part which is their payload; rows under numbers, since a search among
// rows under names reads all of a large record at every step; no index of times, whose upkeep cost
// more than sorting the ids at a start.
constexpr int kSchemaVersion = 2;

constexpr std::string_view kSchema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS tasks ("
    " id TEXT PRIMARY KEY, owner TEXT NOT NULL, updated INTEGER NOT NULL, record TEXT NOT NULL);"
    "CREATE TABLE IF NOT EXISTS note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 2;"
    "COMMIT";
constexpr std::string_view kFromVersion1 =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE tasks ("
    " id TEXT PRIMARY KEY, owner TEXT NOT NULL, updated INTEGER NOT NULL, record TEXT NOT NULL);"
    "INSERT INTO tasks SELECT id, owner, updated, record FROM task;"
    "DROP TABLE task;"
    "PRAGMA user_version = 2;"
    "COMMIT";

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Sqlite = std::unique_ptr<sqlite3, CloseDatabase>;
using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

Error failed(sqlite3* database, std::string_view doing) {
  return make_error(Code::state_unusable,
                    "task store: " + std::string(doing) + ": " + sqlite3_errmsg(database),
                    "see state.directory; the file is made anew when it is moved away");
}

Result<void> execute(sqlite3* database, std::string_view sql, std::string_view doing) {
  if (sqlite3_exec(database, std::string(sql).c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return failed(database, doing);
  return {};
}

Result<Statement> prepare(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &raw, nullptr) !=
      SQLITE_OK)
    return failed(database, "prepare");
  return Statement(raw);
}

void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
  // No copy: the bytes outlive the step.
  sqlite3_bind_text64(statement, index, text.data(), text.size(), nullptr, SQLITE_UTF8);
}

// Of the row that a step gave, until the next.
std::string_view text_at(sqlite3_stmt* statement, int column) {
  auto const* const bytes = sqlite3_column_blob(statement, column);
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<char const*>(bytes), size);
}

// A record that names another task, or another's, is not this row's: nobody may be shown it.
Result<TaskPtr> read_row(std::string_view id, std::string_view owner, std::string_view record) {
  AW_TRY(auto task, parse_task_record(record));
  if (task->id != id || task->owner != owner)
    return make_error(Code::state_unusable, "stored task: not the one that its row is about");
  return task;
}

Result<int> schema_version(sqlite3* database) {
  AW_TRY(auto statement, prepare(database, "PRAGMA user_version"));
  if (sqlite3_step(statement.get()) != SQLITE_ROW) return failed(database, "read version");
  return sqlite3_column_int(statement.get(), 0);
}

Result<Sqlite> open_sqlite(std::filesystem::path const& file) {
  auto const before = ::umask(0077);
  sqlite3* raw = nullptr;
  int const opened = sqlite3_open_v2(
      fs::straight_path(file).c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW,
      nullptr);
  Sqlite database(raw);
  auto result = [&]() -> Result<void> {
    if (opened != SQLITE_OK) return failed(raw, "open " + file.string());
    sqlite3_busy_timeout(raw, 5'000);
    // Committed means written to the WAL file: it survives our death, which is what we promise.
    AW_TRY(execute(raw,
                   // The page size is a new file's; a usual record has room in such a page.
                   "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                   "PRAGMA temp_store=MEMORY;",
                   "open"));
    AW_TRY(auto version, schema_version(raw));
    if (version > kSchemaVersion)
      return make_error(Code::state_unusable, "task store: made by a newer version of agentweave");
    return version == 1 ? execute(raw, kFromVersion1, "take over")
                        : execute(raw, kSchema, "create");
  }();
  ::umask(before);
  if (!result.ok()) return std::move(result).error();
  return database;
}

}  // namespace

struct TaskDatabase::Impl {
  Sqlite database;

  Result<void> write_rows(TaskChanges const& changes) {
    AW_TRY(auto put,
           prepare(database.get(),
                   "INSERT INTO tasks (id, owner, updated, record) VALUES (?1, ?2, ?3, ?4)"
                   " ON CONFLICT (id) DO UPDATE SET updated = ?3, record = ?4"));
    AW_TRY(auto erase, prepare(database.get(), "DELETE FROM tasks WHERE id = ?1"));
    std::string scratch;
    for (auto const& [key, task] : changes.tasks) {
      auto* const statement = task ? put.get() : erase.get();
      sqlite3_reset(statement);
      bind_text(statement, 1, key.text());
      if (task) {
        auto const facts = task.facts();
        bind_text(statement, 2, facts.owner);
        sqlite3_bind_int64(statement, 3, facts.updated.time_since_epoch().count());
        bind_text(statement, 4, task.record(scratch));
      }
      if (sqlite3_step(statement) != SQLITE_DONE) return failed(database.get(), "write");
    }
    return {};
  }

  Result<void> write_notes(TaskChanges const& changes) {
    if (changes.notes.empty()) return {};
    AW_TRY(auto put, prepare(database.get(),
                             "INSERT INTO note (key, value) VALUES (?1, ?2)"
                             " ON CONFLICT (key) DO UPDATE SET value = ?2"));
    AW_TRY(auto erase, prepare(database.get(), "DELETE FROM note WHERE key = ?1"));
    for (auto const& [key, value] : changes.notes) {
      auto* const statement = value ? put.get() : erase.get();
      sqlite3_reset(statement);
      bind_text(statement, 1, key);
      if (value) bind_text(statement, 2, *value);
      if (sqlite3_step(statement) != SQLITE_DONE) return failed(database.get(), "write a note");
    }
    return {};
  }
};

TaskDatabase::TaskDatabase(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TaskDatabase::TaskDatabase(TaskDatabase&&) noexcept = default;
TaskDatabase& TaskDatabase::operator=(TaskDatabase&&) noexcept = default;
TaskDatabase::~TaskDatabase() = default;

std::string TaskDatabase::damage(std::filesystem::path const& file) {
  sqlite3* raw = nullptr;
  int result = sqlite3_open_v2(fs::straight_path(file).c_str(), &raw,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, nullptr);
  Sqlite const database(raw);
  if (result != SQLITE_OK) return {};
  sqlite3_busy_timeout(raw, 5'000);
  // What is set aside keeps its WAL: bringing it over would write into what is broken.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_stmt* checking = nullptr;
  result = sqlite3_prepare_v2(raw, "PRAGMA quick_check(1)", -1, &checking, nullptr);
  Statement const statement(checking);
  if (result == SQLITE_OK) result = sqlite3_step(checking);
  if (result == SQLITE_CORRUPT || result == SQLITE_NOTADB) return sqlite3_errmsg(raw);
  if (result != SQLITE_ROW) return {};
  auto const said = text_at(checking, 0);
  return said == "ok" ? std::string() : std::string(said);
}

Result<TaskDatabase> TaskDatabase::open(std::filesystem::path const& file) {
  AW_TRY(auto database, open_sqlite(file));
  return TaskDatabase(std::make_unique<Impl>(Impl{std::move(database)}));
}

Result<TaskDatabase::Rows> TaskDatabase::load(std::size_t limit) {
  auto* const database = impl_->database.get();
  AW_TRY(auto statement, prepare(database,
                                 "SELECT tasks.rowid, id, owner, record FROM (SELECT id, updated"
                                 " FROM tasks ORDER BY updated DESC LIMIT ?1) AS newest"
                                 " JOIN tasks USING (id) ORDER BY newest.updated"));
  sqlite3_bind_int64(statement.get(), 1, static_cast<sqlite3_int64>(limit));
  Rows rows;
  for (;;) {
    int const step = sqlite3_step(statement.get());
    if (step == SQLITE_DONE) return rows;
    if (step != SQLITE_ROW) return failed(database, "read");
    auto const id = text_at(statement.get(), 1);
    auto const record = text_at(statement.get(), 3);
    auto task = read_row(id, text_at(statement.get(), 2), record);
    if (task.ok()) {
      rows.tasks.push_back(*std::move(task));
    } else {
      rows.unreadable.push_back({.number = sqlite3_column_int64(statement.get(), 0),
                                 .id = std::string(id),
                                 .why = task.error().message,
                                 .record = std::string(record)});
    }
  }
}

Result<void> TaskDatabase::remove(std::span<const UnreadableRow> rows) {
  auto* const database = impl_->database.get();
  AW_TRY(auto erase, prepare(database, "DELETE FROM tasks WHERE rowid = ?1"));
  for (auto const& row : rows) {
    sqlite3_reset(erase.get());
    sqlite3_bind_int64(erase.get(), 1, row.number);
    if (sqlite3_step(erase.get()) != SQLITE_DONE) return failed(database, "remove");
  }
  return {};
}

Result<std::optional<std::string>> TaskDatabase::record(TaskKey const& key) {
  auto* const database = impl_->database.get();
  AW_TRY(auto statement, prepare(database, "SELECT record FROM tasks WHERE id = ?1"));
  bind_text(statement.get(), 1, key.text());
  int const step = sqlite3_step(statement.get());
  if (step == SQLITE_DONE) return std::optional<std::string>();
  if (step != SQLITE_ROW) return failed(database, "read");
  return std::optional(std::string(text_at(statement.get(), 0)));
}

Result<TaskKeys> TaskDatabase::ids() {
  auto* const database = impl_->database.get();
  AW_TRY(auto statement, prepare(database, "SELECT id FROM tasks"));
  TaskKeys out;
  for (;;) {
    int const step = sqlite3_step(statement.get());
    if (step == SQLITE_DONE) return out;
    if (step != SQLITE_ROW) return failed(database, "read");
    if (auto const key = TaskKey::of(text_at(statement.get(), 0)))
      out.insert(*key);  // another is found out when its record is read
  }
}

Result<std::vector<Note>> TaskDatabase::load_notes() {
  auto* const database = impl_->database.get();
  AW_TRY(auto statement, prepare(database, "SELECT key, value FROM note ORDER BY key"));
  std::vector<Note> notes;
  for (;;) {
    int const step = sqlite3_step(statement.get());
    if (step == SQLITE_DONE) return notes;
    if (step != SQLITE_ROW) return failed(database, "read notes");
    notes.push_back(
        {std::string(text_at(statement.get(), 0)), std::string(text_at(statement.get(), 1))});
  }
}

Result<void> TaskDatabase::write(TaskChanges const& changes) {
  auto* const database = impl_->database.get();
  AW_TRY(execute(database, "BEGIN IMMEDIATE", "begin"));
  auto result = impl_->write_rows(changes);
  if (result.ok()) result = impl_->write_notes(changes);
  if (!result.ok()) {
    sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
    return result;
  }
  auto committed = execute(database, "COMMIT", "commit");
  if (!committed.ok()) sqlite3_exec(database, "ROLLBACK", nullptr, nullptr, nullptr);
  return committed;
}

}  // namespace aw::a2a
