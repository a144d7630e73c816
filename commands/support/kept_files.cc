// SPDX-License-Identifier: Apache-2.0
#include "commands/support/kept_files.h"

#include <system_error>
#include <utility>
#include <vector>

namespace aw::commands {
namespace {

constexpr std::size_t kMostFiles = 10'000;

}  // namespace

void each_kept_file(std::filesystem::path const& state,
                    std::function<void(std::filesystem::directory_entry const&)> const& look) {
  namespace stdfs = std::filesystem;
  // One directory after the other and none inside another: a recursive iterator ends for good where
  // one goes away before it is opened.
  std::vector<stdfs::path> ahead{state};
  std::size_t count = 0;
  while (!ahead.empty() && count < kMostFiles) {
    auto const directory = std::move(ahead.back());
    ahead.pop_back();
    std::error_code error;
    for (stdfs::directory_iterator at(directory, error);
         !error && at != stdfs::directory_iterator() && count < kMostFiles;
         at.increment(error), ++count) {
      std::error_code gone;
      if (at->symlink_status(gone).type() == stdfs::file_type::directory)
        ahead.push_back(at->path());
      look(*at);
    }
  }
}

}  // namespace aw::commands
