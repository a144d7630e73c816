// SPDX-License-Identifier: Apache-2.0
// gRPC's own services, their messages: health answers, and what reflection tells of ours.
//
// Pure; any thread. Bytes in, bytes out: no protobuf type leaves this file. What is told is the
// protocol's public schema, the same for every agent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace aw::a2a {

// A ServerReflectionRequest to its ServerReflectionResponse; what is not found is answered inside.
// Code::request_malformed for bytes that are none.
[[nodiscard]] Result<std::string> reflect(std::string_view request);

enum class Serving : std::uint8_t { yes, no };
// A HealthCheckRequest to its HealthCheckResponse. Code::not_found for a service that is not here,
// Code::request_malformed.
[[nodiscard]] Result<std::string> health_answer(std::string_view request, Serving serving);

}  // namespace aw::a2a
