// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/client.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "core/a2a/client_codec.h"
#include "core/a2a/remote.h"
#include "core/a2a/replay_headers.h"
#include "core/base/json.h"
#include "core/base/percent.h"
#include "core/base/random.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{16} << 20;

std::string answer_header(http::Headers const& headers, std::string_view name) {
  return std::string(headers.get(name).value_or(std::string_view()));
}

// {"error":{"code":"AW3001","message":"denied",…}}; an empty object when the body is something
// else.
json::Json error_object(std::string_view body) {
  auto parsed = json::parse(body);
  if (!parsed.ok() || !parsed->is_object()) return json::Json::object();
  auto const found = parsed->find("error");
  return found != parsed->end() && found->is_object() ? *found : json::Json::object();
}

std::string text_member(json::Json const& object, char const* name) {
  auto const found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

http::Request make_request(std::string_view method, std::string_view target) {
  http::Request request;
  request.method = method;
  request.set_target(target);
  request.headers.set("accept", "application/json");
  return request;
}

}  // namespace

DecisionNotes decision_notes(http::Headers const& headers) {
  DecisionNotes out;
  out.id = answer_header(headers, "x-agentweave-decision-id");
  return out;
}

Result<void> check_reply(int status, std::string_view body, DecisionNotes const& decision) {
  if (status >= 200 && status < 300) return {};
  auto const said = error_object(body);
  auto const code = parse_code(text_member(said, "code")).value_or(code_of_status(status));
  auto message = text_member(said, "message");
  if (message.empty()) message = code_info(code).title;
  auto error = make_error(code, std::move(message)).with("http_status", std::to_string(status));
  if (!decision.id.empty()) error = std::move(error).with("decision_id", decision.id);
  if (!decision.hint.empty()) error = std::move(error).with("decision_hint", decision.hint);
  return error;
}

Result<void> check_reply(Reply const& reply) {
  return check_reply(reply.status, reply.body, reply.decision);
}

std::string new_traceparent() { return "00-" + random_hex(16) + "-" + random_hex(8) + "-01"; }

http::Security Client::security_for(identity::SpiffeId const& id) const {
  return spiffe_security(credentials_, id);
}

void Client::add_common_headers(http::Request& request) const {
  auto const fresh = fresh_replay_headers(clock_.now());
  request.headers.set(kNonceHeader, fresh.nonce);
  request.headers.set(kTimestampHeader, fresh.timestamp);
  request.headers.set("traceparent", new_traceparent());
}

io::Task<Result<Reply>> Client::ask(Peer peer, http::Request request, SteadyTime deadline) {
  auto const security = security_for(peer.id);
  Reply reply;
  // A replayed request is refused by its nonce, so the transport must never repeat one.
  http::CallOptions const options{.deadline = deadline,
                                  .max_body = kMaxAnswer,
                                  .security = &security,
                                  .repeat = http::Repeat::never,
                                  .report = &reply.report};
  AW_CO_TRY(auto response, co_await transport_.send(peer.endpoint, std::move(request), options));
  reply.status = response.status;
  reply.decision = decision_notes(response.headers);
  reply.body = std::move(response.body);
  co_return reply;
}

io::Task<Result<Reply>> Client::authorize(Peer peer, std::string action, SteadyTime deadline) {
  auto request = make_request("GET", "/a2a/v1/authorize?action=" + percent_encoded(action));
  add_common_headers(request);
  co_return co_await ask(std::move(peer), std::move(request), deadline);
}

io::Task<Result<Reply>> Client::card(Peer peer, SteadyTime deadline) {
  auto request = make_request("GET", "/.well-known/agent-card.json");
  request.headers.set("a2a-version", "1.0");
  add_common_headers(request);
  co_return co_await ask(std::move(peer), std::move(request), deadline);
}

}  // namespace aw::a2a
