// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/base/straight_path.h"

namespace aw::decisions {
namespace {

constexpr std::string_view kSchema =
    "CREATE TABLE IF NOT EXISTS block ("
    " segment INTEGER PRIMARY KEY, began INTEGER NOT NULL, ended INTEGER NOT NULL,"
    " decisions INTEGER NOT NULL, bytes INTEGER NOT NULL, frames BLOB NOT NULL);"
    "CREATE TABLE IF NOT EXISTS policy ("
    " digest TEXT PRIMARY KEY, used INTEGER NOT NULL, document TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS progress (id INTEGER PRIMARY KEY, imported INTEGER NOT NULL);"
    "INSERT OR IGNORE INTO progress VALUES (1, 0);"
    "PRAGMA user_version = 1;";

struct CloseSqlite {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Prepared = std::unique_ptr<sqlite3_stmt, EndStatement>;

Error broken(sqlite3* database, std::string_view doing) {
  return make_error(Code::state_unusable,
                    "decision store: " + std::string(doing) + ": " + sqlite3_errmsg(database),
                    "see state.directory; the file is made anew when it is moved away");
}

Result<void> run(sqlite3* database, char const* sql, std::string_view doing) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return broken(database, doing);
  return {};
}

Result<Prepared> prepare_sql(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &raw, nullptr) !=
      SQLITE_OK)
    return broken(database, "prepare");
  return Prepared(raw);
}

void bind_bytes(Prepared const& statement, int index, std::string_view bytes) {
  sqlite3_bind_blob64(statement.get(), index, bytes.data(), bytes.size(), nullptr);
}

void bind_words(Prepared const& statement, int index, std::string_view text) {
  sqlite3_bind_text64(statement.get(), index, text.data(), text.size(), nullptr, SQLITE_UTF8);
}

std::string_view bytes_at(Prepared const& statement, int column) {
  auto const* const bytes = static_cast<char const*>(sqlite3_column_blob(statement.get(), column));
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(statement.get(), column));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

std::int64_t nanoseconds(WallTime time) { return time.time_since_epoch().count(); }

}  // namespace

struct Database::Impl {
  std::unique_ptr<sqlite3, CloseSqlite> database;

  Result<void> done(Prepared const& statement, std::string_view doing) const {
    if (sqlite3_step(statement.get()) != SQLITE_DONE) return broken(database.get(), doing);
    return {};
  }

