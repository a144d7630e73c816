// SPDX-License-Identifier: Apache-2.0
// The records of audit logs, one after the other, as commands read them.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "commands/support/context.h"
#include "core/audit/query.h"

namespace aw::commands {

// Calls `each` for every record that `filter` takes; says how many lines were no records. Error:
// audit_unreadable.
[[nodiscard]] Result<void> for_each_record(std::span<const std::filesystem::path> files,
                                           audit::Filter const& filter, Context& context,
                                           std::function<void(json::Json const&)> const& each);

// A filter of --since and --until (times as text that sorts, or "8h" before now); either may be
// empty. Error: usage.
[[nodiscard]] Result<audit::Filter> window_filter(std::string const& since,
                                                  std::string const& until, Context const& context);

}  // namespace aw::commands
