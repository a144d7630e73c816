// SPDX-License-Identifier: Apache-2.0
// A capability served by another A2A server: the message goes there, its events come back as this
// task's own.
//
// Tasks and contexts are ours; the other side has its own for each, which no caller can choose or
// see: its context is derived from the owner and ours, its task id stands in the agent's messages
// that ask back. A task cancelled here is cancelled there. Immutable but for the card it keeps; any
// loop.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "core/a2a/executor.h"
#include "core/a2a/remote.h"
#include "core/backend/config.h"
#include "core/base/log.h"

namespace aw::server {

class A2aUpstream final : public a2a::Executor {
 public:
  // Everything given outlives it. Code::config_conflict for a URL that would leave this machine in
  // the clear; the server need not answer yet.
  static Result<std::unique_ptr<A2aUpstream>> make(backend::Config const& config,
                                                   http::Client& client, Clock const& clock);

  // Follows the other side's stream, or asks for its task twice a second where there is none.
  // Errors: backend_unreachable, backend_timeout, backend_answer_malformed, backend_failed,
  // overloaded. A cancelled run cancels there too, without waiting for the answer.
  [[nodiscard]] io::Task<Result<void>> run(a2a::Work work, a2a::Progress& progress) override;
  [[nodiscard]] bool serves(std::string_view) const override { return true; }

 private:
  // What the card said: where to call, in which binding, and whether it streams.
  struct Known {
    a2a::Interface interface;
    a2a::Streams streams = a2a::Streams::no;
    SteadyTime fetched;
  };
  A2aUpstream(a2a::Line line, a2a::Wish wish) : line_(std::move(line)), wish_(wish) {}
  // The card, at most five minutes old.
  [[nodiscard]] io::Task<Result<Known>> known(SteadyTime deadline);
  [[nodiscard]] a2a::Line line_for(a2a::Work const& work) const;
  void forget();

  a2a::Line const line_;
  a2a::Wish const wish_;
  std::mutex mutex_;
  std::optional<Known> known_;  // guarded by mutex_
};

}  // namespace aw::server
