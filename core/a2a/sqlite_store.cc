// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/sqlite_store.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "core/a2a/codec.h"

namespace aw::a2a {
namespace {

constexpr int kSchemaVersion = 1;
constexpr std::size_t kQueueLimit = 16'384;

constexpr std::string_view kSchema =
    "CREATE TABLE IF NOT EXISTS task ("
    " id TEXT PRIMARY KEY, owner TEXT NOT NULL, updated INTEGER NOT NULL, record TEXT NOT NULL"
    ") WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS task_updated ON task (updated);"
    "CREATE TABLE IF NOT EXISTS note (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "PRAGMA user_version = 1;";

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct FinalizeStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
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

Result<int> schema_version(sqlite3* database) {
  AW_TRY(auto statement, prepare(database, "PRAGMA user_version"));
  if (sqlite3_step(statement.get()) != SQLITE_ROW) return failed(database, "read version");
  return sqlite3_column_int(statement.get(), 0);
}

Result<Database> open_database(std::filesystem::path const& file) {
  auto const before = ::umask(0077);
  sqlite3* raw = nullptr;
  int const opened = sqlite3_open_v2(
      file.c_str(), &raw,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW,
      nullptr);
  Database database(raw);
  auto result = [&]() -> Result<void> {
    if (opened != SQLITE_OK) return failed(raw, "open " + file.string());
    sqlite3_busy_timeout(raw, 5'000);
    // Committed means written to the WAL file: it survives our death, which is what we promise.
    AW_TRY(execute(raw, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", "open"));
    AW_TRY(auto version, schema_version(raw));
    if (version > kSchemaVersion)
      return make_error(Code::state_unusable, "task store: made by a newer version of agentweave");
    return execute(raw, kSchema, "create");
  }();
  ::umask(before);
  if (!result.ok()) return std::move(result).error();
  return database;
}

}  // namespace

struct SqliteTaskStore::Impl {
  using Notes = std::unordered_map<std::string, std::optional<std::string>>;  // null = erase
  struct Waiter {
    std::uint64_t up_to = 0;
    std::function<void(Result<void>)> done;
  };
  struct Batch {
    std::unordered_map<std::string, TaskPtr> changes;  // null = erase
    Notes notes;
    std::uint64_t up_to = 0;
  };

  explicit Impl(Database opened) : database(std::move(opened)) {}
  ~Impl() {
    {
      std::lock_guard const lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    if (writer.joinable()) writer.join();
  }

  void serve() {
    for (;;) {
      Batch batch;
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [this] { return stopping || !idle(); });
        if (idle()) return;
        batch.changes.swap(pending);
        batch.changes.merge(unwritten);
        unwritten.clear();
        batch.notes.swap(pending_notes);
        batch.notes.merge(unwritten_notes);
        unwritten_notes.clear();
        batch.up_to = queued;
      }
      auto result = write(batch);
      if (!result.ok()) keep(std::move(batch));
      settle(batch.up_to, result);
    }
  }

  // What could not be written goes with the next batch, unless it changed meanwhile. Bounded by the
  // engine: it holds no more tasks than its limits allow.
  void keep(Batch batch) {
    std::lock_guard const lock(mutex);
    for (auto& [id, task] : batch.changes) unwritten.try_emplace(id, std::move(task));
    for (auto& [key, value] : batch.notes) unwritten_notes.try_emplace(key, std::move(value));
  }

  // With `mutex` held.
  [[nodiscard]] bool idle() const { return pending.empty() && pending_notes.empty(); }
  void add(std::vector<Note> notes) {
    for (auto& note : notes) {
      ++queued;
      pending_notes.insert_or_assign(std::move(note.key), std::move(note.value));
    }
  }

  Result<void> write(Batch const& batch) {
    AW_TRY(execute(database.get(), "BEGIN IMMEDIATE", "begin"));
    auto result = write_rows(batch);
    if (result.ok()) result = write_notes(batch);
    if (!result.ok()) {
      sqlite3_exec(database.get(), "ROLLBACK", nullptr, nullptr, nullptr);
      return result;
    }
    return execute(database.get(), "COMMIT", "commit");
  }

  Result<void> write_rows(Batch const& batch) {
    AW_TRY(auto put, prepare(database.get(),
                             "INSERT INTO task (id, owner, updated, record) VALUES (?1, ?2, ?3, ?4)"
                             " ON CONFLICT (id) DO UPDATE SET updated = ?3, record = ?4"));
    AW_TRY(auto erase, prepare(database.get(), "DELETE FROM task WHERE id = ?1"));
    for (auto const& [id, task] : batch.changes) {
      auto* const statement = task ? put.get() : erase.get();
      std::string record;
      sqlite3_reset(statement);
      bind_text(statement, 1, id);
      if (task) {
        record = task_record(*task);
        bind_text(statement, 2, task->owner);
        sqlite3_bind_int64(statement, 3, task->updated.time_since_epoch().count());
        bind_text(statement, 4, record);
      }
      if (sqlite3_step(statement) != SQLITE_DONE) return failed(database.get(), "write");
    }
    return {};
  }

  Result<void> write_notes(Batch const& batch) {
    if (batch.notes.empty()) return {};
    AW_TRY(auto put, prepare(database.get(),
                             "INSERT INTO note (key, value) VALUES (?1, ?2)"
                             " ON CONFLICT (key) DO UPDATE SET value = ?2"));
    AW_TRY(auto erase, prepare(database.get(), "DELETE FROM note WHERE key = ?1"));
    for (auto const& [key, value] : batch.notes) {
      auto* const statement = value ? put.get() : erase.get();
      sqlite3_reset(statement);
      bind_text(statement, 1, key);
      if (value) bind_text(statement, 2, *value);
      if (sqlite3_step(statement) != SQLITE_DONE) return failed(database.get(), "write a note");
    }
    return {};
  }

  void settle(std::uint64_t up_to, Result<void> const& result) {
    std::vector<Waiter> ready;
    {
      std::lock_guard const lock(mutex);
      written = up_to;
      broken = !result.ok();
      std::erase_if(waiters, [&](Waiter& waiter) {
        if (waiter.up_to > up_to) return false;
        ready.push_back(std::move(waiter));
        return true;
      });
    }
    for (auto const& waiter : ready) waiter.done(result);
  }

  Database database;
  std::mutex mutex;
  std::condition_variable wake;
  std::unordered_map<std::string, TaskPtr> pending;
  std::unordered_map<std::string, TaskPtr> unwritten;  // of failed batches
  Notes pending_notes;
  Notes unwritten_notes;
  std::vector<Waiter> waiters;
  std::uint64_t queued = 0;
  std::uint64_t written = 0;
  bool broken = false;  // the last batch was not written
  bool stopping = false;
  std::thread writer;
};

SqliteTaskStore::SqliteTaskStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {
  impl_->writer = std::thread([state = impl_.get()] { state->serve(); });
}
SqliteTaskStore::~SqliteTaskStore() = default;

Result<std::unique_ptr<SqliteTaskStore>> SqliteTaskStore::open(std::filesystem::path const& file) {
  AW_TRY(auto database, open_database(file));
  return std::unique_ptr<SqliteTaskStore>(
      new SqliteTaskStore(std::make_unique<Impl>(std::move(database))));
}

Result<std::vector<TaskPtr>> SqliteTaskStore::load(std::size_t limit) {
  auto* const database = impl_->database.get();
  AW_TRY(auto statement, prepare(database,
                                 "SELECT record FROM (SELECT record, updated FROM task"
                                 " ORDER BY updated DESC LIMIT ?1) ORDER BY updated"));
  sqlite3_bind_int64(statement.get(), 1, static_cast<sqlite3_int64>(limit));
  std::vector<TaskPtr> tasks;
  for (;;) {
    int const step = sqlite3_step(statement.get());
    if (step == SQLITE_DONE) return tasks;
    if (step != SQLITE_ROW) return failed(database, "read");
    auto const* const bytes = sqlite3_column_blob(statement.get(), 0);
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), 0));
    AW_TRY(auto task, parse_task_record({static_cast<char const*>(bytes), size}));
    tasks.push_back(std::move(task));
  }
}

