// SPDX-License-Identifier: Apache-2.0
// What `doctor` finds: one line a thing it looked at, each failure with its cause, its code and the
// line that mends it. Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "commands/support/context.h"
#include "core/base/code.h"
#include "core/base/error.h"
#include "core/config/load.h"

namespace aw::commands {

enum class Condition : std::uint8_t { good, warning, bad };

struct Finding {
  Condition condition = Condition::bad;
  std::string group;           // "identity"
  std::string text;            // what was found, and why it is so
  std::string fix = {};        // a command or a setting; empty when nothing is wrong
  Code code = Code::internal;  // of a warning or a failure
};

using Findings = std::vector<Finding>;

inline Finding good(std::string group, std::string text) {
  return {.condition = Condition::good, .group = std::move(group), .text = std::move(text)};
}
inline Finding warned(std::string group, Code code, std::string text, std::string fix) {
  return {Condition::warning, std::move(group), std::move(text), std::move(fix), code};
}
inline Finding bad(std::string group, Code code, std::string text, std::string fix) {
  return {Condition::bad, std::move(group), std::move(text), std::move(fix), code};
}
// The error's own words and hint; `fix` where it has no hint.
inline Finding bad(std::string group, Error const& error, std::string fix) {
  return bad(std::move(group), error.code, error.message,
             error.hint.empty() ? std::move(fix) : error.hint);
}

// What a check may look at. Every check returns within `patience`, about.
// Borrowed for the time of the checks. Nothing in it is changed.
struct Patient {
  config::Loaded const& loaded;
  config::Config const& config;
  Context const& context;
  std::chrono::nanoseconds patience;
};

// --- doctor_identity.cc: who we are, and whether others will believe it
[[nodiscard]] Findings check_identity(Patient const& patient);
// --- doctor_local.cc: this machine
[[nodiscard]] Findings check_clock();
[[nodiscard]] Findings check_ports(Patient const& patient);  // and the agent that holds them
// --- doctor_locks.cc: which of our files another process holds
void look_at_locks(Patient const& patient, Findings& found);
// --- doctor_machine.cc: what must be installed for what is configured
[[nodiscard]] Findings check_machine(Patient const& patient);
// --- doctor_files.cc: directories, files, programs and their modes
[[nodiscard]] Findings check_places(Patient const& patient);
// --- doctor_secrets.cc: what is kept elsewhere
[[nodiscard]] Findings check_secrets(Patient const& patient);
// --- doctor_policy.cc: who decides
[[nodiscard]] Findings check_policy(Patient const& patient);
// --- doctor_remote.cc: whom we call
[[nodiscard]] Findings check_peers(Patient const& patient);
// --- doctor_services.cc: what is behind us, and where we report to
[[nodiscard]] Findings check_services(Patient const& patient);

}  // namespace aw::commands