  // All that `work` does, or nothing.
  Result<void> together(std::function<Result<void>()> const& work) const {
    AW_TRY(run(database.get(), "BEGIN IMMEDIATE", "begin"));
    auto result = work();
    if (result.ok()) result = run(database.get(), "COMMIT", "commit");
    if (!result.ok()) sqlite3_exec(database.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return result;
  }

  Result<void> insert_block(std::uint64_t segment, Extent const& extent,
                            std::string_view frames) const {
    if (extent.decisions == 0) return {};
    AW_TRY(auto put, prepare_sql(database.get(),
                                 "INSERT OR REPLACE INTO block VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
    sqlite3_bind_int64(put.get(), 1, static_cast<sqlite3_int64>(segment));
    sqlite3_bind_int64(put.get(), 2, extent.began);
    sqlite3_bind_int64(put.get(), 3, extent.ended);
    sqlite3_bind_int64(put.get(), 4, static_cast<sqlite3_int64>(extent.decisions));
    sqlite3_bind_int64(put.get(), 5, static_cast<sqlite3_int64>(extent.bytes));
    bind_bytes(put, 6, frames.empty() ? std::string_view("") : frames);
    return done(put, "write");
  }
};

void Extent::add(std::int64_t time, std::size_t its_bytes) {
  add({.decisions = 1, .bytes = its_bytes, .began = time, .ended = time});
}

void Extent::add(Extent const& more) {
  decisions += more.decisions;
  bytes += more.bytes;
  began = std::min(began, more.began);
  ended = std::max(ended, more.ended);
}

Extent extent_of(std::string_view frames) {
  Extent out;
  for (auto rest = frames; auto const fields = look_at_frame(rest);) {
    auto const time = fields->numbers[static_cast<std::size_t>(Number::time)];
    out.add(static_cast<std::int64_t>(time), 0);
  }
  out.bytes = frames.size();
  return out;
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(std::filesystem::path const& file, Access access) {
  bool const writes = access == Access::read_write;
  auto const before = ::umask(0077);
  sqlite3* raw = nullptr;
  int const how = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  int const opened = sqlite3_open_v2(fs::straight_path(file).c_str(), &raw,
                                     how | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_NOFOLLOW, nullptr);
  auto impl = std::make_unique<Impl>();
  impl->database.reset(raw);
  Result<void> result;
  if (opened != SQLITE_OK) {
    result = broken(raw, "open " + file.string());
  } else {
    sqlite3_busy_timeout(raw, 5'000);
    if (writes) result = run(raw, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;", "open");
    if (writes && result.ok()) result = run(raw, std::string(kSchema).c_str(), "create");
  }
  ::umask(before);
  AW_TRY(std::move(result));
  return Database(std::move(impl));
}

Result<std::uint64_t> Database::imported() {
  AW_TRY(auto ask, prepare_sql(impl_->database.get(), "SELECT imported FROM progress"));
  if (sqlite3_step(ask.get()) != SQLITE_ROW) return broken(impl_->database.get(), "read");
  return static_cast<std::uint64_t>(sqlite3_column_int64(ask.get(), 0));
}

Result<void> Database::add_block(std::uint64_t segment, Extent const& extent,
                                 std::string_view frames) {
  return impl_->together([&]() -> Result<void> {
    AW_TRY(impl_->insert_block(segment, extent, frames));
    AW_TRY(auto mark, prepare_sql(impl_->database.get(), "UPDATE progress SET imported = ?1"));
    sqlite3_bind_int64(mark.get(), 1, static_cast<sqlite3_int64>(segment));
    return impl_->done(mark, "write");
  });
}

Result<bool> Database::needs_segment(std::uint64_t segment) {
  AW_TRY(auto ask, prepare_sql(impl_->database.get(),
                               "SELECT 1 FROM block WHERE segment = ?1 AND length(frames) = 0"));
  sqlite3_bind_int64(ask.get(), 1, static_cast<sqlite3_int64>(segment));
  int const step = sqlite3_step(ask.get());
  if (step != SQLITE_ROW && step != SQLITE_DONE) return broken(impl_->database.get(), "read");
  return step == SQLITE_ROW;
}

Result<void> Database::keep_policy(KeptPolicy const& policy, WallTime now) {
  AW_TRY(auto put, prepare_sql(impl_->database.get(),
                               "INSERT INTO policy VALUES (?1, ?2, ?3)"
                               " ON CONFLICT (digest) DO UPDATE SET used = ?2, document = ?3"));
  bind_words(put, 1, policy.digest);
  sqlite3_bind_int64(put.get(), 2, nanoseconds(now));
  bind_words(put, 3, policy.document);
  AW_TRY(impl_->done(put, "keep a policy"));
  return run(impl_->database.get(),
             "DELETE FROM policy WHERE digest NOT IN"
             " (SELECT digest FROM policy ORDER BY used DESC LIMIT 256)",
             "retire policies");
}

Result<std::optional<KeptPolicy>> Database::policy(std::string_view digest) {
  AW_TRY(auto ask,
         prepare_sql(impl_->database.get(), "SELECT document FROM policy WHERE digest = ?1"));
  bind_words(ask, 1, digest);
  int const step = sqlite3_step(ask.get());
  if (step == SQLITE_DONE) return std::optional<KeptPolicy>();
  if (step != SQLITE_ROW) return broken(impl_->database.get(), "read a policy");
  return std::optional(KeptPolicy{std::string(digest), std::string(bytes_at(ask, 0))});
}

Result<Database::Retired> Database::retire(std::uint64_t max_bytes, WallTime oldest) {
  auto* const database = impl_->database.get();
  Retired gone;
  AW_TRY(impl_->together([&]() -> Result<void> {
    AW_TRY(auto ask, prepare_sql(database,
                                 "SELECT segment, ended, decisions, bytes FROM block"
                                 " ORDER BY segment DESC"));
    std::uint64_t kept = 0;
    sqlite3_int64 last_gone = -1;
    int step = SQLITE_DONE;
    while ((step = sqlite3_step(ask.get())) == SQLITE_ROW) {
      kept += static_cast<std::uint64_t>(sqlite3_column_int64(ask.get(), 3));
      bool const stays =
          kept <= max_bytes && sqlite3_column_int64(ask.get(), 1) >= nanoseconds(oldest);
      if (stays && last_gone < 0) continue;
      last_gone = std::max(last_gone, sqlite3_column_int64(ask.get(), 0));
      gone.decisions += static_cast<std::uint64_t>(sqlite3_column_int64(ask.get(), 2));
    }
    if (step != SQLITE_DONE) return broken(database, "read");
    if (last_gone < 0) return {};
    AW_TRY(auto erase, prepare_sql(database, "DELETE FROM block WHERE segment <= ?1"));
    sqlite3_bind_int64(erase.get(), 1, last_gone);
    gone.segment = static_cast<std::uint64_t>(last_gone);
    return impl_->done(erase, "retire");
  }));
  return gone;
}

Result<void> Database::blocks(WallTime since, Take const& take) {
  AW_TRY(auto ask, prepare_sql(impl_->database.get(),
                               "SELECT segment, frames FROM block WHERE ended >= ?1"
                               " ORDER BY segment DESC"));
  sqlite3_bind_int64(ask.get(), 1, nanoseconds(since));
  for (;;) {
    int const step = sqlite3_step(ask.get());
    if (step == SQLITE_DONE) return {};
    if (step != SQLITE_ROW) return broken(impl_->database.get(), "read");
    auto const segment = static_cast<std::uint64_t>(sqlite3_column_int64(ask.get(), 0));
    if (take(segment, bytes_at(ask, 1)) == More::stop) return {};
  }
}

}  // namespace aw::decisions
