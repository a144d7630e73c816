// SPDX-License-Identifier: Apache-2.0
// Unpredictable bytes and the ids made of them. Any thread; does not block after boot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace aw {

// `count` bytes from the kernel's CSPRNG; ends the process if the kernel has none (there is no safe
// fallback).
[[nodiscard]] std::string random_bytes(std::size_t count);
// Small draws (up to 32 bytes) come from a store of each thread, which a fork voids and which is
// zeroed as it is handed out.
[[nodiscard]] std::uint64_t random_u64();

// The same as lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string random_hex(std::size_t count);

// 26 characters, Crockford base32, time-ordered (the ULID layout): 48 bits of milliseconds, 80
// random bits.
// Two of one millisecond are in no order. An id is a name, not a secret: its time can be read.
// `prefix` stands before them: "d-" of a decision.
[[nodiscard]] std::string time_ordered_id(WallTime now, std::string_view prefix = {});
// RFC 9562 version 4.
[[nodiscard]] std::string random_uuid();

}  // namespace aw