Result<std::vector<Note>> SqliteTaskStore::load_notes() {
  auto* const database = impl_->database.get();
  AW_TRY(auto statement, prepare(database, "SELECT key, value FROM note ORDER BY key"));
  std::vector<Note> notes;
  auto const text = [&statement](int column) {
    auto const* const bytes = sqlite3_column_blob(statement.get(), column);
    auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), column));
    return bytes == nullptr ? std::string() : std::string(static_cast<char const*>(bytes), size);
  };
  for (;;) {
    int const step = sqlite3_step(statement.get());
    if (step == SQLITE_DONE) return notes;
    if (step != SQLITE_ROW) return failed(database, "read notes");
    notes.push_back({text(0), text(1)});
  }
}

Result<void> SqliteTaskStore::put_notes(std::vector<Note> notes) {
  if (notes.empty()) return {};
  {
    std::lock_guard const lock(impl_->mutex);
    if (impl_->pending_notes.size() >= kQueueLimit)
      return make_error(Code::overloaded, "task store: too many writes queued");
    impl_->add(std::move(notes));
  }
  impl_->wake.notify_one();
  return {};
}

void SqliteTaskStore::erase_note(std::string key) {
  {
    std::lock_guard const lock(impl_->mutex);
    ++impl_->queued;
    impl_->pending_notes.insert_or_assign(std::move(key), std::nullopt);
  }
  impl_->wake.notify_one();
}

