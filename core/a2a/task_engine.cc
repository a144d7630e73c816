// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_engine.h"

#include <algorithm>
#include <mutex>

#include "core/a2a/reader.h"
#include "core/a2a/task_table.h"
#include "core/base/random.h"

namespace aw::a2a {
namespace {

// The part that is the payload holds it for both.
std::shared_ptr<const std::string> payload_of(NewTask const& made) {
  if (made.message) {
    for (auto const& part : made.message->parts)
      if (part->kind == PartKind::data && part->value == made.payload) return {part, &part->value};
  }
  return std::make_shared<const std::string>(made.payload);
}

Error not_found() { return make_error(Code::task_not_found, "task not found"); }

// Those who read no more are taken out on the way.
void drop_gone(TaskTable::Readers& readers) {
  std::erase_if(readers, [](auto const& reader) {
    std::lock_guard const lock(reader->mutex);
    return reader->gone;
  });
}

void tell(TaskTable::Entry& entry, EventPtr const& event) {
  drop_gone(entry.readers);
  for (auto const& reader : entry.readers) reader->push(event);
}

void finish(TaskTable::Entry& entry) {
  for (auto const& reader : entry.readers) reader->close();
  entry.readers.clear();
}

}  // namespace

// Everything below `mutex`.
struct TaskEngine::State {
  State(EngineLimits limits, TaskStore& s, Clock const& c)
      : store(s), clock(c), table(limits, [this](std::string_view id, TaskTable::Entry& entry) {
          finish(entry);
          if (observer != nullptr) observer->forgotten(id);
          store.erase(id);
        }) {}

  [[nodiscard]] std::vector<Note> notes_of(Event const& event) const {
    return observer == nullptr ? std::vector<Note>() : observer->happened(event);
  }

  // What is not worth a write of its own leaves notes all the same.
  void note(Event const& event) const {
    if (auto notes = notes_of(event); !notes.empty())
      (void)store.put_notes(std::move(notes));  // a full queue: in memory they wait all the same
  }

  mutable std::mutex mutex;
  TaskStore& store;
  TaskObserver* observer = nullptr;
  Clock const& clock;
  TaskTable table;
};

TaskEngine::TaskEngine(EngineLimits limits, TaskStore& store, Clock const& clock)
    : store_(store), state_(std::make_unique<State>(limits, store, clock)) {}
TaskEngine::~TaskEngine() = default;

void TaskEngine::observe(TaskObserver& observer) { state_->observer = &observer; }

std::size_t TaskEngine::size() const {
  std::lock_guard const lock(state_->mutex);
  return state_->table.size();
}

Result<std::size_t> TaskEngine::restore() {
  AW_TRY(auto kept, store_.load(state_->table.limits().max_tasks));
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
      state_->table.insert(std::move(held));
    } else {
      state_->table.insert(KeptTask(std::move(task)));
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
  if (task->bytes > state_->table.limits().max_task_bytes)
    return make_error(Code::too_large, "the message is larger than a task may be");
  return task;
}

Result<TaskEngine::Created> TaskEngine::create(NewTask made) {
  AW_TRY(auto task, make(std::move(made)));
  std::lock_guard const lock(state_->mutex);
  if (auto const at = state_->table.find_made(*task); at != state_->table.none()) {
    AW_TRY(auto before, at->second.task.task());
    return Created{std::move(before), Made::no};
  }
  AW_TRY(state_->table.make_room(task->owner, task->bytes, task->updated));
  KeptTask held(task);
  AW_TRY(store_.put(held, {}));
  state_->table.insert(std::move(held));
  return Created{std::move(task), Made::yes};
}

Result<Draft> TaskEngine::draft(NewTask made) {
  AW_TRY(auto task, make(std::move(made)));
  {
    std::lock_guard const lock(state_->mutex);
    AW_TRY(state_->table.make_room(task->owner, task->bytes, task->updated));
  }
  return Draft(std::move(task), state_->table.limits().max_task_bytes, state_->clock);
}

Result<TaskPtr> TaskEngine::keep(Draft const& draft) {
  auto task = draft.task();
  KeptTask held(task);
  std::lock_guard const lock(state_->mutex);
  // Again: others may have come meanwhile, and the task has grown.
  AW_TRY(state_->table.make_room(task->owner, task->bytes, task->updated));
  AW_TRY(store_.put(held, state_->notes_of(Event(StatusUpdate{task}))));
  state_->table.insert(std::move(held));
  return task;
}

Result<TaskEngine::Continued> TaskEngine::follow_up(std::string_view id, std::string_view owner,
                                                    MessagePtr const& message) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->table.find(id, owner);
  if (at == state_->table.none()) return not_found();
  AW_TRY(auto const before, at->second.task.task());
  auto const now = state_->clock.now();
  auto const run = is_interrupted(before->status.state) ? Run::needed : Run::going_on;
  if (run == Run::needed && !state_->table.may_run_more(at->second.owner->second))
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
  AW_TRY(state_->table.replace(at, next));
  auto const event = std::make_shared<Event>(StatusUpdate{next});
  auto notes = run == Run::needed ? state_->notes_of(*event) : std::vector<Note>();
  AW_TRY(store_.put(at->second.task, std::move(notes)));
  if (run == Run::needed) tell(at->second, event);
  return Continued{std::move(next), run};
}

