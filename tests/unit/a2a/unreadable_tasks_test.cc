// SPDX-License-Identifier: Apache-2.0
// What a damaged database or journal of tasks costs: the one task, and it is set aside and said.
#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "core/a2a/sqlite_store.h"
#include "tests/unit/a2a/store_directory.h"
#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

// As another program, or a failing disk, changes the database.
void change(std::filesystem::path const& file, std::string const& sql) {
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &raw) == SQLITE_OK);
  CHECK(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(raw);
}

std::string bytes_of(std::filesystem::path const& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> ids_of(std::vector<TaskPtr> const& tasks) {
  std::vector<std::string> out;
  for (auto const& task : tasks) out.push_back(task->id);
  return out;
}

// Three tasks, each completed a second after the other.
std::vector<std::string> keep_three(std::filesystem::path const& file) {
  TurnedClock clock;
  auto const store = SqliteTaskStore::open(file).value();
  TaskEngine engine({}, *store, clock);
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    clock.turn(std::chrono::seconds(1));
    ids.push_back(engine.create(new_task(kAda)).value().task->id);
    REQUIRE(engine.set_status(ids.back(), TaskState::completed, nullptr).ok());
  }
  REQUIRE(io::run_blocking(store->durable()).ok());
  return ids;
}

// What happens to one task is written, and the process killed: the journal holds all of it.
// `happen` gets the engine and the task's id.
std::string journal_of(std::filesystem::path const& file,
                       std::function<void(TaskEngine&, std::string const&)> const& happen) {
  auto const said = file.parent_path() / "id";
  auto const child = ::fork();
  if (child == 0) {
    TurnedClock clock;
    auto const store = SqliteTaskStore::open(file).value();
    TaskEngine engine({}, *store, clock);
    auto const id = engine.create(new_task(kAda)).value().task->id;
    std::ofstream(said) << id;
    if (!io::run_blocking(store->durable()).ok()) ::_exit(2);
    happen(engine, id);
    if (io::run_blocking(store->durable()).ok()) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return bytes_of(said);
}

// Where the journal's entries are.
std::filesystem::path written_journal(std::filesystem::path const& file) {
  auto const path = file.parent_path() / "tasks.journal.0";
  return std::filesystem::file_size(path) > 0 ? path : file.parent_path() / "tasks.journal.1";
}

}  // namespace

