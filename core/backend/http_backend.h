// SPDX-License-Identifier: Apache-2.0
// A capability served by an HTTP service: one POST a call, answered whole or as server-sent events.
//
// Thread-safe; blocks nothing. The service is on this machine (loopback or a unix socket) or behind
// https with a public certificate.
#pragma once

#include <memory>

#include "core/backend/backend.h"
#include "core/http/client.h"

namespace aw::backend {

// Code::config_conflict for a URL that would leave this machine in the clear.
// A 4xx answer's words reach the task's owner, a 5xx answer's do not: both are backend_failed.
// Nothing is tried twice.
[[nodiscard]] Result<std::unique_ptr<Backend>> make_http_backend(Config const& config, Tools tools);

// The JSON document a service receives (docs/backends.md).
// An empty payload becomes {}; `message` only when there is one.
[[nodiscard]] std::string call_document(Call const& call);
// What a service says when it refuses: {"error": "…"}, {"error": {"message": "…"}}, {"detail":
// "…"}, or short plain text. Printable, bounded; empty when it says nothing usable.
[[nodiscard]] std::string refusal_text(std::string_view content_type, std::string_view body);

}  // namespace aw::backend
