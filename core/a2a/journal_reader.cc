// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/journal_reader.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/a2a/codec.h"

namespace aw::a2a {
namespace {

constexpr std::ptrdiff_t kIdLength = 26;    // time_ordered_id
constexpr auto kIdAndMark = kIdLength + 4;  // the mark that ends an entry looks like part of an id

bool is_id_character(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

// The ids that stand behind each `mark`.
std::vector<std::string_view> ids_behind(std::string_view mark, std::string_view bytes) {
  std::vector<std::string_view> out;
  for (auto at = bytes.find(mark); at != std::string_view::npos; at = bytes.find(mark, at)) {
    at += mark.size();
    auto const id = bytes.substr(at, std::size_t{kIdLength});
    if (id.size() == std::size_t{kIdLength} && std::ranges::all_of(id, is_id_character))
      out.push_back(id);
  }
  return out;
}

// Whatever may be an id: what is left of an entry that said no more.
std::vector<std::string_view> bare_ids(std::string_view bytes) {
  std::vector<std::string_view> out;
  for (auto at = bytes.begin(); at != bytes.end();) {
    at = std::find_if(at, bytes.end(), is_id_character);
    auto const end = std::find_if_not(at, bytes.end(), is_id_character);
    if (end - at >= kIdLength && end - at <= kIdAndMark) out.emplace_back(at, at + kIdLength);
    at = end;
  }
  return out;
}

// Whose states these bytes tell, as far as they still do: a record's first member, or what its
// messages say of the task they belong to, or the id of one that was forgotten.
std::vector<std::string_view> tasks_named(std::string_view bytes) {
  auto out = ids_behind(R"({"task":{"id":")", bytes);
  if (out.empty()) out = ids_behind(R"("taskId":")", bytes);
  if (out.empty()) out = bare_ids(bytes);
  return out;
}

}  // namespace

Result<void> JournalReader::take(TaskJournal::Kind kind, std::string_view bytes) {
  switch (kind) {
    case TaskJournal::Kind::put:
      return settle(parse_task_record(bytes), bytes);
    case TaskJournal::Kind::change:
      return settle(parse_task_change(bytes, [this](std::string_view id) { return earlier(id); }),
                    bytes);
    case TaskJournal::Kind::erase:
      if (auto const key = TaskKey::of(bytes)) {
        erase(*key);
        return {};
      }
      return doubt("an id that is none of ours", bytes);
    case TaskJournal::Kind::note:
      if (auto note = TaskJournal::note_of(bytes)) {
        changes_.notes.insert_or_assign(std::move(note->first), std::move(note->second));
        return {};
      }
      return doubt("a damaged note", bytes);
    case TaskJournal::Kind::erase_note:
      changes_.notes.insert_or_assign(std::string(bytes), std::nullopt);
      return {};
    case TaskJournal::Kind::begin:
      return {};
    case TaskJournal::Kind::damaged:
      break;
  }
  return doubt("bytes that are no entry", bytes);
}

TaskPtr JournalReader::earlier(std::string_view id) const {
  auto const key = TaskKey::of(id);
  auto const known = key ? changes_.tasks.find(*key) : changes_.tasks.end();
  bool const there = known != changes_.tasks.end() && known->second;
  return there ? known->second.task().value_or(nullptr) : nullptr;
}

Result<void> JournalReader::settle(Result<TaskPtr> read, std::string_view bytes) {
  if (!read.ok()) return doubt(read.error().message, bytes);
  put(*std::move(read));
  return {};
}

void JournalReader::put(TaskPtr task) {
  auto const key = key_of(facts_of(*task));
  doubtful_.erase(key);
  changes_.tasks.insert_or_assign(key, KeptTask(std::move(task)));
}

void JournalReader::erase(TaskKey const& key) {
  doubtful_.erase(key);
  changes_.tasks.insert_or_assign(key, KeptTask());
}

Result<bool> JournalReader::knows(TaskKey const& key) {
  if (auto const told = changes_.tasks.find(key); told != changes_.tasks.end())
    return bool{told->second};
  AW_TRY(auto const row, database_.record(key));
  return row.has_value();
}

Result<void> JournalReader::doubt(std::string_view why, std::string_view bytes) {
  auto const named = tasks_named(bytes);
  AW_TRY(aside_.keep({.what = "journal",
                      .id = named.empty() ? std::string_view() : named.front(),
                      .why = why,
                      .bytes = bytes}));
  for (auto const id : named) {
    auto const key = TaskKey::of(id);
    if (!key) continue;
    AW_TRY(bool const known, knows(*key));
    if (known) doubtful_.insert(*key);
  }
  return {};
}

Result<void> JournalReader::set_aside(TaskKey const& key) {
  std::string scratch;
  std::string_view record;
  auto const told = changes_.tasks.find(key);
  if (told != changes_.tasks.end()) {
    record = told->second.record(scratch);
  } else {
    AW_TRY(auto row, database_.record(key));
    scratch = std::move(row).value_or(std::string());
    record = scratch;
  }
  return aside_.keep({.what = "task",
                      .id = key.text(),
                      .why = "what became of it later cannot be read",
                      .bytes = record});
}

Result<TaskChanges> JournalReader::changes() {
  for (auto const& key : doubtful_) {
    AW_TRY(set_aside(key));
    changes_.tasks.insert_or_assign(key, KeptTask());
  }
  doubtful_.clear();
  return std::move(changes_);
}

}  // namespace aw::a2a
