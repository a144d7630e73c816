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

// What is forgotten first: the oldest. The id is the entry's own.
struct Resting {
  WallTime updated;
  std::string_view id;
  friend auto operator<=>(Resting const& a, Resting const& b) = default;
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

}  // namespace

struct TaskEngine::Owner {
  TaskIndex tasks;
  std::size_t running = 0;
};

struct TaskEngine::Entry {
  KeptTask task;
  std::map<std::string, Owner, std::less<>>::iterator owner;
  std::vector<std::shared_ptr<Subscription::Reader>> readers;
};

// Everything below `mutex`.
struct TaskEngine::State {
  State(EngineLimits given, TaskStore& s, Clock const& c) : limits(given), store(s), clock(c) {}

  using Entries = std::unordered_map<TaskKey, Entry, TaskKey::Hash>;

  Entries::iterator find(std::string_view id) {
    auto const key = TaskKey::of(id);
    return key ? entries.find(*key) : entries.end();
  }
  Entries::iterator find(std::string_view id, std::string_view owner) {
    auto const found = find(id);
    return found == entries.end() || found->second.owner->first != owner ? entries.end() : found;
  }

  // What is known of the task at `at`, under the id that lasts as long as its entry.
  static TaskFacts facts_at(Entries::iterator at) {
    auto facts = at->second.task.facts();
    facts.id = at->first.text();
    return facts;
  }

  void index(Entries::iterator at) {
    auto const task = facts_at(at);
    auto& owner = at->second.owner->second;
    owner.tasks.add(task);
    if (rests(task.state)) {
      resting.insert(resting.end(), {task.updated, task.id});  // mostly the newest: no search
    } else {
      ++owner.running;
    }
    bytes += task.bytes;
  }

  void unindex(Entries::iterator at) {
    auto const task = facts_at(at);
    auto& owner = at->second.owner->second;
    owner.tasks.remove(task);
    if (rests(task.state)) {
      if (auto const first = resting.begin();
          first != resting.end() && first->id.data() == task.id.data()) {
        resting.erase(first);  // mostly the oldest: no search
      } else {
        resting.erase({task.updated, task.id});
      }
    } else {
      --owner.running;
    }
    bytes -= std::min(bytes, task.bytes);
  }

  // Of a task in parts only.
  static std::string idempotency_name_of(Task const& task) {
    return idempotency_name(task.owner, task.capability, task.idempotency_key);
  }

  void insert(KeptTask task) {
    auto const facts = task.facts();
    if (facts.has_idempotency_key) {
      if (auto const whole = task.task(); whole.ok())
        keys[idempotency_name_of(**whole)] = (*whole)->id;
    }
    auto owner = owners.find(facts.owner);
    if (owner == owners.end()) owner = owners.try_emplace(std::string(facts.owner)).first;
    auto const key = key_of(facts);
    auto const [at, made] = entries.try_emplace(key, Entry{std::move(task), owner, {}});
    if (made) index(at);  // an id is ours and never used twice
  }

  void remove(Entries::iterator at) {
    unindex(at);
    auto& entry = at->second;
    if (entry.task.facts().has_idempotency_key) {
      if (auto const whole = entry.task.task(); whole.ok())
        keys.erase(idempotency_name_of(**whole));
    }
    if (entry.owner->second.tasks.empty()) owners.erase(entry.owner);
    for (auto const& reader : entry.readers) reader->close();
    if (observer != nullptr) observer->forgotten(at->first.text());
    store.erase(at->first.text());
    entries.erase(at);
  }

  void remove(std::string_view id) {
    if (auto const found = find(id); found != entries.end()) remove(found);
  }

  // What is too old goes; a few at a time, so that no single caller pays for many.
  void expire(WallTime now) {
    auto const oldest = now - limits.retention;
    for (int i = 0; i < 16 && !resting.empty() && resting.begin()->updated < oldest; ++i)
      remove(resting.begin()->id);
  }

  // Room for one more task of `owner`, made by forgetting finished ones. `now` is about the time.
  Result<void> make_room(std::string_view owner, std::size_t size, WallTime now) {
    expire(now);
    while (!resting.empty() &&
           (entries.size() >= limits.max_tasks || bytes + size > limits.max_bytes))
      remove(resting.begin()->id);
    if (entries.size() >= limits.max_tasks || bytes + size > limits.max_bytes)
      return make_error(Code::task_limit, "too many tasks are running on this agent");
    // Forgetting the last of an owner's tasks forgets the owner.
    for (auto held = owners.find(owner); held != owners.end(); held = owners.find(owner)) {
      if (held->second.running >= limits.max_running_per_caller)
        return make_error(Code::task_limit, "this caller has too many running tasks");
      if (held->second.tasks.size() < limits.max_tasks_per_caller) break;
      auto const oldest = held->second.tasks.oldest(rests);
      if (oldest.empty())
        return make_error(Code::task_limit, "all that this caller may have are running");
      remove(oldest);
    }
    return {};
  }

