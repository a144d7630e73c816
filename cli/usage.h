// SPDX-License-Identifier: Apache-2.0
// Command lines that make no sense, turned into errors that say what was probably meant.
#pragma once

#include "core/base/result.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
class ParseError;
}  // namespace CLI

namespace aw::cli {

// Code::usage with the nearest known command or option as the hint.
[[nodiscard]] Error usage_error(CLI::App const& root, CLI::ParseError const& error);
[[nodiscard]] Error missing_command(CLI::App const& root);

}  // namespace aw::cli
