// SPDX-License-Identifier: Apache-2.0
// From configured destinations to sinks, in the order given, none resumed yet.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/audit/config.h"
#include "core/audit/sink.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"

namespace aw::audit {

// `clock` and `log` outlive the sinks. Errors: config_unsupported for a destination that means
// nothing.
// Nothing is opened yet: `resume` of each does that. Spools live below state_directory, in a
// directory named after their address.
[[nodiscard]] Result<std::vector<std::unique_ptr<AuditSink>>> open_sinks(
    Config const& config, std::string const& state_directory, Clock const& clock, log::Log& log);

}  // namespace aw::audit
