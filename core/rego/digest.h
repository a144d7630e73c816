// SPDX-License-Identifier: Apache-2.0
// SHA-256 for digests of policies, and the cache of compiled patterns. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace aw::rego {

class BuiltinCache;

[[nodiscard]] std::string sha256_hex(std::string_view bytes);
[[nodiscard]] std::shared_ptr<BuiltinCache> make_builtin_cache();

}  // namespace aw::rego
