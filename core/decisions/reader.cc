// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/reader.h"

#include <algorithm>

#include "core/decisions/segments.h"

namespace aw::decisions {

Result<Reader> Reader::open(std::filesystem::path const& directory) {
  AW_TRY(auto database, Database::open(directory / kDatabaseFile, Database::Access::read_only));
  return Reader(directory, std::move(database));
}

Result<void> Reader::newest_first(WallTime since, Each const& each) {
  auto more = Database::More::yes;
  LastWord last;
  auto const take = [&](std::string_view frames) {
    auto const entries = entries_of(frames);
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      if (!last.is(*entry) || entry->time() < since) continue;
      if (more = each(*entry); more == Database::More::stop) break;
    }
    return more;
  };
  AW_TRY(auto const imported, database_.imported());
  auto segments = segments_in(directory_);
  std::ranges::reverse(segments);
  for (auto const number : segments) {
    if (number <= imported) continue;
    AW_TRY(auto const frames, read_segment_if_there(directory_, number));
    // Gone: brought over between the two looks, and then in the database.
    if (frames && take(*frames) == Database::More::stop) return {};
  }
  return each_block(database_, directory_, since, take);
}

Result<Entry> Reader::find(std::string_view id) {
  std::optional<Entry> found;
  bool several = false;
  AW_TRY(newest_first(WallTime{}, [&](Entry const& entry) {
    if (!entry.text(Text::id).starts_with(id)) return Database::More::yes;
    if (found && found->text(Text::id) != entry.text(Text::id)) several = true;
    found = entry;
    bool const whole = entry.text(Text::id) == id;
    return whole || several ? Database::More::stop : Database::More::yes;
  }));
  if (several) {
    return make_error(Code::usage, "several decisions begin with " + std::string(id),
                      "give more of the id");
  }
  if (found) return std::move(*found);
  return make_error(Code::not_found, "no decision " + std::string(id) + " is kept",
                    "older ones may be in the audit log: agentweave audit query");
}

}  // namespace aw::decisions
