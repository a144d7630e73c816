// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/sqlite_store.h"

#include <doctest/doctest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <latch>
#include <unordered_set>

#include "core/a2a/task_database.h"
#include "core/base/random.h"
#include "core/io/loops.h"
#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

struct Directory {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("a2a-store-" + random_uuid());
  Directory() { std::filesystem::create_directories(path); }
  ~Directory() { std::filesystem::remove_all(path); }
  Directory(Directory const&) = delete;
  Directory& operator=(Directory const&) = delete;
  [[nodiscard]] std::filesystem::path file() const { return path / "tasks.db"; }
};

// How far a task came before its process was killed, and what the next process must make of it.
struct Life {
  char const* name;
  std::vector<TaskState> states;
  TaskState after;
};

std::vector<Life> lives() {
  using enum TaskState;
  return {{"submitted", {}, failed},
          {"working", {working}, failed},
          {"asking", {working, input_required}, input_required},
          {"wants a credential", {working, auth_required}, auth_required},
          {"answered", {working, input_required, working}, failed},
          {"asking again", {working, input_required, working, input_required}, input_required},
          {"completed", {working, completed}, completed},
          {"completed at once", {completed}, completed},
          {"failed", {working, failed}, failed},
          {"canceled", {working, canceled}, canceled},
          {"rejected", {rejected}, rejected}};
}

// A `working` after a question is the caller's answer. Every state is kept before the next comes.
void live(TaskEngine& engine, std::string const& id, Life const& life) {
  auto before = TaskState::submitted;
  for (auto const state : life.states) {
    if (is_interrupted(before)) {
      (void)engine.follow_up(id, kAda, message("answer", "!")).value();
    } else {
      (void)engine.set_status(id, state, nullptr).value();
    }
    if (state == TaskState::working) {
      Artifact artifact{.id = "a"};
      artifact.parts.push_back(text_part("piece"));
      (void)engine.add_artifact(id, std::move(artifact), Chunk::append, Last::no).value();
    }
    before = state;
    if (!io::run_blocking(engine.store().durable()).ok()) ::_exit(2);
  }
}

// Lives them all and is killed as soon as everything is kept.
[[noreturn]] void live_and_be_killed(std::filesystem::path const& file) {
  TurnedClock clock;
  auto const store = SqliteTaskStore::open(file).value();
  TaskEngine engine({}, *store, clock);
  for (auto const& life : lives()) {
    auto made = new_task(kAda);
    made.idempotency_key = life.name;
    auto const id = engine.create(std::move(made)).value().task->id;
    if (!io::run_blocking(store->durable()).ok()) ::_exit(2);
    live(engine, id, life);
  }
  if (io::run_blocking(store->durable()).ok()) ::kill(::getpid(), SIGKILL);
  ::_exit(1);
}

}  // namespace

TEST_CASE("killed in any state, a task is there once: as it was, or failed with the reason") {
  Directory const directory;
  auto const child = ::fork();
  if (child == 0) live_and_be_killed(directory.file());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  for (int start = 0; start < 3; ++start) {
    CAPTURE(start);
    TurnedClock clock;
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    CHECK(engine.restore().value() == (start == 0 ? 3 : 0));
    CHECK(engine.size() == lives().size());
    CHECK(engine.list(kAda, {}).value().total == lives().size());
    for (auto const& life : lives()) {
      CAPTURE(life.name);
      // The same key is the same task: nothing is done a second time.
      auto again = new_task(kAda);
      again.idempotency_key = life.name;
      auto const found = engine.create(std::move(again)).value();
      CHECK(found.made == TaskEngine::Made::no);
      CHECK(found.task->status.state == life.after);
      bool const ran = life.states.empty() || life.states.back() == TaskState::working;
      CHECK((found.task->failure && found.task->failure->code == Code::interrupted) == ran);
      auto const answers = std::ranges::count(life.states, TaskState::working) - 1;
      auto const asked = life.states.size() > 2 ? answers : 0;
      std::ptrdiff_t answered = 0;
      for (auto const& said : found.task->history) answered += said->id == "answer" ? 1 : 0;
      CHECK(answered == asked);
      CHECK(found.task->history.front()->id == "m");
      CHECK(*found.task->payload == "{}");
    }
    REQUIRE(io::run_blocking(store->durable()).ok());
  }
}

