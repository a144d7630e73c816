// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/client.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "core/a2a/replay_headers.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/http/sse.h"

namespace aw::a2a {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{16} << 20;

std::string answer_header(http::Headers const& headers, std::string_view name) {
  return std::string(headers.get(name).value_or(std::string_view()));
}

// When the body names no code of ours: another implementation, or something in between.
Code code_of_status(int status) {
  switch (status) {
    case 401:
      return Code::no_client_certificate;
    case 403:
      return Code::denied_by_policy;
    case 404:
      return Code::not_found;
    case 409:
      return Code::replayed;
    case 413:
      return Code::too_large;
    case 429:
      return Code::rate_limited;
    case 503:
      return Code::overloaded;
    case 504:
      return Code::timeout;
    default:
      return status >= 500 ? Code::backend_failed : Code::request_malformed;
  }
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

std::string task_body(Invocation const& what) {
  std::string out;
  json::Writer(out)
      .begin_object()
      .member("task_type", what.action)
      .key("payload")
      .raw(what.payload)
      .end_object();
  return out;
}

http::Request make_request(std::string_view method, std::string_view target) {
  http::Request request;
  request.method = method;
  request.set_target(target);
  request.headers.set("accept", "application/json");
  return request;
}

http::Request make_send(Invocation const& what) {
  auto request = make_request("POST", "/a2a/v1/tasks");
  request.headers.set("content-type", "application/json");
  request.body = task_body(what);
  return request;
}

// RFC 3986 §2.3: everything but the unreserved characters.
std::string escaped(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (char const c : text) {
    if (kUnreserved.contains(c)) {
      out += c;
      continue;
    }
    auto const byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4U];
    out += kHex[byte & 15U];
  }
  return out;
}

io::Task<Result<std::string>> read_all(http::ResponseStream& stream, SteadyTime deadline) {
  std::string body;
  while (true) {
    AW_CO_TRY(auto const piece, co_await stream.read(deadline));
    if (piece.empty()) co_return body;
    if (body.size() + piece.size() > kMaxAnswer) {
      co_return make_error(Code::too_large, "the agent's answer passes 16 MiB");
    }
    body += piece;
  }
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

std::string new_traceparent() {
  return "00-" + text::to_hex(random_bytes(16)) + "-" + text::to_hex(random_bytes(8)) + "-01";
}

http::Security Client::security_for(identity::SpiffeId const& id) const {
  http::Security out;
  out.name = credentials_->self().text() + " -> " + id.text();
  auto const credentials = credentials_;
  out.context = [credentials, id]() -> Result<std::shared_ptr<const tls::Context>> {
    return credentials->client_for(id);
  };
  // The context's own check has refused anybody else already; this one does not rely on it.
  out.check = [credentials, id](std::span<const tls::Certificate> chain) -> Result<void> {
    if (chain.empty()) return make_error(Code::peer_unverified, "the peer sent no certificate");
    AW_TRY(auto const peer_id, identity::check_leaf(chain.front()));
    if (peer_id == id) return {};
    return make_error(Code::peer_mismatch,
                      "expected " + id.text() + ", but the peer is " + peer_id.text());
  };
  return out;
}

void Client::add_common_headers(http::Request& request, std::string const& traceparent) const {
  auto const fresh = fresh_replay_headers(clock_.now());
  request.headers.set(kNonceHeader, fresh.nonce);
  request.headers.set(kTimestampHeader, fresh.timestamp);
  request.headers.set("traceparent", traceparent.empty() ? new_traceparent() : traceparent);
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

io::Task<Result<Reply>> Client::send(Peer peer, Invocation what, SteadyTime deadline) {
  auto request = make_send(what);
  add_common_headers(request, what.traceparent);
  co_return co_await ask(std::move(peer), std::move(request), deadline);
}

io::Task<Result<Client::Stream>> Client::stream(Peer peer, Invocation what, SteadyTime deadline) {
  auto request = make_send(what);
  request.headers.set("accept", http::kSseContentType);
  add_common_headers(request, what.traceparent);
  auto const security = security_for(peer.id);
  http::CallOptions const options{
      .deadline = deadline, .security = &security, .repeat = http::Repeat::never};
  Stream out;
  AW_CO_TRY(out.events, co_await transport_.open(peer.endpoint, std::move(request), options));
  out.decision = decision_notes(out.events->headers());
  if (int const status = out.events->status(); status < 200 || status >= 300) {
    AW_CO_TRY(auto const body, co_await read_all(*out.events, deadline));
    AW_CO_TRY(check_reply(status, body, out.decision));
  }
  out.is_stream =
      answer_header(out.events->headers(), "content-type").starts_with(http::kSseContentType);
  co_return out;
}

io::Task<Result<Reply>> Client::task(Peer peer, std::string id, SteadyTime deadline) {
  auto request = make_request("GET", "/a2a/v1/tasks/" + escaped(id));
  add_common_headers(request, {});
  co_return co_await ask(std::move(peer), std::move(request), deadline);
}

io::Task<Result<Reply>> Client::authorize(Peer peer, std::string action, SteadyTime deadline) {
  auto request = make_request("GET", "/a2a/v1/authorize?action=" + escaped(action));
  add_common_headers(request, {});
  co_return co_await ask(std::move(peer), std::move(request), deadline);
}

io::Task<Result<Reply>> Client::card(Peer peer, SteadyTime deadline) {
  auto request = make_request("GET", "/.well-known/agent-card.json");
  request.headers.set("a2a-version", "1.0");
  add_common_headers(request, {});
  co_return co_await ask(std::move(peer), std::move(request), deadline);
}

}  // namespace aw::a2a