  // The task at `at` is from now on `next`.
  Result<void> replace(Entries::iterator at, TaskPtr next) {
    auto const before = at->second.task.facts();
    // Limits never keep a task from ending.
    if (!is_terminal(next->status.state) && next->bytes > before.bytes) {
      if (next->bytes > limits.max_task_bytes)
        return make_error(Code::too_large, "the task grew beyond its limit");
      if (bytes + (next->bytes - before.bytes) > limits.max_bytes)
        return make_error(Code::task_limit, "the tasks of this agent hold too many bytes");
    }
    bool const same_place = before.changed == next->status.timestamp &&
                            before.state == next->status.state && !rests(before.state) &&
                            !rests(next->status.state);
    if (same_place) {  // most changes of a running task: a result, an artifact
      bytes += next->bytes;
      bytes -= std::min(bytes, before.bytes);
      at->second.task = KeptTask(std::move(next));
    } else {
      unindex(at);
      at->second.task = KeptTask(std::move(next));
      index(at);
    }
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
  std::set<Resting> resting;
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
      KeptTask held(task);
      AW_TRY(store_.put(held, state_->notes_of(Event(StatusUpdate{std::move(task)}))));
      state_->insert(std::move(held));
    } else {
      state_->insert(KeptTask(std::move(task)));
    }
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
      if (auto const at = state_->find(known->second, task->owner); at != state_->entries.end()) {
        AW_TRY(auto before, at->second.task.task());
        return Created{std::move(before), Made::no};
      }
    }
  }
  AW_TRY(state_->make_room(task->owner, task->bytes, task->updated));
  KeptTask held(task);
  AW_TRY(store_.put(held, {}));
  state_->insert(std::move(held));
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
  KeptTask held(task);
  std::lock_guard const lock(state_->mutex);
  // Again: others may have come meanwhile, and the task has grown.
  AW_TRY(state_->make_room(task->owner, task->bytes, task->updated));
  AW_TRY(store_.put(held, state_->notes_of(Event(StatusUpdate{task}))));
  state_->insert(std::move(held));
  return task;
}

Result<TaskEngine::Continued> TaskEngine::follow_up(std::string_view id, std::string_view owner,
                                                    MessagePtr message) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->find(id, owner);
  if (at == state_->entries.end()) return not_found();
  AW_TRY(auto const before, at->second.task.task());
  auto const now = state_->clock.now();
  auto const run = is_interrupted(before->status.state) ? Run::needed : Run::going_on;
  if (run == Run::needed &&
      at->second.owner->second.running >= state_->limits.max_running_per_caller)
    return make_error(Code::task_limit, "this caller has too many running tasks");
  AW_TRY(auto moved, with_status(*before, {TaskState::working, nullptr, now}));
  // A run that goes on keeps its own status.
  auto next = std::make_shared<Task>(run == Run::needed ? *moved : *before);
  next->updated = now;
  auto said = std::make_shared<Message>(*message);
  said->task_id = next->id;
  said->context_id = next->context_id;
  next->bytes += size_of(*said);
  next->history.push_back(std::move(said));
  AW_TRY(state_->replace(at, next));
  auto const event = std::make_shared<Event>(StatusUpdate{next});
  auto notes = run == Run::needed ? state_->notes_of(*event) : std::vector<Note>();
  AW_TRY(store_.put(at->second.task, std::move(notes)));
  if (run == Run::needed) State::tell(at->second, event);
  return Continued{std::move(next), run};
}

Result<TaskEngine::About> TaskEngine::about(std::string_view id, std::string_view owner) const {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->find(id, owner);
  if (at == state_->entries.end()) return not_found();
  auto const facts = at->second.task.facts();
  return About{std::string(facts.capability), std::string(facts.context_id)};
}

bool TaskEngine::holds(std::string_view id) const {
  std::lock_guard const lock(state_->mutex);
  return state_->find(id) != state_->entries.end();
}

Result<TaskPtr> TaskEngine::find(std::string_view id, std::string_view owner) const {
  KeptTask held;
  {
    std::lock_guard const lock(state_->mutex);
    auto const at = state_->find(id, owner);
    if (at == state_->entries.end()) return not_found();
    held = at->second.task;
  }
  return held.task();
}

