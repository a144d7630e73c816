// SPDX-License-Identifier: Apache-2.0
#include "core/rego/builtin.h"
namespace aw::rego {
std::span<const Builtin> json_builtins() { return {}; }
std::span<const Builtin> encoding_builtins() { return {}; }
std::span<const Builtin> uri_builtins() { return {}; }
std::span<const Builtin> units_builtins() { return {}; }
std::span<const Builtin> semver_builtins() { return {}; }
std::span<const Builtin> net_builtins() { return {}; }
std::span<const Builtin> misc_builtins() { return {}; }
}  // namespace aw::rego
