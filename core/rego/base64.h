// SPDX-License-Identifier: Apache-2.0
// base64 with Go's strictness and words: padding required, line ends skipped, the bad place named.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::rego {

enum class Base64 { standard, url, url_raw };  // url_raw: without padding

// Code::policy_builtin, with the offset of the byte at fault.
[[nodiscard]] Result<std::string> decode_base64(std::string_view text, Base64 form);

}  // namespace aw::rego