Result<Page> TaskEngine::list(std::string_view owner, ListParams const& query) const {
  Page page;
  std::vector<KeptTask> held;
  {
    std::lock_guard const lock(state_->mutex);
    auto const of = state_->owners.find(owner);
    TaskIndex nothing;
    auto& index = of == state_->owners.end() ? nothing : of->second.tasks;
    auto const at = [this](std::string_view id) { return state_->find(id)->second.task; };
    AW_TRY(auto found, index.page(query, [this](std::string_view id) {
      return state_->find(id)->second.task.facts().context_id;
    }));
    page.next_token = std::move(found.next_token);
    page.total = found.total;
    for (auto const id : found.ids) held.push_back(at(id));
  }
  for (auto const& one : held) {
    AW_TRY(auto task, one.task());
    page.tasks.push_back(std::move(task));
  }
  return page;
}

Result<Subscription> TaskEngine::subscribe(std::string_view id, std::string_view owner) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->find(id, owner);
  if (at == state_->entries.end()) return not_found();
  auto& entry = at->second;
  std::erase_if(entry.readers, [](auto const& held) {
    std::lock_guard const reading(held->mutex);
    return held->gone;
  });
  if (entry.readers.size() >= state_->limits.max_subscribers)
    return make_error(Code::task_limit, "too many subscribers of one task");
  auto reader = std::make_shared<Subscription::Reader>();
  AW_TRY(reader->snapshot, entry.task.task());
  reader->limit = state_->limits.max_pending_events;
  if (is_terminal(reader->snapshot->status.state)) {
    reader->closed = true;
  } else {
    entry.readers.push_back(reader);
  }
  return Subscription(std::move(reader));
}

Result<TaskPtr> TaskEngine::set_status(std::string_view id, TaskState state, MessagePtr message,
                                       std::optional<Failure> failure) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->find(id);
  if (at == state_->entries.end()) return not_found();
  auto& entry = at->second;
  AW_TRY(auto next, entry.task.task());
  if (failure) {
    Task failed = *next;
    failed.failure = std::move(failure);
    AW_TRY(next, with_status(failed, {state, std::move(message), state_->clock.now()}));
  } else {
    AW_TRY(next, with_status(*next, {state, std::move(message), state_->clock.now()}));
  }
  bool const worth_keeping = is_terminal(state) || is_interrupted(state);
  AW_TRY(state_->replace(at, next));
  auto const event = std::make_shared<Event>(StatusUpdate{next});
  // A full queue must not keep a task from ending; the store reports its own failure in `durable`.
  if (worth_keeping) {
    (void)store_.put(entry.task, state_->notes_of(*event));
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
  auto const at = state_->find(id);
  if (at == state_->entries.end()) return not_found();
  auto const made = std::make_shared<const Artifact>(std::move(artifact));
  AW_TRY(auto const before, at->second.task.task());
  AW_TRY(auto next, with_artifact(*before, made, chunk, state_->clock.now()));
  AW_TRY(state_->replace(at, next));
  auto const event = std::make_shared<Event>(ArtifactUpdate{next, made, chunk, last});
  state_->note(*event);
  State::tell(at->second, event);
  return next;
}

Result<TaskPtr> TaskEngine::set_result(std::string_view id, std::shared_ptr<const std::string> json,
                                       Artifact shown) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->find(id);
  if (at == state_->entries.end()) return not_found();
  AW_TRY(auto const before, at->second.task.task());
  auto const made = std::make_shared<const Artifact>(std::move(shown));
  auto next = std::make_shared<Task>(*before);
  AW_TRY(put_artifact(*next, made, Chunk::replace, state_->clock.now()));
  next->bytes += json->size();
  next->result = std::move(json);
  AW_TRY(state_->replace(at, next));
  auto const event = std::make_shared<Event>(ArtifactUpdate{next, made, Chunk::replace, Last::yes});
  state_->note(*event);
  State::tell(at->second, event);
  return TaskPtr(std::move(next));
}

Result<void> TaskEngine::replace_by_message(std::string_view id, MessagePtr message) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->find(id);
  if (at == state_->entries.end()) return not_found();
  State::tell(at->second, std::make_shared<Event>(std::move(message)));
  state_->remove(at);
  return {};
}

void TaskEngine::withdraw(std::string_view id) {
  std::lock_guard const lock(state_->mutex);
  state_->remove(id);
}

}  // namespace aw::a2a
