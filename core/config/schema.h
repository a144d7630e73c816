// SPDX-License-Identifier: Apache-2.0
// The table of settings (schema.cc) and the lists of older and refused spellings (retired.cc).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/diagnostic.h"
#include "core/config/field.h"

namespace aw::config {

// Every setting, sections together, in the order of the reference page. Built at the first call,
// immutable afterwards; any thread.
[[nodiscard]] std::span<const Field> all_fields();
// By its key in the table ("peers[].id"); null when there is none.
// Exact names only: no older spelling, no index.
[[nodiscard]] Field const* find_field(std::string_view key);
// Does some row stand below `key`?
[[nodiscard]] bool is_section(std::string_view key);
// Names that may stand directly below a section ("" = top level).
// For "did you mean"; the views live as long as the program.
[[nodiscard]] std::vector<std::string_view> names_below(std::string_view section);
// One line; empty for a section without.
[[nodiscard]] std::string_view section_help(std::string_view section);

// A documented older spelling; accepted with AW1201.
struct Alias {
  std::string_view old;  // a setting or a section
  std::string_view now;
  // How the value changes on the way.
  // unix_scheme: a bare path gets unix://. plus_one: retries become tries.
  enum class Value { same, unix_scheme, plus_one } value = Value::same;
};
[[nodiscard]] std::span<const Alias> all_aliases();
// A value under an older name, as the name of now has it; what does not fit stays as it is.
[[nodiscard]] std::string as_now(std::string value, Alias::Value change);

// A name known from elsewhere that has no meaning here. `accepts` lists values that describe what
// is so anyway ("*" = any); everything else is refused (or warned about).
struct Retired {
  std::string_view key;
  std::string_view accepts;  // comma separated
  std::string_view why;
  std::string_view hint;
  // ignored: a warning, the rest errors; verification is AW1002, since it would have weakened us.
  enum class Kind { refused, ignored, verification } kind = Kind::refused;
};
[[nodiscard]] std::span<const Retired> all_retired();

}  // namespace aw::config
