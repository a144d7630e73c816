// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_engine.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>

#include "core/a2a/reader.h"
#include "core/a2a/task_index.h"
#include "core/base/random.h"

namespace aw::a2a {
namespace {

// What is forgotten first.
struct OldestFirst {
  bool operator()(TaskPtr const& a, TaskPtr const& b) const {
    return a->updated != b->updated ? a->updated < b->updated : a->id < b->id;
  }
};

std::string idempotency_name(std::string_view owner, std::string_view capability,
                             std::string_view key) {
  std::string name;
  for (auto const piece : {owner, capability, key}) {
    name.append(std::to_string(piece.size()));
    name.push_back(':');
    name.append(piece);
  }
  return name;
}

// Nothing runs: such a task may be forgotten when it is old or room is needed. One that waits for
// its caller counts, or callers who never answer would fill the agent.
bool rests(TaskState state) { return is_terminal(state) || is_interrupted(state); }

// The part that is the payload holds it for both.
std::shared_ptr<const std::string> payload_of(NewTask const& made) {
  if (made.message) {
    for (auto const& part : made.message->parts)
      if (part->kind == PartKind::data && part->value == made.payload) return {part, &part->value};
  }
  return std::make_shared<const std::string>(made.payload);
}

Error not_found() { return make_error(Code::task_not_found, "task not found"); }

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace

struct TaskEngine::Entry {
  TaskPtr task;
  std::vector<std::shared_ptr<Subscription::Reader>> readers;
};

// Everything below `mutex`.
struct TaskEngine::State {
  struct Owner {
    TaskIndex tasks;
    std::size_t running = 0;
  };

  State(EngineLimits given, TaskStore& s, Clock const& c) : limits(given), store(s), clock(c) {}

  using Entries = std::unordered_map<std::string, Entry, TextHash, std::equal_to<>>;

  Entry* entry(std::string_view id, std::string_view owner) {
    auto const found = entries.find(id);
    if (found == entries.end() || found->second.task->owner != owner) return nullptr;
    return &found->second;
  }

  void index(TaskPtr const& task) {
    auto& owner = owners[task->owner];
    owner.tasks.add(*task);
    if (rests(task->status.state)) {
      resting.insert(resting.end(), task);  // mostly the newest: no search
    } else {
      ++owner.running;
    }
    bytes += task->bytes;
  }

  void unindex(TaskPtr const& task) {
    auto const owner = owners.find(task->owner);
    if (owner == owners.end()) return;
    owner->second.tasks.remove(*task);
    if (rests(task->status.state)) {
      if (!resting.empty() && *resting.begin() == task) {  // mostly the oldest: no search
        resting.erase(resting.begin());
      } else {
        resting.erase(task);
      }
    } else {
      --owner->second.running;
    }
    if (owner->second.tasks.empty()) owners.erase(owner);
    bytes -= std::min(bytes, task->bytes);
  }

  void insert(TaskPtr task) {
    index(task);
    if (!task->idempotency_key.empty())
      keys[idempotency_name(task->owner, task->capability, task->idempotency_key)] = task->id;
    auto id = task->id;
    entries.insert_or_assign(std::move(id), Entry{std::move(task), {}});
  }

  void remove(std::string const& id) {
    auto const found = entries.find(id);
    if (found == entries.end()) return;
    auto const task = found->second.task;
    unindex(task);
    if (!task->idempotency_key.empty())
      keys.erase(idempotency_name(task->owner, task->capability, task->idempotency_key));
    for (auto const& reader : found->second.readers) reader->close();
    if (observer != nullptr) observer->forgotten(id);
    store.erase(id);
    entries.erase(found);
  }

  // What is too old goes; a few at a time, so that no single caller pays for many.
  void expire(WallTime now) {
    auto const oldest = now - limits.retention;
    for (int i = 0; i < 16 && !resting.empty() && (*resting.begin())->updated < oldest; ++i)
      remove(std::string((*resting.begin())->id));
  }

