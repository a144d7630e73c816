// SPDX-License-Identifier: Apache-2.0
// One webhook of one task: where its events are to be sent, and what they prove themselves with.
//
// Values. What `parse_push_config` gives back can be put into a request as it is: no line breaks,
// no control characters, a URL of http or https. A2A §push notifications.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/codec.h"
#include "core/a2a/json_view.h"
#include "core/a2a/operation.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace aw::a2a {

// Flat (1.0), wrapped in `pushNotificationConfig` (0.3 JSON-RPC) or in `config` besides (0.3's
// proto). Without a task id where the message has none. Code::request_malformed.
[[nodiscard]] Result<Webhook> parse_push_config(JsonView view);
void write_push_config(json::Writer& out, Webhook const& config, Spelling spelling);

// For the store, and back.
[[nodiscard]] std::string push_record(Webhook const& config);
// Code::state_unusable is the caller's to say: here it is Code::request_malformed like any text.
[[nodiscard]] Result<Webhook> parse_push_record(std::string_view text);

}  // namespace aw::a2a
