// SPDX-License-Identifier: Apache-2.0
// Numbers as OPA computes them: integers exact at any size, everything else as a float of 64 bits
// of mantissa, printed as the shortest text that reads back the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/rego/value.h"

namespace aw::rego {

// By value and exactly, whatever the spelling: <0, 0, >0. Precondition here and below: numbers.
[[nodiscard]] int compare_numbers(Value const& a, Value const& b);
[[nodiscard]] std::uint64_t hash_number(Value const& number);
[[nodiscard]] bool is_integer(Value const& number);  // by value: 1.0 is one
// Exact decimal integer text of an integral number ("1e3" -> "1000"); nullopt otherwise or when
// longer than 100'000 digits.
[[nodiscard]] std::optional<std::string> integer_text(Value const& number);
// Of decimal integer text.
[[nodiscard]] Value integer_from_text(std::string_view digits);

enum class Arithmetic { plus, minus, times, divide, modulo };
// On error the value is undefined and `problem`, a text that lives for ever, says why ("divide by
// zero"). Undefined without a problem: the result is no finite number.
[[nodiscard]] Value arithmetic(Arithmetic op, Value const& a, Value const& b,
                               std::string_view& problem);

enum class Rounding { round, ceil, floor, abs };
// `round`: halves away from zero. ceil and floor of what lies between -1 and 0 answer as OPA
// does.
[[nodiscard]] Value round_number(Rounding how, Value const& number);

// A float of 64 bits of mantissa: x87's, which is what OPA's arithmetic rounds to.
using Float = long double;
static_assert(__LDBL_MANT_DIG__ >= 64);
[[nodiscard]] Float to_float(Value const& number);
[[nodiscard]] Value from_float(Float number);

// Bitwise operations over integers of any size, in two's complement.
enum class Bits { conjunction, disjunction, exclusive, shift_left, shift_right };
// Problems: an operand that is no integer, a negative shift, one of more than 2^20 places.
[[nodiscard]] Value bits(Bits op, Value const& a, Value const& b, std::string_view& problem);
[[nodiscard]] Value bits_negate(Value const& a, std::string_view& problem);
// In base 2, 8, 10 or 16 (lower case), the number's integral part.
// Empty when it has more than 100'000 digits.
[[nodiscard]] std::string integer_in_base(Value const& number, int base);

}  // namespace aw::rego
