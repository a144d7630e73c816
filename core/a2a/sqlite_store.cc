// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/sqlite_store.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/a2a/codec.h"
#include "core/a2a/journal_reader.h"
#include "core/a2a/task_database.h"
#include "core/a2a/task_journal.h"
#include "core/io/turn.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kQueueLimit = 16'384;
// When what the journal holds is brought into the database: after this time, or earlier when there
// is so much of it.
constexpr std::chrono::seconds kRest{15};
constexpr std::uint64_t kMuch = 64U << 20;
// A turn's entries beyond this are not worth holding memory for.
constexpr std::size_t kUsualTurn = 4U << 20;

// Who waits on one loop for the end of its turn.
struct TurnEnd {
  io::Waiters waiters;
  Result<void> outcome;
  bool deferred = false;
};

// A database whose structure is broken is set aside whole: what its readable pages say may be of
// any age. What the journal has since is kept. Under the journal's lock: it may be another's, in
// use.
Result<void> set_aside_broken(std::filesystem::path const& file,
                              std::filesystem::path const& journal, SetAside& aside) {
  if (TaskDatabase::damage(file).empty()) return {};
  AW_TRY(auto const held, TaskJournal::open(journal, [](TaskJournal::Kind, std::string_view) {
           return Result<void>();
         }));
  auto const why = TaskDatabase::damage(file);  // as it is now
  return why.empty() ? Result<void>() : aside.move("database", why, file);
}

}  // namespace

struct SqliteTaskStore::Impl {
  Impl(TaskDatabase its_database, TaskJournal its_journal, TaskKeys ids, SetAside unreadable)
      : database(std::move(its_database)),
        journal(std::move(its_journal)),
        stored(std::move(ids)),
        aside(std::move(unreadable)) {}

  ~Impl() {
    {
      std::lock_guard const lock(mutex);
      stopping = true;
    }
    wake.notify_all();
    if (writer.joinable()) {
      writer.join();
      return;
    }
    std::unique_lock lock(mutex);
    bring_over(lock);
  }

  Result<void> flush() {
    std::lock_guard const lock(mutex);
    return flush_locked();
  }

  // Everything put so far is in the journal afterwards.
  Result<void> flush_locked() {
    if (fresh.empty()) return {};
    framed.clear();
    // Notes first: a note whose task was not told is harmless, the other way round is a loss.
    for (auto const& [key, value] : fresh.notes) {
      TaskJournal::frame(framed, value ? TaskJournal::Kind::note : TaskJournal::Kind::erase_note,
                         value ? TaskJournal::note_bytes(key, *value) : key);
    }
    for (auto const& [key, task] : fresh.tasks) {
      if (task) {
        frame_task(key, task);
      } else {
        TaskJournal::frame(framed, TaskJournal::Kind::erase, key.text());
      }
    }
    AW_TRY(journal.append(framed));
    if (framed.capacity() > kUsualTurn) framed = {};
    for (auto& [key, value] : fresh.notes) journaled.notes.insert_or_assign(key, std::move(value));
    fresh.notes.clear();
    while (!fresh.tasks.empty()) {
      auto node = fresh.tasks.extract(fresh.tasks.begin());
      bool const lasts = bool{node.mapped()} || stored.contains(node.key());
      auto const known = journaled.tasks.find(node.key());
      if (lasts && known == journaled.tasks.end()) {
        journaled.tasks.insert(std::move(node));
      } else if (lasts) {
        known->second = std::move(node.mapped());
      } else if (known != journaled.tasks.end()) {
        journaled.tasks.erase(known);  // came and went
      }
    }
    if (journal.bytes() > kMuch) hurry();
    return {};
  }

  // In few bytes when the file it goes to holds an earlier state, and this one is in parts too.
  void frame_task(TaskKey const& key, KeptTask const& kept) {
    using Kind = TaskJournal::Kind;
    auto const began = TaskJournal::open_frame(framed);
    auto const task = kept.in_parts();
    bool changed = false;
    if (auto const known = journaled.tasks.find(key);
        task && !behind && known != journaled.tasks.end()) {
      auto const before = known->second.in_parts();
      changed = before && append_task_change(framed, *before, *task);
    }
    if (!changed && task) {
      framed.reserve(framed.size() + 1024 + task->bytes);  // a guess that spares growing
      append_task_record(framed, *task);
    } else if (!changed) {
      std::string none;
      framed.append(kept.record(none));
    }
    TaskJournal::close_frame(framed, began, changed ? Kind::change : Kind::put);
  }

  void add(std::vector<Note> notes) {
    for (auto& note : notes)
      fresh.notes.insert_or_assign(std::move(note.key), std::move(note.value));
  }

  void hurry() {
    if (std::exchange(much, true)) return;
    wake.notify_one();
  }

  // The writer has something to do; it looks for itself after its rest.
  void changed() {
    if (std::exchange(due, true)) return;
    wake.notify_one();
  }

  void serve() {
    std::unique_lock lock(mutex);
    while (!stopping) {
      wake.wait(lock, [this] { return stopping || due; });
      wake.wait_for(lock, kRest, [this] { return stopping || much; });
      due = much = false;
      bring_over(lock);
    }
    bring_over(lock);
  }

