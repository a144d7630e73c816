// needs: aw_a2a
// SPDX-License-Identifier: Apache-2.0
// What a crash, or somebody else, left in the journal of tasks.
#include "core/a2a/task_journal.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/a2a/codec.h"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using aw::a2a::TaskJournal;
  std::string_view const bytes(reinterpret_cast<char const*>(data), size);
  std::string again;
  auto const end = TaskJournal::entries(bytes, [&](TaskJournal::Kind kind, std::string_view entry) {
    if (kind == TaskJournal::Kind::damaged) {
      again += entry;
      return aw::Result<void>();
    }
    TaskJournal::frame(again, kind, entry);
    if (auto const task = aw::a2a::parse_task_record(entry); task.ok() && (*task)->id.empty())
      __builtin_trap();
    // As a change of itself: whatever it says, nothing but what was there is taken over.
    auto const before = [&entry](std::string_view) {
      auto task = aw::a2a::parse_task_record(entry);
      return task.ok() ? *task : nullptr;
    };
    static_cast<void>(aw::a2a::parse_task_change(entry, before));
    return aw::Result<void>();
  });
  // What was read is what would be written, and nothing in between is passed over.
  if (!end.ok() || bytes.substr(0, *end) != again) __builtin_trap();
  return 0;
}