  // Room for one more task of `owner`, made by forgetting finished ones. `now` is about the time.
  Result<void> make_room(std::string const& owner, std::size_t size, WallTime now) {
    expire(now);
    while (!resting.empty() &&
           (entries.size() >= limits.max_tasks || bytes + size > limits.max_bytes))
      remove(std::string((*resting.begin())->id));
    if (entries.size() >= limits.max_tasks || bytes + size > limits.max_bytes)
      return make_error(Code::task_limit, "too many tasks are running on this agent");
    auto const held = owners.find(owner);
    if (held == owners.end()) return {};
    if (held->second.running >= limits.max_running_per_caller)
      return make_error(Code::task_limit, "this caller has too many running tasks");
    if (held->second.tasks.size() < limits.max_tasks_per_caller) return {};
    forget_oldest(held->second);
    // Forgetting the last of an owner's tasks forgets the owner.
    auto const still = owners.find(owner);
    if (still != owners.end() && still->second.tasks.size() >= limits.max_tasks_per_caller)
      return make_error(Code::task_limit, "all that this caller may have are running");
    return {};
  }

  void forget_oldest(Owner const& owner) {
    if (auto const id = owner.tasks.oldest(rests); !id.empty()) remove(std::string(id));
  }

  // The task in `entry` is from now on `next`.
  Result<void> replace(Entry& entry, TaskPtr next) {
    // Limits never keep a task from ending.
    if (!is_terminal(next->status.state) && next->bytes > entry.task->bytes) {
      if (next->bytes > limits.max_task_bytes)
        return make_error(Code::too_large, "the task grew beyond its limit");
      if (bytes + (next->bytes - entry.task->bytes) > limits.max_bytes)
        return make_error(Code::task_limit, "the tasks of this agent hold too many bytes");
    }
    Task const& before = *entry.task;
    bool const same_place = before.status.timestamp == next->status.timestamp &&
                            before.status.state == next->status.state &&
                            !rests(before.status.state) && !rests(next->status.state);
    if (same_place) {  // most changes of a running task: a result, an artifact
      bytes += next->bytes;
      bytes -= std::min(bytes, before.bytes);
    } else {
      unindex(entry.task);
      index(next);
    }
    entry.task = std::move(next);
    return {};
  }

  [[nodiscard]] std::vector<Note> notes_of(Event const& event) const {
    return observer == nullptr ? std::vector<Note>() : observer->happened(event);
  }

  // What is not worth a write of its own leaves notes all the same.
  void note(Event const& event) const {
    if (auto notes = notes_of(event); !notes.empty())
      (void)store.put_notes(std::move(notes));  // a full queue: in memory they wait all the same
  }

  static void tell(Entry& entry, EventPtr const& event) {
    std::erase_if(entry.readers, [](auto const& reader) {
      std::lock_guard const lock(reader->mutex);
      return reader->gone;
    });
    for (auto const& reader : entry.readers) reader->push(event);
  }

  static void finish(Entry& entry) {
    for (auto const& reader : entry.readers) reader->close();
    entry.readers.clear();
  }

