// SPDX-License-Identifier: Apache-2.0
// Options that several commands share, so that they are spelled and checked alike.
//
// Called while the tree is built; `target` outlives the tree (commands keep theirs in a shared_ptr
// that the command's callback holds).
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "commands/support/context.h"

namespace aw::commands {

// "5s", "250ms", "2m"; a bare number is seconds. Zero is refused. Shows `target` as the default.
void add_duration(CLI::App& command, std::string const& names, std::chrono::nanoseconds& target,
                  std::string const& purpose);

// A whole number of at most `target`'s size. CLI11 itself takes -5 for a huge one, and more digits
// than fit for the largest. Shows `target` as the default.
void add_number(CLI::App& command, std::string const& names, std::uint64_t& target,
                std::string const& purpose, std::string const& type = "UINT");

}  // namespace aw::commands
