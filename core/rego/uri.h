// SPDX-License-Identifier: Apache-2.0
// A URI in parts, with the rules of Go's net/url: what it refuses is refused here too.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::rego {

// Empty parts are absent; an absent and an empty query are the same here.
struct Uri {
  std::string scheme;  // lower case
  std::string opaque;  // of `mailto:x`: what follows the scheme
  bool has_user = false;
  std::string authority;  // host and port as written
  std::string host;
  std::string port;
  std::string path;      // unescaped
  std::string raw_path;  // as written, when that differs from how `path` is escaped by default
  std::string query;     // as written
  std::string fragment;  // unescaped
};

// Error: Code::policy_builtin, with the text in it.
[[nodiscard]] Result<Uri> parse_uri(std::string_view text);

}  // namespace aw::rego
