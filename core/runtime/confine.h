// SPDX-License-Identifier: Apache-2.0
// What the process gives up before it serves: memory dumps, files it has no business to change, and
// system calls no agent needs. Whoever takes the process over finds little to work with.
//
// Where the kernel lacks something it is left out and said so; nothing here makes `serve` fail.
// Landlock binds the calling thread and those it starts: call this before any other thread exists.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/config.h"

namespace aw::runtime {

// One of them, as `/readyz?verbose` shows it.
// Made once, before the log is open, and handed to the runtime through Seams.
struct Safeguard {
  enum class State { active, absent } state = State::absent;
  std::string name;    // "landlock"
  std::string detail;  // "writes only below /var/lib/agentweave", or why not
};

// Does the configuration alone say which programs are started, or is a command started besides?
enum class Programs { as_configured, a_command };

// Applies all of them for good. Commands that the configuration starts (exec backends,
// identity.on_svid_update) would inherit them and break: with such commands only memory dumps are
// prevented.
// On the main thread, after the configuration is read. What is denied later fails with EPERM or
// EACCES; nothing is killed.
[[nodiscard]] std::vector<Safeguard> confine(config::Config const& config,
                                             Programs programs = Programs::as_configured);

// The directories below which this configuration writes; they are made if they are missing. Sorted,
// each once.
// State, audit and log files, unix sockets of ours. A place that cannot be made is left to
// whoever needs it.
[[nodiscard]] std::vector<std::filesystem::path> writable_places(config::Config const& config);
// Does the configuration start programs?
[[nodiscard]] bool starts_programs(config::Config const& config);

}  // namespace aw::runtime
