// SPDX-License-Identifier: Apache-2.0
// What an agent keeps below its state directory, as another process sees it.
#pragma once

#include <filesystem>
#include <functional>

namespace aw::commands {

// `look` gets every file and directory below `state` that this user may see, the first 10'000; what
// goes away meanwhile is left out. A directory that is not there has none.
void each_kept_file(std::filesystem::path const& state,
                    std::function<void(std::filesystem::directory_entry const&)> const& look);

}  // namespace aw::commands