TEST_CASE("tasks come back after a restart, running ones failed with the reason") {
  Directory const directory;
  TurnedClock clock;
  std::string done;
  std::string running;
  std::string asking;
  {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    done = engine.create(new_task(kAda)).value().task->id;
    running = engine.create(new_task(kAda)).value().task->id;
    asking = engine.create(new_task(kEve)).value().task->id;
    REQUIRE(engine
                .set_result(done, std::make_shared<const std::string>(R"({"n":1})"),
                            {.id = "r", .parts = {data_part(R"({"n":1})")}})
                .ok());
    REQUIRE(engine.set_status(done, TaskState::completed, nullptr).ok());
    REQUIRE(engine.set_status(running, TaskState::working, nullptr).ok());
    REQUIRE(engine.set_status(asking, TaskState::input_required, message("q", "?")).ok());
    REQUIRE(io::run_blocking(store->durable()).ok());
  }
  for (int start = 0; start < 2; ++start) {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    CHECK(engine.restore().value() == (start == 0 ? 1 : 0));
    CHECK(engine.size() == 3);
    CHECK(*engine.find(done, kAda).value()->result == R"({"n":1})");
    auto const failed = engine.find(running, kAda).value();
    CHECK(failed->status.state == TaskState::failed);
    CHECK(failed->failure->message == "the agent restarted while the task ran");
    CHECK(engine.find(asking, kEve).value()->status.state == TaskState::input_required);
    CHECK_FALSE(engine.find(asking, kAda).ok());
    CHECK(engine.follow_up(asking, kEve, message("a", "!")).value().run == TaskEngine::Run::needed);
    REQUIRE(engine.set_status(asking, TaskState::input_required, nullptr).ok());
  }
}

