// SPDX-License-Identifier: Apache-2.0
// One connection to the agent's listener: who is at the other end, and the pipeline its requests go
// through.
//
// Belongs to its connection's loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/http/server.h"
#include "core/identity/credentials.h"
#include "core/server/pipeline.h"

namespace aw::server {

// The credentials of now; null = none usable.
using CurrentCredentials = std::function<std::shared_ptr<const identity::Credentials>()>;

// Holds the visitor that verify_peer named; there is no other way to make one.
class AgentSession final : public http::Session {
 public:
  // Gates 1 and 2 for a connection whose handshake is done: the chain is verified again with the
  // credentials of now, so that nothing slips in between two snapshots. Errors as
  // identity::verify_peer. `pipeline` outlives the session.
  static Result<std::unique_ptr<http::Session>> open(http::ConnectionInfo const& info,
                                                     CurrentCredentials const& credentials,
                                                     Pipeline& pipeline);

  [[nodiscard]] io::Task<void> handle(http::Request& request,
                                      http::ResponseWriter& writer) override;
  // gRPC: its messages are cut out of the body as it comes.
  [[nodiscard]] bool wants_streaming(http::Request const& head) const override;
  [[nodiscard]] io::Task<void> handle_streaming(http::Request& request, http::BodyReader& body,
                                                http::ResponseWriter& writer) override;
  // On the record, with who it was.
  [[nodiscard]] std::optional<http::Response> refuse(http::EarlyRefusal const& refusal) override {
    return pipeline_.refuse_early(visitor_, refusal);
  }
  [[nodiscard]] std::string_view caller() const override { return visitor_.peer->id.text(); }
  [[nodiscard]] WallTime must_close_by() const override { return visitor_.peer->not_after; }

  // Does the peer's chain still verify with these credentials?
  // Must still be the same SPIFFE ID. On the connection's loop.
  [[nodiscard]] bool valid_under(identity::Credentials const& credentials) const;
  // From here on its requests are refused as those of an unverified peer; what runs is finished.
  // `until_closed` is held until the connection is gone.
  void distrust(std::shared_ptr<void> until_closed) {
    visitor_.until = WallTime::min();
    until_closed_ = std::move(until_closed);
  }

 private:
  AgentSession(Visitor visitor, std::vector<tls::Certificate> sent, Pipeline& pipeline)
      : visitor_(std::move(visitor)), sent_(std::move(sent)), pipeline_(pipeline) {}

  Visitor visitor_;
  std::vector<tls::Certificate> const sent_;
  Pipeline& pipeline_;
  std::shared_ptr<void> until_closed_;  // whoever counts connections that go
};

}  // namespace aw::server
