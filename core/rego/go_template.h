// SPDX-License-Identifier: Apache-2.0
// The part of Go's text templates that strings.render_template is used with: fields, variables,
// range, if, else, with, end. Pure and bounded.
#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/rego/value.h"

namespace aw::rego {

// Code::policy_builtin: a template that is malformed or uses more, 50 levels of nesting, 16 MiB
// of output.
[[nodiscard]] Result<std::string> render_go_template(std::string_view text, Value const& data);

}  // namespace aw::rego
