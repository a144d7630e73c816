// SPDX-License-Identifier: Apache-2.0
// The bindings' parsers, one function each; the router picks by path. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/a2a/params.h"
#include "core/a2a/router.h"

namespace aw::a2a {

// A refusal in the protocol's words; `refuse_gate` one in the gates' (refusal.h).
[[nodiscard]] Parsed refuse(Shape const& shape, std::string_view method, Wrong const& wrong);
[[nodiscard]] Parsed refuse_gate(Shape const& shape, std::string_view method, Code code);
// Media type and JSON, checked before anything is read from it. `method` for audit.
[[nodiscard]] MaybeWrong check_body(http::Request const& request, RouterOptions const& options);

// By the operation's kind; `params` of any JSON-RPC, REST or gRPC request of the protocol proper.
[[nodiscard]] MaybeWrong read_params(JsonView params, RouterOptions const& options,
                                     Operation& operation);

// The body is the message, without its prefix.
[[nodiscard]] Parsed parse_grpc(http::Request const& request, RouterOptions const& options);
// Batches are not served (JSON-RPC 2.0 §6): an array is refused.
[[nodiscard]] Parsed parse_rpc(http::Request const& request, RouterOptions const& options);
// `segments`: the path below /a2a/v1, split.
[[nodiscard]] Parsed parse_plain(http::Request const& request,
                                 std::span<const std::string_view> segments,
                                 RouterOptions const& options);
// The earlier implementation's {id} and {id}/stream.
[[nodiscard]] Parsed parse_documented(http::Request const& request, std::string_view rest);
// `path` without the /v1 of 0.3 (`dialect` says whether it was there) and without /{tenant}.
[[nodiscard]] Parsed parse_rest(http::Request const& request, std::string_view tenant,
                                std::string_view path, Dialect dialect,
                                RouterOptions const& options);

}  // namespace aw::a2a
