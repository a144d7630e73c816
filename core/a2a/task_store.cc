// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_store.h"

namespace aw::a2a {

Result<std::vector<TaskPtr>> MemoryTaskStore::load(std::size_t /*limit*/) {
  return std::vector<TaskPtr>{};
}
Result<void> MemoryTaskStore::put(KeptTask /*task*/, std::vector<Note> /*notes*/) { return {}; }
Result<void> MemoryTaskStore::put_notes(std::vector<Note> /*notes*/) { return {}; }
void MemoryTaskStore::erase_note(std::string /*key*/) {}
Result<std::vector<Note>> MemoryTaskStore::load_notes() { return std::vector<Note>{}; }
Result<void> MemoryTaskStore::set_aside(Note const& /*note*/, std::string_view /*why*/) {
  return {};
}
void MemoryTaskStore::erase(std::string_view /*id*/) {}
io::Task<Result<void>> MemoryTaskStore::durable() { co_return Result<void>{}; }

}  // namespace aw::a2a
