// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_table.h"

#include <algorithm>
#include <utility>

namespace aw::a2a {
namespace {

std::string idempotency_name(Task const& task) {
  std::string name;
  for (auto const* piece : {&task.owner, &task.capability, &task.idempotency_key}) {
    name.append(std::to_string(piece->size()));
    name.push_back(':');
    name.append(*piece);
  }
  return name;
}

// Nothing runs: such a task may be forgotten when it is old or room is needed. One that waits for
// its caller counts, or callers who never answer would fill the agent.
bool rests(TaskState state) { return is_terminal(state) || is_interrupted(state); }

// What is known of the task at `at`, under the id that lasts as long as its entry.
TaskFacts facts_at(TaskTable::At at) {
  auto facts = at->second.task.facts();
  facts.id = at->first.text();
  return facts;
}

}  // namespace

TaskTable::At TaskTable::find(std::string_view id) {
  auto const key = TaskKey::of(id);
  return key ? entries_.find(*key) : entries_.end();
}

TaskTable::At TaskTable::find(std::string_view id, std::string_view owner) {
  auto const found = find(id);
  return found == entries_.end() || found->second.owner->first != owner ? entries_.end() : found;
}

TaskTable::At TaskTable::find_made(Task const& task) {
  if (task.idempotency_key.empty()) return entries_.end();
  auto const known = made_.find(idempotency_name(task));
  return known == made_.end() ? entries_.end() : find(known->second, task.owner);
}

TaskTable::Owner* TaskTable::owner(std::string_view name) {
  auto const found = owners_.find(name);
  return found == owners_.end() ? nullptr : &found->second;
}

void TaskTable::index(At at) {
  auto const task = facts_at(at);
  auto& owner = at->second.owner->second;
  owner.tasks.add(task);
  if (rests(task.state)) {
    resting_.insert(resting_.end(), {task.updated, task.id});  // mostly the newest: no search
  } else {
    ++owner.running;
  }
  bytes_ += task.bytes;
}

void TaskTable::unindex(At at) {
  auto const task = facts_at(at);
  auto& owner = at->second.owner->second;
  owner.tasks.remove(task);
  if (rests(task.state)) {
    if (auto const first = resting_.begin();
        first != resting_.end() && first->id.data() == task.id.data()) {
      resting_.erase(first);  // mostly the oldest: no search
    } else {
      resting_.erase({task.updated, task.id});
    }
  } else {
    --owner.running;
  }
  bytes_ -= std::min(bytes_, task.bytes);
}

void TaskTable::insert(KeptTask task) {
  auto const facts = task.facts();
  if (facts.has_idempotency_key) {
    if (auto const whole = task.task(); whole.ok()) made_[idempotency_name(**whole)] = (*whole)->id;
  }
  auto owner = owners_.find(facts.owner);
  if (owner == owners_.end()) owner = owners_.try_emplace(std::string(facts.owner)).first;
  auto const key = key_of(facts);
  auto const [at, made] = entries_.try_emplace(key, Entry{std::move(task), owner, {}});
  if (made) index(at);  // an id is ours and never used twice
}

void TaskTable::remove(At at) {
  unindex(at);
  auto& entry = at->second;
  if (entry.task.facts().has_idempotency_key) {
    if (auto const whole = entry.task.task(); whole.ok()) made_.erase(idempotency_name(**whole));
  }
  if (entry.owner->second.tasks.empty()) owners_.erase(entry.owner);
  leaving_(at->first.text(), entry);
  entries_.erase(at);
}

void TaskTable::remove(std::string_view id) {
  if (auto const found = find(id); found != entries_.end()) remove(found);
}

// A few at a time, so that no single caller pays for many.
void TaskTable::expire(WallTime now) {
  auto const oldest = now - limits_.retention;
  for (int i = 0; i < 16 && !resting_.empty() && resting_.begin()->updated < oldest; ++i)
    remove(resting_.begin()->id);
}

Result<void> TaskTable::make_room(std::string_view owner, std::size_t bytes, WallTime now) {
  expire(now);
  auto const full = [&] {
    return entries_.size() >= limits_.max_tasks || bytes_ + bytes > limits_.max_bytes;
  };
  while (!resting_.empty() && full()) remove(resting_.begin()->id);
  if (full()) return make_error(Code::task_limit, "too many tasks are running on this agent");
  // Forgetting the last of an owner's tasks forgets the owner.
  for (auto* held = this->owner(owner); held != nullptr; held = this->owner(owner)) {
    if (!may_run_more(*held))
      return make_error(Code::task_limit, "this caller has too many running tasks");
    if (held->tasks.size() < limits_.max_tasks_per_caller) break;
    auto const oldest = held->tasks.oldest(rests);
    if (oldest.empty())
      return make_error(Code::task_limit, "all that this caller may have are running");
    remove(oldest);
  }
  return {};
}

Result<void> TaskTable::replace(At at, TaskPtr next) {
  auto const before = at->second.task.facts();
  if (!is_terminal(next->status.state) && next->bytes > before.bytes) {
    if (next->bytes > limits_.max_task_bytes)
      return make_error(Code::too_large, "the task grew beyond its limit");
    if (bytes_ + (next->bytes - before.bytes) > limits_.max_bytes)
      return make_error(Code::task_limit, "the tasks of this agent hold too many bytes");
  }
  bool const same_place = before.changed == next->status.timestamp &&
                          before.state == next->status.state && !rests(before.state) &&
                          !rests(next->status.state);
  if (same_place) {  // most changes of a running task: a result, an artifact
    bytes_ += next->bytes;
    bytes_ -= std::min(bytes_, before.bytes);
    at->second.task = KeptTask(std::move(next));
  } else {
    unindex(at);
    at->second.task = KeptTask(std::move(next));
    index(at);
  }
  return {};
}

}  // namespace aw::a2a
