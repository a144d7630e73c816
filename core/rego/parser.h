// SPDX-License-Identifier: Apache-2.0
// Rego v1 text into trees. Pure and bounded (nesting ≤ 200 levels); the first fault ends a parse.
#pragma once

#include <string_view>

#include "core/rego/ast.h"
#include "core/rego/policy.h"

namespace aw::rego {

// What went wrong and where; the caller adds file and snippet.
struct Fault {
  std::string code = "rego_parse_error";
  Place place;
  std::string message;
  std::string hint;
  Code error = Code::policy_syntax;
};

// Keywords that imports switched on.
struct Keywords {
  bool logical_and = false;
  bool logical_or = false;
  bool not_body = false;
};

// False with `fault` set; then `out` has nothing to rely on. Trees hold no views of `text`, but
// `file` and offsets into it.
[[nodiscard]] bool parse_module(std::string_view text, std::uint32_t file, Module& out,
                                Fault& fault);
[[nodiscard]] bool parse_query(std::string_view text, std::uint32_t file, Body& out, Fault& fault);
// One ground value as Rego writes it: sets, any keys. For inputs of tests and tools.
// Code::policy_data for what does not parse, or has a variable or a call in it.
[[nodiscard]] Result<Value> parse_value(std::string_view text);

}  // namespace aw::rego
