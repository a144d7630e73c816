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
#include <latch>
#include <unordered_set>

#include "core/a2a/task_database.h"
#include "core/io/loops.h"
#include "tests/unit/a2a/store_directory.h"
#include "tests/unit/a2a/support.h"

using namespace aw;
using namespace aw::a2a;
using namespace aw::a2a::test;

namespace {

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