  // From the journal into the database. Requests go on meanwhile, into the other file. What fails
  // stays in the journal and is tried again with what comes next.
  void bring_over(std::unique_lock<std::mutex>& lock) {
    if (!flush_locked().ok()) due = true;
    if (journal.bytes() == 0 && journaled.empty()) return;
    TaskChanges batch = std::exchange(journaled, {});
    for (auto const& [key, task] : batch.tasks) {
      if (task) stored.insert(key);
    }
    if (!behind) journal.turn_over();
    lock.unlock();
    auto result = batch.empty() ? Result<void>() : database.write(batch);
    if (result.ok()) result = journal.drop_old();
    lock.lock();
    behind = !result.ok();
    if (result.ok()) {
      for (auto const& [key, task] : batch.tasks) {
        if (!task) stored.erase(key);
      }
      return;
    }
    due = true;
    for (auto& [key, task] : batch.tasks) journaled.tasks.try_emplace(key, std::move(task));
    for (auto& [key, value] : batch.notes) journaled.notes.try_emplace(key, std::move(value));
  }

  std::mutex mutex;  // guards what follows; `database` is the writer's own once it runs
  std::condition_variable wake;
  TaskDatabase database;
  TaskJournal journal;
  TaskChanges fresh;      // not in the journal yet
  TaskChanges journaled;  // there, and not on its way into the database
  TaskKeys stored;        // ids the database has, or may have soon
  std::string framed;
  bool due = false;
  bool much = false;
  bool behind = false;  // the old journal is still needed
  bool stopping = false;
  SetAside aside;  // of whoever starts the store
  std::thread writer;
};

SqliteTaskStore::SqliteTaskStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteTaskStore::~SqliteTaskStore() = default;

Result<std::unique_ptr<SqliteTaskStore>> SqliteTaskStore::open(std::filesystem::path const& file) {
  auto beside = file;
  beside.replace_extension(".journal");
  SetAside aside(unreadable_beside(file));
  AW_TRY(set_aside_broken(file, beside, aside));
  AW_TRY(auto database, TaskDatabase::open(file));
  JournalReader reader(database, aside);
  AW_TRY(auto journal,
         TaskJournal::open(beside, [&reader](TaskJournal::Kind kind, std::string_view bytes) {
           return reader.take(kind, bytes);
         }));
  AW_TRY(auto const left, reader.changes());
  if (!left.empty()) AW_TRY(database.write(left));
  AW_TRY(journal.drop_all());
  AW_TRY(auto ids, database.ids());
  return std::unique_ptr<SqliteTaskStore>(new SqliteTaskStore(std::make_unique<Impl>(
      std::move(database), std::move(journal), std::move(ids), std::move(aside))));
}

Result<std::vector<TaskPtr>> SqliteTaskStore::load(std::size_t limit) {
  AW_TRY(auto rows, impl_->database.load(limit));
  for (auto const& row : rows.unreadable)
    AW_TRY(impl_->aside.keep({.what = "task", .id = row.id, .why = row.why, .bytes = row.record}));
  AW_TRY(impl_->database.remove(rows.unreadable));
  // From here on the database is the writer's.
  if (!impl_->writer.joinable())
    impl_->writer = std::thread([state = impl_.get()] { state->serve(); });
  return std::move(rows.tasks);
}

Result<std::vector<Note>> SqliteTaskStore::load_notes() { return impl_->database.load_notes(); }

Result<void> SqliteTaskStore::set_aside(Note const& note, std::string_view why) {
  AW_TRY(impl_->aside.keep({.what = "note", .id = note.key, .why = why, .bytes = note.value}));
  erase_note(note.key);
  return {};
}

std::vector<Unreadable> const& SqliteTaskStore::unreadable() const { return impl_->aside.all(); }

Result<void> SqliteTaskStore::put(KeptTask task, std::vector<Note> notes) {
  std::lock_guard const lock(impl_->mutex);
  // A terminal state always finds room: it ends what the queue already knows.
  auto const facts = task.facts();
  if (impl_->fresh.tasks.size() >= kQueueLimit && !is_terminal(facts.state))
    return make_error(Code::overloaded, "task store: too many writes queued");
  impl_->fresh.tasks.insert_or_assign(key_of(facts), std::move(task));
  impl_->add(std::move(notes));
  impl_->changed();
  return {};
}

Result<void> SqliteTaskStore::put_notes(std::vector<Note> notes) {
  if (notes.empty()) return {};
  std::lock_guard const lock(impl_->mutex);
  if (impl_->fresh.notes.size() >= kQueueLimit)
    return make_error(Code::overloaded, "task store: too many writes queued");
  impl_->add(std::move(notes));
  impl_->changed();
  return {};
}

void SqliteTaskStore::erase_note(std::string key) {
  std::lock_guard const lock(impl_->mutex);
  impl_->fresh.notes.insert_or_assign(std::move(key), std::nullopt);
  impl_->changed();
}

void SqliteTaskStore::erase(std::string_view id) {
  auto const key = TaskKey::of(id);
  if (!key) return;
  std::lock_guard const lock(impl_->mutex);
  bool const told = impl_->journaled.tasks.contains(*key) || impl_->stored.contains(*key);
  if (!told) {
    impl_->fresh.tasks.erase(*key);
    return;
  }
  impl_->fresh.tasks.insert_or_assign(*key, KeptTask());
  impl_->changed();
}

io::Task<Result<void>> SqliteTaskStore::durable() {
  auto* const turn = io::Turn::current();
  if (turn == nullptr) co_return impl_->flush();
  auto& end = turn->local<TurnEnd>(impl_.get());
  if (!std::exchange(end.deferred, true)) {
    turn->defer(io::Turn::Stage::store, [state = impl_.get(), &end] {
      end.deferred = false;
      end.outcome = state->flush();
      end.waiters.release();
    });
  }
  co_await end.waiters.wait();
  co_return end.outcome;
}

}  // namespace aw::a2a
