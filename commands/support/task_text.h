// SPDX-License-Identifier: Apache-2.0
// What came of a task, for people: its product, its state, why it failed. Pure; the task comes from
// another machine.
#pragma once

#include <string>

#include "core/a2a/task.h"
#include "core/base/result.h"

namespace aw::commands {

// The result if it has one (the artifact "result" with one data part), else the text of its
// artifacts, else what its status says; artifacts that are neither data nor text as JSON.
[[nodiscard]] std::string product_of(a2a::Task const& task);
// A lone data part as it is, else its text, else the message as JSON.
[[nodiscard]] std::string product_of(a2a::Message const& message);
// The words of a message's text parts; empty for null.
[[nodiscard]] std::string words_of(a2a::MessagePtr const& message);

[[nodiscard]] bool going_on(a2a::Task const& task);  // submitted or working

// What a task that did not complete means for the caller: Code::backend_failed.
[[nodiscard]] Result<void> check_task(a2a::Task const& task);

}  // namespace aw::commands
