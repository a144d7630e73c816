// SPDX-License-Identifier: Apache-2.0
// The files of core/server/map_page/, as they are built into the program.
#pragma once

#include <span>
#include <string_view>

namespace aw::server {

// Views of static storage.
struct PageFile {
  std::string_view name;  // "map.css"
  std::string_view text;
};
[[nodiscard]] std::span<const PageFile> map_page_files();
[[nodiscard]] std::string_view content_type_of(std::string_view file_name);

}  // namespace aw::server
