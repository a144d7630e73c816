// SPDX-License-Identifier: Apache-2.0
// The backends that need nothing behind them, for trying things out: kBuiltins in config.h.
#pragma once

#include <memory>
#include <string_view>

#include "core/backend/backend.h"

namespace aw::backend {

// echo answers its payload; greet answers {"message":"Hello, NAME!"} for {"name":NAME}; status
// answers {"status":"ok"}. Code::config_unsupported for any other name.
// They never wait. greet without a name is Code::backend_failed.
[[nodiscard]] Result<std::unique_ptr<Backend>> make_builtin(std::string_view name);

}  // namespace aw::backend
