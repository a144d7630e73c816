// SPDX-License-Identifier: Apache-2.0
// What an agent is to the code it is written in: capabilities with handlers, and calls to others.
//
// Agent is the seam between that code and what carries it: SecureAgent on the network,
// testing::MockSecureAgent in a unit test. Code that takes an Agent& runs in both.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"

namespace aw::sdk {

// One call of a capability, after every gate let it through. What identifies the caller comes from
// the gates, never from what the caller sent.
struct Call {
  std::string capability;
  std::string payload;  // JSON, valid under the capability's schema
  std::string caller;   // verified SPIFFE ID
  std::string task_id;
  std::string context_id;
  std::string decision_id;    // in the audit log and in the caller's answer
  std::string traceparent;    // hand it on: CallOptions::traceparent
  SteadyTime deadline;        // the task fails then, whatever the handler does
  std::stop_token cancelled;  // stopped when the answer interests nobody any more
};

// What a handler may say before it is done. Any thread; nothing blocks; nothing is heard any more
// after the call has ended.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void status(std::string_view text) = 0;  // still working, and on what
  // A named piece of the answer, sent to a caller that streams as soon as it is said.
  virtual void artifact(std::string_view name, std::string_view text) = 0;
  // Ends the call with a question to the caller, or with a no: what the handler returns is dropped.
  virtual void input_required(std::string_view text) = 0;
  virtual void rejected(std::string_view text) = 0;
};

// Returns one JSON value. May block: handlers run on threads of their own. An error fails the task:
// the caller sees the message of a Code::backend_failed, of anything else the code's title only.
// What it throws fails the task with Code::internal.
using Handler = std::function<Result<std::string>(Call const& call, Progress& progress)>;

struct Capability {
  std::string name;  // ^[a-z][a-z0-9_]*$: the action of policies
  std::string description;
  // JSON Schema (drafts 4 to 7) of the payload; empty = anything. Each call is held against it
  // before the handler hears of it; a payload that does not fit is invalid params.
  std::string parameters = {};
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
  Handler handler = {};
};

struct CallOptions {
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
  std::string traceparent = {};
};

class Agent {
 public:
  virtual ~Agent() = default;

  // Before `start`, once a name. Code::usage for a name that cannot be or is taken, or no handler;
  // Code::config_* for a schema that would not be checked in full.
  virtual Result<void> add_capability(Capability capability) = 0;

  // Calls another agent, as ourselves, and waits for its result (one JSON value). `target`: a
  // SPIFFE ID, or a short name of our own trust domain. Our own policy is asked first (direction
  // outbound), the call is on our record, and the peer must prove the ID. Errors: what refused it
  // (denied_by_policy with context decision_id, …), backend_failed when the other's task failed,
  // backend_timeout when it is still at it.
  // Blocks: for handlers and threads of yours, not for callbacks of this library.
  virtual Result<std::string> call_agent(std::string_view target, std::string_view capability,
                                         std::string_view payload, CallOptions options) = 0;
  Result<std::string> call_agent(std::string_view target, std::string_view capability,
                                 std::string_view payload) {
    return call_agent(target, capability, payload, CallOptions{});
  }

  [[nodiscard]] virtual std::string spiffe_id() const = 0;  // empty before `start`
};

}  // namespace aw::sdk
