// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/segments.h"

#include <algorithm>
#include <charconv>

#include "core/base/fs.h"

namespace aw::decisions {
namespace {

constexpr std::string_view kSegmentStem = "journal-";
constexpr std::uint64_t kLargestSegment = 64U << 20;

}  // namespace

bool LastWord::is(Entry const& entry) {
  auto const& id = entry.text(Text::id);
  if (!replaced_.empty() && replaced_.contains(id)) return false;
  if (entry.flag(kInstead)) replaced_.insert(id);
  return true;
}

std::filesystem::path segment_in(std::filesystem::path const& directory, std::uint64_t number) {
  return directory / (std::string(kSegmentStem) + std::to_string(number));
}

std::vector<std::uint64_t> segments_in(std::filesystem::path const& directory) {
  std::vector<std::uint64_t> out;
  std::error_code error;
  for (auto const& entry : std::filesystem::directory_iterator(directory, error)) {
    auto const name = entry.path().filename().string();
    if (!name.starts_with(kSegmentStem)) continue;
    std::uint64_t number = 0;
    auto const* const end = name.data() + name.size();
    auto const [rest, failed] = std::from_chars(name.data() + kSegmentStem.size(), end, number);
    if (failed == std::errc{} && rest == end) out.push_back(number);
  }
  std::ranges::sort(out);
  return out;
}

Result<std::string> read_segment(std::filesystem::path const& directory, std::uint64_t number) {
  auto bytes = fs::read_file(segment_in(directory, number), kLargestSegment);
  if (!bytes.ok())
    return make_error(Code::state_unusable, "decision store: " + bytes.error().message);
  return bytes;
}

Result<std::optional<std::string>> read_segment_if_there(std::filesystem::path const& directory,
                                                         std::uint64_t number) {
  auto bytes = read_segment(directory, number);
  if (bytes.ok()) return std::optional(std::move(*bytes));
  std::error_code unknown;
  if (!std::filesystem::exists(segment_in(directory, number), unknown) && !unknown)
    return std::optional<std::string>();
  return std::move(bytes).error();
}

Result<void> each_block(Database& database, std::filesystem::path const& directory, WallTime since,
                        std::function<Database::More(std::string_view)> const& take) {
  Result<void> outcome;
  AW_TRY(database.blocks(since, [&](std::uint64_t segment, std::string_view frames) {
    if (!frames.empty()) return take(frames);
    auto const own = read_segment_if_there(directory, segment);
    if (own.ok()) return *own ? take(**own) : Database::More::yes;
    outcome = own.error();
    return Database::More::stop;
  }));
  return outcome;
}

std::vector<Entry> entries_of(std::string_view frames) {
  std::vector<Entry> out;
  while (auto entry = take_frame(frames)) out.push_back(std::move(*entry));
  return out;
}

}  // namespace aw::decisions
