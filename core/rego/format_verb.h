// SPDX-License-Identifier: Apache-2.0
// One verb of Go's fmt, `%-8.3x`, applied to one argument. Pure functions: any thread, no errors;
// a verb that does not fit its argument is answered as Go answers it, with a note in the text.
#pragma once

#include <string>
#include <string_view>

#include "core/rego/utf8.h"
#include "core/rego/value.h"

namespace aw::rego {

// Width and precision are at most this; whoever reads a format sees to it. Go allows a million.
inline constexpr int kMaxFormatWidth = 100'000;

// What stands between `%` and the verb, and the verb. -1: not given.
struct VerbSpec {
  bool minus = false;
  bool plus = false;
  bool sharp = false;
  bool space = false;
  bool zero = false;  // never beside `minus`
  int width = -1;
  int precision = -1;
  Rune verb = 0;
};

// What Go would have been given: OPA hands over numbers and strings, all else as its text.
struct FormatArgument {
  enum class Kind { integer, big, floating, text };
  Kind kind = Kind::text;
  std::string text;
  double number = 0;

  [[nodiscard]] static FormatArgument of(Value const& value);
  // The name of Go's type: int64, *big.Int, float64 or string.
  [[nodiscard]] std::string_view type_name() const;
};

// Not for `%%`, which asks for no argument.
[[nodiscard]] std::string format_verb(VerbSpec const& spec, FormatArgument const& argument);

}  // namespace aw::rego
