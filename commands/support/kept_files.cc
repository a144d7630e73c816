// SPDX-License-Identifier: Apache-2.0
#include "commands/support/kept_files.h"

namespace aw::commands {
namespace {

constexpr std::size_t kMostFiles = 10'000;

}  // namespace

void each_kept_file(std::filesystem::path const& state,
                    std::function<void(std::filesystem::directory_entry const&)> const& look) {
  namespace stdfs = std::filesystem;
  std::error_code error;
  std::size_t count = 0;
  for (stdfs::recursive_directory_iterator at(
           state, stdfs::directory_options::skip_permission_denied, error);
       !error && at != stdfs::recursive_directory_iterator() && count < kMostFiles;
       at.increment(error), ++count)
    look(*at);
}

}  // namespace aw::commands
