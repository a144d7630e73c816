// SPDX-License-Identifier: Apache-2.0
#include "core/server/agent_session.h"

#include "core/a2a/grpc_frame.h"

namespace aw::server {

Result<std::unique_ptr<http::Session>> AgentSession::open(http::ConnectionInfo const& info,
                                                          CurrentCredentials const& credentials,
                                                          Pipeline& pipeline) {
  auto const now = credentials();
  if (!now) return make_error(Code::no_svid, "no usable identity");
  AW_TRY(auto peer, now->verify(info.peer_chain));
  auto const until = peer->not_after;
  Visitor visitor{.peer = std::move(peer),
                  .until = until,
                  .self = now->self(),
                  .remote_address = info.remote_address};
  visitor.line = pipeline.line_of(visitor);
  visitor.load = pipeline.load_of(visitor);
  return std::unique_ptr<http::Session>(
      new AgentSession(std::move(visitor), info.peer_chain, pipeline));
}

io::Task<void> AgentSession::handle(http::Request& request, http::ResponseWriter& writer) {
  co_await pipeline_.serve(visitor_, request, writer);
}

bool AgentSession::wants_streaming(http::Request const& head) const { return a2a::is_grpc(head); }

io::Task<void> AgentSession::handle_streaming(http::Request& request, http::BodyReader& body,
                                              http::ResponseWriter& writer) {
  if (visitor_.messages == nullptr) visitor_.messages = pipeline_.messages_of(visitor_);
  co_await pipeline_.serve(visitor_, request, writer, &body);
}

bool AgentSession::valid_under(identity::Credentials const& credentials) const {
  auto const again = credentials.verify(sent_);
  return again.ok() && (*again)->id == visitor_.peer->id;
}

}  // namespace aw::server
