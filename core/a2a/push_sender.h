// SPDX-License-Identifier: Apache-2.0
// Sends webhooks with libcurl: many at a time, one thread.
//
// Belongs to the thread that calls `send` and `wait`; `wake` may be called from any.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/a2a/operation.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::a2a {

// `timeout` is one attempt's, half of it for the connection.
struct PushSenderOptions {
  bool allow_private = false;
  std::chrono::seconds timeout{15};
  std::size_t concurrency = 16;
};

// Borrowed for `send`, which copies.
struct PushJob {
  std::string name;  // these two come back in the result
  std::uint64_t sequence;
  Webhook const& config;
  std::string const& body;
};

// `reason` is for the log; no part of the answer's body is in it.
struct PushResult {
  enum class Outcome : std::uint8_t {
    delivered,  // 2xx
    failed,     // may succeed later
    refused,    // must not be dialled, or will never be taken (410): not tried again
  };
  std::string name;
  std::uint64_t sequence = 0;
  Outcome outcome = Outcome::failed;
  std::string reason;
};

// What can be said of a URL without resolving it. Code::request_malformed.
[[nodiscard]] Result<void> check_webhook(std::string_view url, bool allow_private);

// A connection serves one attempt: a kept one would skip the check of its address.
class PushSender {
 public:
  explicit PushSender(PushSenderOptions options);
  ~PushSender();
  PushSender(PushSender const&) = delete;
  PushSender& operator=(PushSender const&) = delete;

  // False when too many are under way; nothing is kept then.
  [[nodiscard]] bool send(PushJob const& job);
  // What ended, after the network, `wake` or `until`.
  // Empty when nothing ended; never waits longer than half a minute.
  [[nodiscard]] std::vector<PushResult> wait(SteadyTime until);
  void wake();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aw::a2a
