// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/remote.h"

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "core/a2a/client_grpc.h"
#include "core/a2a/replay_headers.h"
#include "core/base/text.h"

namespace aw::a2a {
namespace {

void mark(http::Request& request, Line const& line, std::string const& traceparent) {
  request.headers.append(line.headers);
  if (line.replay == Replay::marked) {
    auto const fresh = fresh_replay_headers(line.clock.now());
    request.headers.set(kNonceHeader, fresh.nonce);
    request.headers.set(kTimestampHeader, fresh.timestamp);
  }
  request.headers.set("traceparent", traceparent.empty() ? new_traceparent() : traceparent);
}

http::CallOptions options_for(Line const& line, SteadyTime deadline,
                              http::Protocol protocol = http::Protocol::negotiated) {
  return {.deadline = deadline,
          .max_body = kMostRemoteAnswer,
          .security = line.security ? &*line.security : nullptr,
          // What was sent once may have been done; a nonce is refused the second time anyway.
          .repeat = http::Repeat::never,
          .protocol = protocol};
}

http::Protocol protocol_for(Interface const& one) {
  return one.transport == Transport::grpc ? http::Protocol::http2 : http::Protocol::negotiated;
}

// gRPC has a port of its own with most servers of this machine. In the clear it is followed there
// and nowhere else.
Result<http::Endpoint> grpc_place(Line const& line, Interface const& one) {
  bool const stays = line.endpoint.scheme == http::Scheme::unix_socket ||
                     (line.follow == Follow::pinned && line.security);
  if (stays) return line.endpoint;
  AW_TRY(auto place, grpc_endpoint(one.url, line.endpoint));
  if (place.scheme == line.endpoint.scheme && (line.security || is_this_machine(place)))
    return place;
  return make_error(Code::protocol, "the agent's card names " + text::printable(one.url) +
                                        ", which is not as well secured as the card itself");
}

// Where an interface is called. A card must not move a verified call to the open web, nor to
// another process of this machine.
Result<http::Endpoint> endpoint_of(Line const& line, Interface const& one) {
  if (one.transport == Transport::grpc) return grpc_place(line, one);
  if (line.follow == Follow::pinned) return line.endpoint;
  AW_TRY(auto url, http::parse_url(one.url));
  if (url.endpoint.scheme == line.endpoint.scheme && line.endpoint.scheme == http::Scheme::https)
    return url.endpoint;
  if (url.endpoint == line.endpoint) return url.endpoint;
  return make_error(Code::protocol, "the agent's card names " + text::printable(one.url) +
                                        ", which is not as well secured as the card itself");
}

Result<std::string> grpc_document(Interface const& one, Kind kind, http::Response const& response) {
  AW_TRY(grpc_outcome(response.status, response.headers, response.trailers));
  return grpc_body_json(one, kind, response.body);
}

}  // namespace

http::Security spiffe_security(std::shared_ptr<const identity::Credentials> const& credentials,
                               identity::SpiffeId const& id) {
  http::Security out;
  out.name = credentials->self().text() + " -> " + id.text();
  out.context = [credentials, id]() -> Result<std::shared_ptr<const tls::Context>> {
    return credentials->client_for(id);
  };
  // The context's own check has refused anybody else already; this one does not rely on it.
  out.check = [id](std::span<const tls::Certificate> chain) -> Result<void> {
    if (chain.empty()) return make_error(Code::peer_unverified, "the peer sent no certificate");
    AW_TRY(auto const peer_id, identity::check_leaf(chain.front()));
    if (peer_id == id) return {};
    return make_error(Code::peer_mismatch,
                      "expected " + id.text() + ", but the peer is " + peer_id.text());
  };
  return out;
}

bool is_this_machine(http::Endpoint const& endpoint) {
  if (endpoint.scheme == http::Scheme::unix_socket) return true;
  if (endpoint.host == "localhost") return true;
  boost::system::error_code ec;
  auto const address = boost::asio::ip::make_address(endpoint.host, ec);
  return !ec && address.is_loopback();
}

Error with_notes(Error error, DecisionNotes const& decision) {
  if (!decision.id.empty()) error = std::move(error).with("decision_id", decision.id);
  if (!decision.hint.empty()) error = std::move(error).with("decision_hint", decision.hint);
  return error;
}

io::Task<Result<FetchedCard>> fetch_card(Line line, SteadyTime deadline) {
  FetchedCard out;
  http::CallReport report;
  for (auto const* const name : {"/.well-known/agent-card.json", "/.well-known/agent.json"}) {
    http::Request request;
    request.set_target(line.base + name);
    request.headers.set("accept", "application/json");
    request.headers.set("a2a-version", "1.0");
    mark(request, line, {});
    auto options = options_for(line, deadline);
    options.max_body = std::size_t{4} << 20;
    options.report = &report;
    AW_CO_TRY(auto response,
              co_await line.transport.send(line.endpoint, std::move(request), options));
    if (response.status == 404) continue;
    if (response.status != 200) {
      bool const json = check_json(response.body).ok();
      co_return with_notes(
          remote_error(response.status, json ? JsonView(response.body) : JsonView())
              .within("the agent's card"),
          decision_notes(response.headers));
    }
    out.json = std::move(response.body);
    AW_CO_TRY(out.card, read_remote_card(out.json));
    out.peer_chain = std::move(report.peer_chain);
    out.etag = std::string(response.headers.get("etag").value_or(std::string_view()));
    co_return out;
  }
  co_return make_error(Code::not_found, line.endpoint.text() + " has no agent card",
                       "an A2A server has one at /.well-known/agent-card.json");
}

struct Remote::Prepared {
  http::Endpoint endpoint;
  http::Request request;
};

Result<Remote::Prepared> Remote::prepare(Ask const& ask, std::string const& traceparent) const {
  Prepared out;
  AW_TRY(out.endpoint, endpoint_of(line_, one_));
  AW_TRY(out.request, encode(one_, ask));
  mark(out.request, line_, traceparent);
  return out;
}

io::Task<Result<RemoteAnswer>> Remote::ask(Ask ask, std::string traceparent, SteadyTime deadline) {
  AW_CO_TRY(auto prepared, prepare(ask, traceparent));
  bool const grpc = one_.transport == Transport::grpc;
  if (grpc) set_grpc_timeout(prepared.request, deadline - line_.clock.steady());
  AW_CO_TRY(auto response,
            co_await line_.transport.send(prepared.endpoint, std::move(prepared.request),
                                          options_for(line_, deadline, protocol_for(one_))));
  RemoteAnswer out{.body = nullptr, .value = {}, .decision = decision_notes(response.headers)};
  auto json = grpc ? grpc_document(one_, ask.kind, response)
                   : Result<std::string>(std::move(response.body));
  if (!json.ok()) co_return with_notes(std::move(json).error(), out.decision);
  out.body = std::make_shared<const std::string>(std::move(json).value());
  auto opened =
      grpc ? Result<JsonView>(JsonView(*out.body)) : open_answer(one_, response.status, *out.body);
  if (!opened.ok()) co_return with_notes(std::move(opened).error(), out.decision);
  out.value = *opened;
  co_return out;
}

io::Task<Result<std::unique_ptr<RemoteStream>>> Remote::open(Ask ask, std::string traceparent,
                                                             StreamDeadline deadline) {
  AW_CO_TRY(auto prepared, prepare(ask, traceparent));
  bool const bounded = deadline.end != SteadyTime::max();
  if (bounded && one_.transport == Transport::grpc)
    set_grpc_timeout(prepared.request, deadline.end - line_.clock.steady());
  AW_CO_TRY(auto answer,
            co_await line_.transport.open(prepared.endpoint, std::move(prepared.request),
                                          options_for(line_, deadline.first, protocol_for(one_))));
  auto stream = std::make_unique<RemoteStream>(one_, ask.kind, std::move(answer));
  AW_CO_TRY(co_await stream->begun(deadline.first));
  co_return stream;
}

}  // namespace aw::a2a
