// SPDX-License-Identifier: Apache-2.0
// Words that a value is likely to be, by the name that help gives the value ("ENV", "SETTING"):
// what completion offers where any text is taken.
//
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace aw::commands {

// Empty when nobody knows.
[[nodiscard]] std::vector<std::string> likely_words(std::string_view value_name);

}  // namespace aw::commands