  mutable std::mutex mutex;
  EngineLimits const limits;
  TaskStore& store;
  TaskObserver* observer = nullptr;
  Clock const& clock;
  Entries entries;
  std::map<std::string, Owner, std::less<>> owners;
  std::set<TaskPtr, OldestFirst> resting;
  std::unordered_map<std::string, std::string> keys;  // idempotency name -> task id
  std::size_t bytes = 0;
};

TaskEngine::TaskEngine(EngineLimits limits, TaskStore& store, Clock const& clock)
    : store_(store), state_(std::make_unique<State>(limits, store, clock)) {}
TaskEngine::~TaskEngine() = default;

void TaskEngine::observe(TaskObserver& observer) { state_->observer = &observer; }

std::size_t TaskEngine::size() const {
  std::lock_guard const lock(state_->mutex);
  return state_->entries.size();
}

Result<std::size_t> TaskEngine::restore() {
  AW_TRY(auto kept, store_.load(state_->limits.max_tasks));
  std::lock_guard const lock(state_->mutex);
  std::size_t interrupted = 0;
  for (auto& task : kept) {
    auto const state = task->status.state;
    if (!is_terminal(state) && !is_interrupted(state)) {
      ++interrupted;
      Task failed = *task;
      failed.failure = Failure{Code::interrupted, "the agent restarted while the task ran"};
      auto message = std::make_shared<Message>();
      message->id = random_uuid();
      message->role = Role::agent;
      message->parts.push_back(text_part(failed.failure->message));
      AW_TRY(task,
             with_status(failed, {TaskState::failed, std::move(message), state_->clock.now()}));
      AW_TRY(store_.put(task, state_->notes_of(Event(StatusUpdate{task}))));
    }
    state_->insert(std::move(task));
  }
  return interrupted;
}

Result<std::shared_ptr<Task>> TaskEngine::make(NewTask made) const {
  auto const now = state_->clock.now();
  auto task = std::make_shared<Task>();
  task->id = time_ordered_id(now);
  task->owner = std::move(made.owner);
  task->capability = std::move(made.capability);
  task->context_id = made.context_id.empty() ? time_ordered_id(now) : std::move(made.context_id);
  task->metadata = std::move(made.metadata);
  task->idempotency_key = std::move(made.idempotency_key);
  task->status = {TaskState::submitted, nullptr, now};
  task->created = task->updated = now;
  task->bytes = sizeof(Task) + made.payload.size() + task->metadata.size();
  task->payload = payload_of(made);
  // History shows each message as a part of this task.
  auto message =
      made.message ? std::make_shared<Message>(*made.message) : std::make_shared<Message>();
  message->task_id = task->id;
  message->context_id = task->context_id;
  task->bytes += size_of(*message);
  task->history.push_back(std::move(message));
  if (task->bytes > state_->limits.max_task_bytes)
    return make_error(Code::too_large, "the message is larger than a task may be");
  return task;
}

Result<TaskEngine::Created> TaskEngine::create(NewTask made) {
  AW_TRY(auto task, make(std::move(made)));
  std::lock_guard const lock(state_->mutex);
  if (!task->idempotency_key.empty()) {
    auto const known =
        state_->keys.find(idempotency_name(task->owner, task->capability, task->idempotency_key));
    if (known != state_->keys.end()) {
      if (auto* const entry = state_->entry(known->second, task->owner))
        return Created{entry->task, Made::no};
    }
  }
  AW_TRY(state_->make_room(task->owner, task->bytes, task->updated));
  AW_TRY(store_.put(task, {}));
  state_->insert(task);
  return Created{std::move(task), Made::yes};
}

Result<Draft> TaskEngine::draft(NewTask made) {
  AW_TRY(auto task, make(std::move(made)));
  {
    std::lock_guard const lock(state_->mutex);
    AW_TRY(state_->make_room(task->owner, task->bytes, task->updated));
  }
  return Draft(std::move(task), state_->limits.max_task_bytes, state_->clock);
}

Result<TaskPtr> TaskEngine::keep(Draft const& draft) {
  auto task = draft.task();
  std::lock_guard const lock(state_->mutex);
  // Again: others may have come meanwhile, and the task has grown.
  AW_TRY(state_->make_room(task->owner, task->bytes, task->updated));
  AW_TRY(store_.put(task, state_->notes_of(Event(StatusUpdate{task}))));
  state_->insert(task);
  return task;
}

Result<TaskEngine::Continued> TaskEngine::follow_up(std::string_view id, std::string_view owner,
                                                    MessagePtr message) {
  std::lock_guard const lock(state_->mutex);
  auto* const entry = state_->entry(id, owner);
  if (entry == nullptr) return not_found();
  Task const& before = *entry->task;
  auto const now = state_->clock.now();
  auto const run = is_interrupted(before.status.state) ? Run::needed : Run::going_on;
  if (run == Run::needed &&
      state_->owners[before.owner].running >= state_->limits.max_running_per_caller)
    return make_error(Code::task_limit, "this caller has too many running tasks");
  AW_TRY(auto moved, with_status(before, {TaskState::working, nullptr, now}));
  // A run that goes on keeps its own status.
  auto next = std::make_shared<Task>(run == Run::needed ? *moved : before);
  next->updated = now;
  auto said = std::make_shared<Message>(*message);
  said->task_id = next->id;
  said->context_id = next->context_id;
  next->bytes += size_of(*said);
  next->history.push_back(std::move(said));
  AW_TRY(state_->replace(*entry, next));
  auto const event = std::make_shared<Event>(StatusUpdate{next});
  auto notes = run == Run::needed ? state_->notes_of(*event) : std::vector<Note>();
  AW_TRY(store_.put(next, std::move(notes)));
  if (run == Run::needed) State::tell(*entry, event);
  return Continued{std::move(next), run};
}

bool TaskEngine::holds(std::string_view id) const {
  std::lock_guard const lock(state_->mutex);
  return state_->entries.find(id) != state_->entries.end();
}

Result<TaskPtr> TaskEngine::find(std::string_view id, std::string_view owner) const {
  std::lock_guard const lock(state_->mutex);
  auto const* const entry = state_->entry(id, owner);
  if (entry == nullptr) return not_found();
  return entry->task;
}

Result<Page> TaskEngine::list(std::string_view owner, ListParams const& query) const {
  std::lock_guard const lock(state_->mutex);
  auto const held = state_->owners.find(owner);
  TaskIndex nothing;
  auto& index = held == state_->owners.end() ? nothing : held->second.tasks;
  AW_TRY(auto found, index.page(query, [this](std::string_view id) -> Task const& {
    return *state_->entries.find(id)->second.task;
  }));
  Page page{.tasks = {}, .next_token = std::move(found.next_token), .total = found.total};
  for (auto const id : found.ids) page.tasks.push_back(state_->entries.find(id)->second.task);
  return page;
}

Result<Subscription> TaskEngine::subscribe(std::string_view id, std::string_view owner) {
  std::lock_guard const lock(state_->mutex);
  auto* const entry = state_->entry(id, owner);
  if (entry == nullptr) return not_found();
  std::erase_if(entry->readers, [](auto const& held) {
    std::lock_guard const reading(held->mutex);
    return held->gone;
  });
  if (entry->readers.size() >= state_->limits.max_subscribers)
    return make_error(Code::task_limit, "too many subscribers of one task");
  auto reader = std::make_shared<Subscription::Reader>();
  reader->snapshot = entry->task;
  reader->limit = state_->limits.max_pending_events;
  if (is_terminal(entry->task->status.state)) {
    reader->closed = true;
  } else {
    entry->readers.push_back(reader);
  }
  return Subscription(std::move(reader));
}

Result<TaskPtr> TaskEngine::set_status(std::string_view id, TaskState state, MessagePtr message,
                                       std::optional<Failure> failure) {
  std::lock_guard const lock(state_->mutex);
  auto const found = state_->entries.find(id);
  if (found == state_->entries.end()) return not_found();
  auto& entry = found->second;
  TaskPtr next;
  if (failure) {
    Task failed = *entry.task;
    failed.failure = std::move(failure);
    AW_TRY(next, with_status(failed, {state, std::move(message), state_->clock.now()}));
  } else {
    AW_TRY(next, with_status(*entry.task, {state, std::move(message), state_->clock.now()}));
  }
  bool const worth_keeping = is_terminal(state) || is_interrupted(state);
  AW_TRY(state_->replace(entry, next));
  auto const event = std::make_shared<Event>(StatusUpdate{next});
  // A full queue must not keep a task from ending; the store reports its own failure in `durable`.
  if (worth_keeping) {
    (void)store_.put(next, state_->notes_of(*event));
  } else {
    state_->note(*event);
  }
  State::tell(entry, event);
  if (is_terminal(state)) State::finish(entry);
  return next;
}

Result<TaskPtr> TaskEngine::add_artifact(std::string_view id, Artifact artifact, Chunk chunk,
                                         Last last) {
  std::lock_guard const lock(state_->mutex);
  auto const found = state_->entries.find(id);
  if (found == state_->entries.end()) return not_found();
  auto const made = std::make_shared<const Artifact>(std::move(artifact));
  AW_TRY(auto next, with_artifact(*found->second.task, made, chunk, state_->clock.now()));
  AW_TRY(state_->replace(found->second, next));
  auto const event = std::make_shared<Event>(ArtifactUpdate{next, made, chunk, last});
  state_->note(*event);
  State::tell(found->second, event);
  return next;
}

Result<TaskPtr> TaskEngine::set_result(std::string_view id,
                                       std::shared_ptr<const std::string> json) {
  std::lock_guard const lock(state_->mutex);
  auto const found = state_->entries.find(id);
  if (found == state_->entries.end()) return not_found();
  auto next = std::make_shared<Task>(*found->second.task);
  if (is_terminal(next->status.state))
    return make_error(Code::task_terminal, "the task has ended: no result can be set");
  next->bytes += json->size();
  next->result = std::move(json);
  AW_TRY(state_->replace(found->second, next));
  return TaskPtr(std::move(next));
}

Result<void> TaskEngine::replace_by_message(std::string_view id, MessagePtr message) {
  std::lock_guard const lock(state_->mutex);
  auto const found = state_->entries.find(id);
  if (found == state_->entries.end()) return not_found();
  State::tell(found->second, std::make_shared<Event>(std::move(message)));
  state_->remove(std::string(id));
  return {};
}

void TaskEngine::withdraw(std::string_view id) {
  std::lock_guard const lock(state_->mutex);
  state_->remove(std::string(id));
}

}  // namespace aw::a2a