Result<TaskEngine::About> TaskEngine::about(std::string_view id, std::string_view owner) const {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->table.find(id, owner);
  if (at == state_->table.none()) return not_found();
  auto const facts = at->second.task.facts();
  return About{std::string(facts.capability), std::string(facts.context_id)};
}

bool TaskEngine::holds(std::string_view id) const {
  std::lock_guard const lock(state_->mutex);
  return state_->table.find(id) != state_->table.none();
}

Result<TaskPtr> TaskEngine::find(std::string_view id, std::string_view owner) const {
  KeptTask held;
  {
    std::lock_guard const lock(state_->mutex);
    auto const at = state_->table.find(id, owner);
    if (at == state_->table.none()) return not_found();
    held = at->second.task;
  }
  return held.task();
}

Result<Page> TaskEngine::list(std::string_view owner, ListParams const& query) const {
  Page page;
  std::vector<KeptTask> held;
  {
    std::lock_guard const lock(state_->mutex);
    auto* const of = state_->table.owner(owner);
    TaskIndex nothing;
    auto& index = of == nullptr ? nothing : of->tasks;
    auto const at = [this](std::string_view id) -> KeptTask const& {
      return state_->table.find(id)->second.task;
    };
    AW_TRY(auto found,
           index.page(query, [&at](std::string_view id) { return at(id).facts().context_id; }));
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
  auto const at = state_->table.find(id, owner);
  if (at == state_->table.none()) return not_found();
  auto& entry = at->second;
  drop_gone(entry.readers);
  if (entry.readers.size() >= state_->table.limits().max_subscribers)
    return make_error(Code::task_limit, "too many subscribers of one task");
  auto reader = std::make_shared<Subscription::Reader>();
  AW_TRY(reader->snapshot, entry.task.task());
  reader->limit = state_->table.limits().max_pending_events;
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
  auto const at = state_->table.find(id);
  if (at == state_->table.none()) return not_found();
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
  AW_TRY(state_->table.replace(at, next));
  auto const event = std::make_shared<Event>(StatusUpdate{next});
  // A full queue must not keep a task from ending; the store reports its own failure in `durable`.
  if (worth_keeping) {
    (void)store_.put(entry.task, state_->notes_of(*event));
  } else {
    state_->note(*event);
  }
  tell(entry, event);
  if (is_terminal(state)) finish(entry);
  return next;
}

Result<TaskPtr> TaskEngine::add_artifact(std::string_view id, Artifact artifact, Chunk chunk,
                                         Last last) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->table.find(id);
  if (at == state_->table.none()) return not_found();
  auto const made = std::make_shared<const Artifact>(std::move(artifact));
  AW_TRY(auto const before, at->second.task.task());
  AW_TRY(auto next, with_artifact(*before, made, chunk, state_->clock.now()));
  AW_TRY(state_->table.replace(at, next));
  auto const event = std::make_shared<Event>(ArtifactUpdate{next, made, chunk, last});
  state_->note(*event);
  tell(at->second, event);
  return next;
}

Result<TaskPtr> TaskEngine::set_result(std::string_view id, std::shared_ptr<const std::string> json,
                                       Artifact shown) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->table.find(id);
  if (at == state_->table.none()) return not_found();
  AW_TRY(auto const before, at->second.task.task());
  auto const made = std::make_shared<const Artifact>(std::move(shown));
  auto next = std::make_shared<Task>(*before);
  AW_TRY(put_artifact(*next, made, Chunk::replace, state_->clock.now()));
  next->bytes += json->size();
  next->result = std::move(json);
  AW_TRY(state_->table.replace(at, next));
  auto const event = std::make_shared<Event>(ArtifactUpdate{next, made, Chunk::replace, Last::yes});
  state_->note(*event);
  tell(at->second, event);
  return TaskPtr(std::move(next));
}

Result<void> TaskEngine::replace_by_message(std::string_view id, MessagePtr message) {
  std::lock_guard const lock(state_->mutex);
  auto const at = state_->table.find(id);
  if (at == state_->table.none()) return not_found();
  tell(at->second, std::make_shared<Event>(std::move(message)));
  state_->table.remove(at);
  return {};
}

void TaskEngine::withdraw(std::string_view id) {
  std::lock_guard const lock(state_->mutex);
  if (auto const at = state_->table.find(id); at != state_->table.none()) state_->table.remove(at);
}

}  // namespace aw::a2a
