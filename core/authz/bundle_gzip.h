// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952), whole in memory, over zlib. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::authz {

// Every member of the stream, which must end with the last one. More than `most` bytes, a wrong
// checksum, a stream that breaks off: Code::policy_unreadable.
[[nodiscard]] Result<std::string> gunzip(std::string_view bytes, std::size_t most);
// Without a name or a time in the header; Code::internal when zlib cannot.
[[nodiscard]] Result<std::string> gzip(std::string_view bytes);

}  // namespace aw::authz
