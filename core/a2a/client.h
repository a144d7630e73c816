// SPDX-License-Identifier: Apache-2.0
// Asks agents of ours what only they answer (may I? your card): as ourselves, over mutual TLS, to
// exactly the SPIFFE ID that was asked for. remote.h speaks A2A with anybody.
//
// Sits on http::Client and lives by its rules (any loop, each call with a deadline). Every request
// carries a fresh nonce and timestamp. References and credentials outlive the calls; make a new one
// when the identity rotates (cheap; connections are kept by the http::Client).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/http/client.h"
#include "core/identity/credentials.h"
#include "core/identity/spiffe_id.h"
#include "core/io/task.h"

namespace aw::a2a {

// Whom to ask and where; the peer must prove `id`.
struct Peer {
  identity::SpiffeId id;
  http::Endpoint endpoint;
};

// What is known about an agent's decision. An answer brings the id and nothing more: a caller must
// not learn the policy. Whoever may know the rest fills it in.
struct DecisionNotes {
  std::string id;    // "d-…"
  std::string rule;  // "authz.rego:14"
  std::string hint;  // `closest rule authz.rego:14 matches all but action ("greet", "status")`
  std::optional<std::chrono::nanoseconds> duration;  // of the policy
};

// An answer of any status. `body` has at most 16 MiB: a longer answer is an error.
struct Reply {
  int status = 0;
  std::string body;
  DecisionNotes decision;
  http::CallReport report;
};

// The refusal in a reply, as the error it was at the other side: its code, its message, context
// decision_id. Success for 2xx.
[[nodiscard]] Result<void> check_reply(Reply const& reply);
[[nodiscard]] Result<void> check_reply(int status, std::string_view body,
                                       DecisionNotes const& decision);
// Of an answer's headers; foreign text, printable before it is shown.
[[nodiscard]] DecisionNotes decision_notes(http::Headers const& headers);

// A new W3C trace: version 00, random ids, sampled.
[[nodiscard]] std::string new_traceparent();

class Client {
 public:
  Client(http::Client& transport, std::shared_ptr<const identity::Credentials> credentials,
         Clock const& clock)
      : transport_(transport), credentials_(std::move(credentials)), clock_(clock) {}

  // A Reply is any answer; errors are those of http::Client and of the peer's verification.
  // GET /a2a/v1/authorize?action=…: all gates, no backend.
  [[nodiscard]] io::Task<Result<Reply>> authorize(Peer peer, std::string action,
                                                  SteadyTime deadline);
  // GET /.well-known/agent-card.json (the 1.0 document)
  [[nodiscard]] io::Task<Result<Reply>> card(Peer peer, SteadyTime deadline);

 private:
  [[nodiscard]] http::Security security_for(identity::SpiffeId const& id) const;
  void add_common_headers(http::Request& request) const;
  [[nodiscard]] io::Task<Result<Reply>> ask(Peer peer, http::Request request, SteadyTime deadline);

  http::Client& transport_;
  std::shared_ptr<const identity::Credentials> credentials_;  // shared with contexts in use
  Clock const& clock_;
};

}  // namespace aw::a2a