TEST_CASE("a row that cannot be read is set aside, and all others are served") {
  Directory const directory;
  auto const ids = keep_three(directory.file());
  change(directory.file(),
         "UPDATE tasks SET record = substr(record, 1, 40) WHERE id = '" + ids[1] + "'");
  std::filesystem::path kept;
  {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    CHECK(ids_of(store->load(10).value()) == std::vector<std::string>{ids[0], ids[2]});
    REQUIRE(store->unreadable().size() == 1);
    auto const& one = store->unreadable().front();
    CHECK(one.what == "task");
    CHECK(one.id == ids[1]);
    CHECK_FALSE(one.why.empty());
    kept = one.file;
  }
  CHECK(bytes_of(kept) == R"({"task":{"id":")" + ids[1].substr(0, 25));
  struct stat facts{};
  REQUIRE(::stat(kept.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600U);
  // The next start has it no more; the file stays until somebody took it away.
  auto const store = SqliteTaskStore::open(directory.file()).value();
  CHECK(store->load(10).value().size() == 2);
  CHECK(store->unreadable().empty());
  CHECK(count_unreadable(unreadable_beside(directory.file())) == 1);
}

TEST_CASE("a database that is broken is set aside whole, and what the journal has is kept") {
  struct Damage {
    char const* name;
    std::streamoff at;
    std::size_t size;
  };
  for (auto const& damage :
       {Damage{"no header", 0, 100}, Damage{"a page of the table", 16'384, 200},
        Damage{"all of it", 0, 30'000}}) {
    CAPTURE(damage.name);
    Directory const directory;
    keep_three(directory.file());
    auto const id = journal_of(directory.file(), [](TaskEngine& engine, std::string const& task) {
      CHECK(engine.set_status(task, TaskState::completed, nullptr).ok());
    });
    change(directory.file(), "PRAGMA wal_checkpoint(TRUNCATE)");
    {
      std::fstream out(directory.file(), std::ios::binary | std::ios::in | std::ios::out);
      out.seekp(damage.at);
      out << std::string(damage.size, '\xA5');
    }
    auto const broken = bytes_of(directory.file());
    std::filesystem::path kept;
    {
      auto const store = SqliteTaskStore::open(directory.file()).value();
      auto const tasks = store->load(10).value();
      CHECK(ids_of(tasks) == std::vector<std::string>{id});
      CHECK(tasks.at(0)->status.state == TaskState::completed);
      REQUIRE(store->unreadable().size() == 1);
      auto const& one = store->unreadable().front();
      CHECK(one.what == "database");
      CHECK_FALSE(one.why.empty());
      kept = one.file;
    }
    CHECK(bytes_of(kept) == broken);
    CHECK(kept == directory.path / "tasks.broken-1.db");
    // The next start has a whole one; a second that breaks does not take the first one's place.
    CHECK(SqliteTaskStore::open(directory.file()).value()->unreadable().empty());
    std::ofstream(directory.file(), std::ios::binary) << std::string(5'000, 'x');
    auto const again = SqliteTaskStore::open(directory.file()).value();
    REQUIRE(again->unreadable().size() == 1);
    CHECK(again->unreadable()[0].file.filename() == "tasks.broken-2.db");
    CHECK(again->load(10).value().empty());
    CHECK(count_unreadable(unreadable_beside(directory.file())) == 2);
  }
}

TEST_CASE("a broken database that another process uses stays where it is") {
  Directory const directory;
  keep_three(directory.file());
  auto const store = SqliteTaskStore::open(directory.file()).value();
  {
    std::fstream out(directory.file(), std::ios::binary | std::ios::in | std::ios::out);
    out << std::string(30'000, 'x');
  }
  CHECK_FALSE(SqliteTaskStore::open(directory.file()).ok());
  CHECK_FALSE(std::filesystem::exists(unreadable_beside(directory.file())));
}

TEST_CASE("a row whose record names another task or another owner is shown to nobody") {
  Directory const directory;
  auto const ids = keep_three(directory.file());
  change(directory.file(), "UPDATE tasks SET record = replace(record, '" + std::string(kAda) +
                               "', '" + std::string(kEve) + "') WHERE id = '" + ids[0] + "'");
  change(directory.file(), "UPDATE tasks SET record = replace(record, '" + ids[1] + "', '" +
                               ids[2] + "') WHERE id = '" + ids[1] + "'");
  TurnedClock clock;
  auto const store = SqliteTaskStore::open(directory.file()).value();
  TaskEngine engine({}, *store, clock);
  REQUIRE(engine.restore().ok());
  CHECK(engine.size() == 1);
  CHECK(engine.find(ids[2], kAda).ok());
  CHECK_FALSE(engine.find(ids[0], kEve).ok());
  CHECK(store->unreadable().size() == 2);
}

TEST_CASE("a journal's entry that cannot be read takes only its own task along") {
  using enum TaskState;
  struct Row {
    char const* name;
    std::string from;  // in the journal's bytes, from the last one on
    std::string to;
  };
  for (auto const& row : std::vector<Row>{
           {"its state", "TASK_STATE_COMPLETED", "TASK_STATE_COMPLETEX"},
           {"its JSON", R"("changed":)", R"("changed";)"},
           {"the end of its frame", "ATJ1", "BTJ1"},
       }) {
    CAPTURE(row.name);
    Directory const directory;
    auto const others = keep_three(directory.file());
    auto const id = journal_of(directory.file(), [](TaskEngine& engine, std::string const& its) {
      (void)engine.set_status(its, input_required, message("q", "?")).value();
      if (!io::run_blocking(engine.store().durable()).ok()) ::_exit(2);
      (void)engine.set_status(its, completed, nullptr).value();
    });
    auto const journal = written_journal(directory.file());
    auto bytes = bytes_of(journal);
    auto const at = bytes.rfind(row.from);
    REQUIRE(at != std::string::npos);
    bytes.replace(at, row.from.size(), row.to);
    std::ofstream(journal, std::ios::binary) << bytes;

    TurnedClock clock;
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    REQUIRE(engine.restore().ok());
    // It was completed and must not be asking again.
    CHECK_FALSE(engine.find(id, kAda).ok());
    CHECK(engine.size() == 3);
    for (auto const& other : others) CHECK(engine.find(other, kAda).ok());
    // The entry, and what was known before it.
    REQUIRE(store->unreadable().size() == 2);
    CHECK(store->unreadable()[0].what == "journal");
    CHECK(store->unreadable()[1].what == "task");
    CHECK(store->unreadable()[1].id == id);
    CHECK(bytes_of(store->unreadable()[1].file).contains("TASK_STATE_INPUT_REQUIRED"));
  }
}

TEST_CASE("a later entry that says all of a task ends the doubt") {
  using enum TaskState;
  Directory const directory;
  auto const id = journal_of(directory.file(), [](TaskEngine& engine, std::string const& its) {
    (void)engine.set_status(its, input_required, message("q", "?")).value();
    if (!io::run_blocking(engine.store().durable()).ok()) ::_exit(2);
    (void)engine.set_status(its, canceled, nullptr).value();
  });
  auto const journal = written_journal(directory.file());
  auto bytes = bytes_of(journal);
  auto const at = bytes.find("TASK_STATE_INPUT_REQUIRED");
  REQUIRE(at != std::string::npos);
  bytes[at] = 'X';
  std::ofstream(journal, std::ios::binary) << bytes;
  auto const store = SqliteTaskStore::open(directory.file()).value();
  auto const tasks = store->load(10).value();
  REQUIRE(ids_of(tasks) == std::vector<std::string>{id});
  CHECK(tasks.front()->status.state == canceled);
  CHECK(store->unreadable().size() == 1);
}

TEST_CASE("a task that the database has is not shown as it was before a damaged entry") {
  using enum TaskState;
  Directory const directory;
  std::string id;
  {
    TurnedClock clock;
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    id = engine.create(new_task(kAda)).value().task->id;
    REQUIRE(engine.set_status(id, input_required, message("q", "?")).ok());
  }
  auto const child = ::fork();
  if (child == 0) {
    TurnedClock clock;
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    if (!engine.restore().ok()) ::_exit(2);
    (void)engine.set_status(id, completed, nullptr).value();
    if (io::run_blocking(store->durable()).ok()) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  auto const journal = written_journal(directory.file());
  auto bytes = bytes_of(journal);
  auto const at = bytes.find(R"("contextId")");
  REQUIRE(at != std::string::npos);
  bytes[at] = '#';
  std::ofstream(journal, std::ios::binary) << bytes;
  for (int start = 0; start < 2; ++start) {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    CHECK(store->load(10).value().empty());
    CHECK(store->unreadable().size() == (start == 0 ? 2 : 0));
  }
  CHECK(count_unreadable(unreadable_beside(directory.file())) == 2);
}

TEST_CASE("a task whose damaged entry says that it was forgotten does not come back") {
  Directory const directory;
  auto const ids = keep_three(directory.file());
  auto const child = ::fork();
  if (child == 0) {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    (void)store->load(10).value();
    store->erase(ids[1]);
    if (io::run_blocking(store->durable()).ok()) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  auto const journal = written_journal(directory.file());
  auto bytes = bytes_of(journal);
  bytes[bytes.find(ids[1]) - 12] = 0x7F;  // the entry's kind
  std::ofstream(journal, std::ios::binary) << bytes;
  auto const store = SqliteTaskStore::open(directory.file()).value();
  CHECK(ids_of(store->load(10).value()) == std::vector<std::string>{ids[0], ids[2]});
  CHECK(store->unreadable().size() == 2);
}

TEST_CASE("what cannot be set aside stays where it is, and the start says why") {
  Directory const directory;
  auto const ids = keep_three(directory.file());
  change(directory.file(), "UPDATE tasks SET record = 'x' WHERE id = '" + ids[1] + "'");
  std::ofstream(unreadable_beside(directory.file())) << "a file in the directory's place";
  {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    CHECK_FALSE(store->load(10).ok());
  }
  std::filesystem::remove(unreadable_beside(directory.file()));
  auto const store = SqliteTaskStore::open(directory.file()).value();
  CHECK(store->load(10).value().size() == 2);
  CHECK(store->unreadable().size() == 1);
}