TEST_CASE("what durable confirmed survives being killed") {
  Directory const directory;
  auto const child = ::fork();
  if (child == 0) {
    TurnedClock clock;
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    for (int i = 0; i < 50; ++i) (void)engine.create(new_task(kAda)).value();
    if (io::run_blocking(store->durable()).ok()) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  auto const store = SqliteTaskStore::open(directory.file()).value();
  CHECK(store->load(1000).value().size() == 50);
}

TEST_CASE("forgotten tasks are forgotten on disk too, and load gives the newest") {
  Directory const directory;
  TurnedClock clock;
  std::vector<std::string> ids;
  {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({.max_tasks = 3}, *store, clock);
    for (int i = 0; i < 6; ++i) {
      clock.turn(std::chrono::seconds(1));
      ids.push_back(engine.create(new_task(kAda)).value().task->id);
      REQUIRE(engine.set_status(ids.back(), TaskState::completed, nullptr).ok());
    }
    REQUIRE(io::run_blocking(store->durable()).ok());
  }
  auto const store = SqliteTaskStore::open(directory.file()).value();
  auto const all = store->load(100).value();
  REQUIRE(all.size() == 3);
  CHECK(all.back()->id == ids.back());
  auto const newest = store->load(1).value();
  REQUIRE(newest.size() == 1);
  CHECK(newest[0]->id == ids.back());
}

TEST_CASE("the file is private, and what is no file is refused") {
  Directory const directory;
  {
    auto const store = SqliteTaskStore::open(directory.file()).value();
  }
  struct stat facts{};
  REQUIRE(::stat(directory.file().c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600U);
  std::filesystem::create_directory(directory.path / "other.db");
  auto const refused = SqliteTaskStore::open(directory.path / "other.db");
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::state_unusable);
  std::filesystem::create_symlink(directory.file(), directory.path / "link.db");
  CHECK_FALSE(SqliteTaskStore::open(directory.path / "link.db").ok());
  CHECK_FALSE(SqliteTaskStore::open(directory.path / "missing" / "x.db").ok());
}

TEST_CASE("what a task was given is written once, however often it changes") {
  Directory const directory;
  TurnedClock clock;
  auto const store = SqliteTaskStore::open(directory.file()).value();
  TaskEngine engine({}, *store, clock);
  std::string const payload = '"' + std::string(100'000, 'p') + '"';
  auto made = new_task(kAda);
  auto said = std::make_shared<Message>();
  said->parts.push_back(data_part(payload));
  made.message = said;
  made.payload = payload;
  auto const id = engine.create(std::move(made)).value().task->id;
  REQUIRE(io::run_blocking(store->durable()).ok());
  for (auto const state : {TaskState::input_required, TaskState::working, TaskState::completed}) {
    REQUIRE(engine.set_status(id, state, nullptr).ok());
    REQUIRE(io::run_blocking(store->durable()).ok());
  }
  auto const written = std::filesystem::file_size(directory.path / "tasks.journal.0") +
                       std::filesystem::file_size(directory.path / "tasks.journal.1");
  CHECK(written > payload.size());
  CHECK(written < payload.size() + 5'000);
}

TEST_CASE("a database of the first version is taken over") {
  Directory const directory;
  {
    auto database = TaskDatabase::open(directory.file()).value();
    auto task = std::make_shared<Task>();
    task->id = "old";
    task->owner = kAda;
    task->payload = std::make_shared<const std::string>("{}");
    TaskChanges changes;
    changes.tasks.emplace(TaskKey::of("old").value(), std::move(task));
    REQUIRE(database.write(changes).ok());
  }
  sqlite3* raw = nullptr;
  REQUIRE(sqlite3_open(directory.file().c_str(), &raw) == SQLITE_OK);
  CHECK(sqlite3_exec(raw,
                     "CREATE TABLE task (id TEXT PRIMARY KEY, owner TEXT NOT NULL,"
                     " updated INTEGER NOT NULL, record TEXT NOT NULL) WITHOUT ROWID;"
                     "CREATE INDEX task_updated ON task (updated);"
                     "INSERT INTO task SELECT id, owner, updated, record FROM tasks;"
                     "DROP TABLE tasks; PRAGMA user_version = 1",
                     nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(raw);
  auto database = TaskDatabase::open(directory.file()).value();
  auto const tasks = database.load(10).value().tasks;
  REQUIRE(tasks.size() == 1);
  CHECK(tasks.front()->id == "old");
}

TEST_CASE("tasks that came and went between two looks never reach the database") {
  Directory const directory;
  TurnedClock clock;
  std::string kept;
  {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({.max_tasks = 1}, *store, clock);
    for (int i = 0; i < 5; ++i) {
      clock.turn(std::chrono::seconds(1));
      kept = engine.create(new_task(kAda)).value().task->id;
      REQUIRE(engine.set_status(kept, TaskState::completed, nullptr).ok());
      REQUIRE(io::run_blocking(store->durable()).ok());
    }
  }
  auto database = TaskDatabase::open(directory.file()).value();
  CHECK(database.ids().value() == TaskKeys{TaskKey::of(kept).value()});
}

TEST_CASE(
    "tasks are kept below a directory that a link leads to; a link in place of the file is "
    "refused") {
  Directory const directory;
  auto const home = directory.file().parent_path();
  std::filesystem::create_directory(home / "private");
  std::filesystem::create_directory_symlink("private", home / "state");
  CHECK(SqliteTaskStore::open(home / "state/tasks.db").ok());
  CHECK(std::filesystem::exists(home / "private/tasks.db"));
  std::filesystem::create_symlink("elsewhere.db", home / "private/other.db");
  CHECK_FALSE(SqliteTaskStore::open(home / "state/other.db").ok());
}

TEST_CASE("a task that was stored and then forgotten does not come back from the journal") {
  Directory const directory;
  TurnedClock clock;
  {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    TaskEngine engine({}, *store, clock);
    (void)engine.create(new_task(kAda)).value();
  }
  auto const child = ::fork();
  if (child == 0) {
    auto const store = SqliteTaskStore::open(directory.file()).value();
    for (auto const& task : store->load(10).value()) store->erase(task->id);
    if (io::run_blocking(store->durable()).ok()) ::kill(::getpid(), SIGKILL);
    ::_exit(1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  auto const store = SqliteTaskStore::open(directory.file()).value();
  CHECK(store->load(10).value().empty());
}

TEST_CASE("requests of one turn are all told that their tasks are kept") {
  Directory const directory;
  TurnedClock clock;
  auto const store = SqliteTaskStore::open(directory.file()).value();
  TaskEngine engine({}, *store, clock);
  constexpr int kRequests = 32;
  std::latch done(kRequests);
  std::atomic<int> kept{0};
  io::Loops loops(2);
  auto const request = [&]() -> io::Task<void> {
    auto const made = engine.create(new_task(kAda));
    if (made.ok() && (co_await store->durable()).ok()) ++kept;
    done.count_down();
  };
  for (std::size_t i = 0; i < kRequests; ++i)
    boost::asio::co_spawn(loops.at(i % 2), request(), [](std::exception_ptr) {});
  done.wait();
  loops.stop();
  CHECK(kept == kRequests);
}

TEST_CASE("a store in use by another process is refused") {
  Directory const directory;
  auto const store = SqliteTaskStore::open(directory.file()).value();
  auto const second = SqliteTaskStore::open(directory.file());
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::state_unusable);
}

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
