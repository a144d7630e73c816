// SPDX-License-Identifier: Apache-2.0
// Percent-encoding (RFC 3986 §2.1).
#pragma once

#include <string>
#include <string_view>

namespace aw {

// Every byte as %XX, with upper-case digits, but the unreserved characters (§2.3) and `kept`.
[[nodiscard]] std::string percent_encoded(std::string_view text, std::string_view kept = {});

}  // namespace aw
