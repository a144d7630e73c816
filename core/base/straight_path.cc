// SPDX-License-Identifier: Apache-2.0
#include "core/base/straight_path.h"

namespace aw::fs {

std::filesystem::path straight_path(std::filesystem::path const& path) {
  std::error_code error;
  auto const parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  auto const directory = std::filesystem::canonical(parent, error);
  return error ? path : directory / path.filename();
}

}  // namespace aw::fs