Result<void> SqliteTaskStore::put(TaskPtr task, std::vector<Note> notes) {
  {
    std::lock_guard const lock(impl_->mutex);
    // A terminal state always finds room: it ends what the queue already knows.
    if (impl_->pending.size() >= kQueueLimit && !is_terminal(task->status.state))
      return make_error(Code::overloaded, "task store: too many writes queued");
    ++impl_->queued;
    auto id = task->id;
    impl_->pending.insert_or_assign(std::move(id), std::move(task));
    impl_->add(std::move(notes));
  }
  impl_->wake.notify_one();
  return {};
}

void SqliteTaskStore::erase(std::string id) {
  {
    std::lock_guard const lock(impl_->mutex);
    ++impl_->queued;
    impl_->pending.insert_or_assign(std::move(id), nullptr);
  }
  impl_->wake.notify_one();
}

io::Task<Result<void>> SqliteTaskStore::durable() {
  auto const executor = co_await boost::asio::this_coro::executor;
  struct Rendezvous {
    explicit Rendezvous(boost::asio::any_io_executor const& on)
        : timer(on, boost::asio::steady_timer::time_point::max()) {}
    boost::asio::steady_timer timer;
    std::optional<Result<void>> result;
  };
  std::shared_ptr<Rendezvous> meeting;
  {
    std::lock_guard const lock(impl_->mutex);
    if (impl_->written >= impl_->queued && !impl_->broken) co_return Result<void>{};
    if (impl_->written >= impl_->queued)
      co_return make_error(Code::state_unusable, "task store: the last write failed");
    meeting = std::make_shared<Rendezvous>(executor);
    // Weak, and moved on: the timer must die on its own loop, not on the writer's thread.
    auto done = [weak = std::weak_ptr(meeting), executor](Result<void> result) {
      auto strong = weak.lock();
      if (!strong) return;
      boost::asio::post(executor, [strong = std::move(strong), result] {
        strong->result = result;
        strong->timer.cancel();
      });
    };
    impl_->waiters.push_back({impl_->queued, std::move(done)});
  }
  while (!meeting->result) {
    auto const [ec] = co_await meeting->timer.async_wait(io::kNoThrow);
    if (!meeting->result && ec)
      co_return make_error(Code::interrupted, "task store: stopped while waiting");
  }
  co_return *meeting->result;
}

}  // namespace aw::a2a
