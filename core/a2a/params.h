// SPDX-License-Identifier: Apache-2.0
// What the bindings share: reading an operation's parameters, whatever envelope they came in.
//
// Pure. Each reader fills `operation` or says what is wrong, in words for the caller.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/a2a/json_view.h"
#include "core/a2a/operation.h"
#include "core/a2a/refusal.h"
#include "core/a2a/router.h"

namespace aw::a2a {

// Why a request is refused. `what` may quote member names, never values.
struct Wrong {
  ProtocolError error = ProtocolError::request;
  std::string what;
  std::optional<Code> code = std::nullopt;  // for audit, when it says more than the error does
};
using MaybeWrong = std::optional<Wrong>;

// SendMessageRequest of any version: message, configuration, metadata.
[[nodiscard]] MaybeWrong read_send(JsonView params, RouterOptions const& options,
                                   Operation& operation);
// {id, historyLength?}
[[nodiscard]] MaybeWrong read_task_query(JsonView params, Operation& operation);
// A webhook to set, or the ids of one (or of all) of a task. The task's id may already be in
// `operation` (from the path).
[[nodiscard]] MaybeWrong read_push(JsonView params, Operation& operation);
[[nodiscard]] bool good_tenant(std::string_view name);  // empty is good: none
// A tenant is a name of at most 128 characters; it partitions the caller's own tasks.
[[nodiscard]] MaybeWrong read_tenant(JsonView params, Operation& operation);
[[nodiscard]] MaybeWrong read_list(JsonView params, Operation& operation);
// The FAQ's body, and the earlier implementation's task.send params.
[[nodiscard]] MaybeWrong read_plain_send(JsonView body, Operation& operation);

// "n" -> historyLength; anything but a small non-negative number is wrong.
[[nodiscard]] MaybeWrong read_history_length(std::optional<std::int64_t> value, bool given,
                                             Operation& operation);
[[nodiscard]] MaybeWrong read_page_size(std::optional<std::int64_t> value, Operation& operation);

// What `A2A-Version` (header or query) asks for. Empty is 0.3 by A2A §versioning; here it means "as
// the path or method says".
enum class AskedVersion : std::uint8_t { unsaid, v1_0, v0_3, unknown };
[[nodiscard]] AskedVersion asked_version(http::Request const& request);
[[nodiscard]] bool speaks(RouterOptions const& options, Dialect dialect);

// Requests, seen from here.
[[nodiscard]] std::string_view header(http::Request const& request, std::string_view name);
// application/json or application/a2a+json, and nothing else beside it.
[[nodiscard]] bool json_content(http::Request const& request);
// Is there a Content-Encoding (RFC 9110 §8.4) other than identity?
[[nodiscard]] bool encoded_content(http::Request const& request);
[[nodiscard]] bool wants_event_stream(http::Request const& request);
// Percent-decoded; the first of that name.
[[nodiscard]] std::optional<std::string> query_value(http::Request const& request,
                                                     std::string_view name);

}  // namespace aw::a2a
