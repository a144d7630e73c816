// SPDX-License-Identifier: Apache-2.0
#include "core/server/outbound.h"

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "core/a2a/refusal.h"
#include "core/audit/reconcile.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/http/sse.h"
#include "core/server/decision_event.h"
#include "core/server/decision_fields.h"
#include "core/server/trace.h"
#include "core/server/unasked.h"

namespace aw::server {

// One call of our own agent on its way through the gates.
struct OutboundVisit {
  http::Request& request;
  http::ResponseWriter& writer;
  std::string const& remote_address;
  WallTime time;
  std::string decision_id;
  Trace trace;
  a2a::Shape shape;
  std::shared_ptr<const identity::Credentials> credentials = nullptr;
  std::optional<OutboundTarget> target = std::nullopt;
  // As far as the request was understood.
  std::string action = {};
  std::string method = {};
  std::string binding = {};
  std::string skill = {};
  std::string task_id = {};
  std::string context_id = {};
  Safe safe = Safe::once;
  bool card = false;
  int status = 0;              // of the answer
  std::optional<Code> code{};  // why there is none of the peer's
  bool on_record = false;      // or tried to be
  bool instead = false;        // what is recorded now takes the place of what could not be
};

namespace {

constexpr std::size_t kMostWhole = std::size_t{64} << 20;

// Whoever names no skill asks for this action; there is no default that grants anything.
constexpr std::string_view kUnnamedAction = "message";

Safe safety(a2a::Kind kind) {
  switch (kind) {
    case a2a::Kind::get:
    case a2a::Kind::list:
    case a2a::Kind::subscribe:
    case a2a::Kind::extended_card:
    case a2a::Kind::authorize_only:
      return Safe::to_repeat;
    default:
      return Safe::once;
  }
}

void understand(OutboundVisit& visit, a2a::Operation const& operation) {
  visit.shape = operation.shape;
  visit.method = operation.method;
  visit.binding = a2a::binding_name(operation.shape.binding);
  visit.skill = operation.skill;
  visit.task_id = operation.task_id;
  visit.context_id = operation.context_id;
  visit.safe = safety(operation.kind);
  // What a task of somebody else is about is not known here: the operation itself is the action.
  visit.action = operation.capability.empty()
                     ? std::string(a2a::kind_name(operation.kind)) + "_task"
                     : operation.capability;
  if (operation.kind == a2a::Kind::list) visit.action = "list_tasks";
  if (operation.kind == a2a::Kind::extended_card) visit.action = "get_extended_card";
}

authz::AuthzContext outbound_question(OutboundVisit const& visit) {
  return {.caller = visit.credentials->self(),
          .callee = visit.target->id,
          .action = visit.action,
          .direction = authz::Direction::outbound,
          .method = visit.method,
          .binding = visit.binding,
          .skill = visit.skill,
          .task_id = visit.task_id,
          .context_id = visit.context_id,
          .remote_address = visit.remote_address,
          .request_id = visit.decision_id,
          .time = visit.time,
          .context_json = "{\"payload_size\":" + std::to_string(visit.request.body.size()) + "}"};
}

// As the server and in-process callers name them.
Door door_of(std::string_view remote_address) {
  return remote_address == "unix"         ? Door::unix_socket
         : remote_address == "in-process" ? Door::in_process
                                          : Door::tcp;
}

std::string_view spiffe_text(identity::SpiffeId const* id) {
  return id == nullptr ? std::string_view() : std::string_view(id->text());
}

// What the callee records of this call too.
std::string outbound_receipt(OutboundVisit const& visit) {
  if (!visit.credentials || !visit.target) return {};
  return audit::receipt_of(visit.trace.trace_id, visit.credentials->self().text(),
                           visit.target->id.text(), visit.request.body);
}

DecisionFacts outbound_facts(OutboundVisit const& visit) {
  auto const* const self = visit.credentials ? &visit.credentials->self() : nullptr;
  auto const* const peer = visit.target ? &visit.target->id : nullptr;
  return {.direction = authz::Direction::outbound,
          .trace = visit.trace,
          .decision_id = visit.decision_id,
          .caller = spiffe_text(self),
          .callee = spiffe_text(peer),
          .action = visit.action,
          .method = visit.method,
          .task_id = visit.task_id,
          .remote_address = visit.remote_address};
}

// There was somebody, but not whom we asked for: or they did not want us.
bool no_peer(Code code) {
  switch (code) {
    case Code::peer_unverified:
    case Code::peer_mismatch:
    case Code::handshake_failed:
    case Code::no_bundle:
    case Code::svid_expired:
    case Code::svid_malformed:
    case Code::spiffe_id_malformed:
    case Code::trust_domain_not_allowed:
      return true;
    default:
      return false;
  }
}

bool streams(http::ResponseStream const& answer) {
  auto const type = answer.headers().get("content-type").value_or(std::string_view());
  return text::lower(type).starts_with(http::kSseContentType);
}

io::Task<Result<std::string>> whole_body(http::ResponseStream& answer, SteadyTime until) {
  std::string body;
  while (true) {
    AW_CO_TRY(auto const piece, co_await answer.read(until));
    if (piece.empty()) co_return body;
    if (body.size() + piece.size() > kMostWhole)
      co_return make_error(Code::too_large, "the peer's answer passes 64 MiB");
    body += piece;
  }
}

}  // namespace

Result<http::Address> outbound_address(std::string_view listen) {
  AW_TRY(auto address, http::parse_address(listen));
  auto const* tcp = std::get_if<http::TcpAddress>(&address);
  if (tcp == nullptr || tcp->host == "localhost") return address;
  boost::system::error_code ec;
  auto const ip = boost::asio::ip::make_address(tcp->host, ec);
  if (!ec && ip.is_loopback()) return address;
  return make_error(Code::config_out_of_range,
                    "outbound.listen " + std::string(listen) + " can be reached by other machines",
                    "whoever reaches it calls as this agent: use 127.0.0.1 or a unix socket");
}

Outbound::Outbound(Needs needs)
    : needs_(std::move(needs)),
      router_({.capabilities = {std::string(kUnnamedAction)}}),
      forwarded_(needs_.metrics.counter("agentweave_outbound_requests_total",
                                        "Calls of the own agent that reached their peer.")),
      refused_(needs_.metrics.counter("agentweave_outbound_refusals_total",
                                      "Calls of the own agent that a gate refused.")),
      failed_(needs_.metrics.counter("agentweave_outbound_failures_total",
                                     "Calls of the own agent whose peer could not be reached.")) {}

io::Task<void> Outbound::serve(http::Request& request, http::ResponseWriter& writer,
                               std::string const& remote_address) {
  OutboundVisit visit{.request = request,
                      .writer = writer,
                      .remote_address = remote_address,
                      .time = needs_.clock.now(),
                      .decision_id = time_ordered_id(needs_.clock.now(), "d-"),
                      .trace = needs_.tracer.begin(request.headers.get("traceparent")),
                      .shape = a2a::shape_of(request),
                      .method = request.method + " " + std::string(request.path)};
  writer.add_header("x-agentweave-decision-id", visit.decision_id);
  OnCut const unwinding([this, &visit] { cut(visit); });
  if (from_browser(request))
    co_return co_await refuse(
        visit, make_error(Code::denied_by_policy, "web pages may not call agents through here"));
  visit.credentials = needs_.credentials();
  if (!visit.credentials)
    co_return co_await refuse(visit, make_error(Code::no_svid, "no usable identity"));
  auto const& own = visit.credentials->self().trust_domain();
  auto target =
      outbound_target(request, own, needs_.caller.discovery(), door_of(visit.remote_address));
  if (!target.ok()) {
    auto error = std::move(target).error();
    error.code = Code::unmapped_route;
    co_return co_await refuse(visit, std::move(error));
  }
  visit.target = std::move(target).value();
  auto meant = request;
  meant.set_target(visit.target->target);
  visit.shape = a2a::shape_of(meant);
  auto parsed = router_.parse(meant);
  if (auto* refused = std::get_if<a2a::Refused>(&parsed)) {
    visit.method = refused->method;
    if (refused->with_id) refused->response = refused->with_id(visit.decision_id);
    co_return co_await refuse(visit, make_error(refused->code, "not understood"),
                              std::move(refused->response));
  }
  if (std::holds_alternative<a2a::HealthRequest>(parsed))
    co_return co_await refuse(visit, make_error(Code::unmapped_route, "this is no A2A request"));
  if (auto const* unmapped = std::get_if<a2a::Unmapped>(&parsed))
    co_return co_await refuse(visit, make_error(unmapped->code, "this is no A2A request"));
  if (auto const* operation = std::get_if<a2a::Operation>(&parsed)) {
    understand(visit, *operation);
  } else {
    visit.action = "get_card";
    visit.binding = "card";
    visit.safe = Safe::to_repeat;
    visit.card = true;
  }
  co_await decide(visit, std::move(meant));
}

io::Task<void> Outbound::decide(OutboundVisit& visit, http::Request meant) {
  auto const asked = outbound_question(visit);
  auto const decision = co_await needs_.authorization.authorize(asked);
  if (auto recorded = record(visit, decision, &asked); !recorded.ok()) {
    needs_.log.failed(log::Component::audit, log::Level::error, "denied: no audit record",
                      recorded.error());
    co_return co_await refuse(visit, make_error(Code::audit_unavailable, "no audit record"),
                              a2a::refusal(visit.shape, {.code = Code::audit_unavailable,
                                                         .decision_id = visit.decision_id,
                                                         .retry_after = std::chrono::seconds(1)}));
  }
  count(visit, call_outcome(decision));
  if (decision.allowed()) {
    co_await forward(visit, std::move(meant));
    co_return needs_.tracer.answered(outbound_facts(visit), {.status = visit.status,
                                                             .code = visit.code,
                                                             .began = visit.time,
                                                             .ended = needs_.clock.now()});
  }
  refused_.add();
  std::optional<std::chrono::seconds> retry;
  if (decision.retry_after.count() > 0) retry = decision.retry_after;
  co_await visit.writer.respond(a2a::refusal(
      visit.shape,
      {.code = decision.code, .decision_id = visit.decision_id, .retry_after = retry}));
}

io::Task<void> Outbound::forward(OutboundVisit& visit, http::Request meant) {
  http::Request request;
  request.method = meant.method;
  request.set_target(meant.target);
  request.headers = outbound_headers(meant.headers);
  request.headers.set("traceparent", visit.trace.traceparent());
  if (visit.card)
    request.headers.set("a2a-version", meant.headers.get("a2a-version").value_or("1.0"));
  request.body = std::move(meant.body);
  auto const deadline = needs_.clock.steady() + needs_.caller.timeout();
  auto const answer = co_await needs_.caller.call(visit.credentials, visit.target->id,
                                                  std::move(request), visit.safe, deadline);
  if (!answer.ok()) {
    failed_.add();
    if (no_peer(answer.error().code)) count(visit, CallOutcome::refused_tls);
    needs_.log.failed(log::Component::transport, log::Level::warning,
                      "Call to " + visit.target->id.text() + " failed", answer.error());
    auto const code = answer.error().code == Code::overloaded ? Code::overloaded
                      : answer.error().code == Code::timeout  ? Code::backend_timeout
                                                              : Code::backend_unreachable;
    visit.code = code;
    visit.status = http_status(code);
    co_return co_await visit.writer.respond(a2a::refusal(
        visit.shape, {.code = code, .decision_id = visit.decision_id, .retry_after = {}}));
  }
  forwarded_.add();
  visit.status = (*answer)->status();
  if (visit.card && (*answer)->status() == 200) co_return co_await give_card(visit, **answer);
  co_await give_back(visit, **answer);
}

io::Task<void> Outbound::give_back(OutboundVisit& visit, http::ResponseStream& answer) {
  auto headers = returned_headers(answer.headers());
  auto const patience = needs_.caller.timeout();
  if (!streams(answer)) {
    auto body = co_await whole_body(answer, needs_.clock.steady() + patience);
    if (!body.ok()) co_return;  // the connection is cut: half an answer is none
    co_return co_await visit.writer.respond(
        {.status = answer.status(), .headers = std::move(headers), .body = *std::move(body)});
  }
  // Streams of agents are never silent for longer than their heartbeat.
  auto const silence = std::max<std::chrono::nanoseconds>(patience, std::chrono::minutes(1));
  auto written = co_await visit.writer.start(answer.status(), std::move(headers));
  while (written.ok()) {
    auto const piece = co_await answer.read(needs_.clock.steady() + silence);
    if (!piece.ok()) co_return;
    if (piece->empty()) break;
    written = co_await visit.writer.write(*piece);
  }
  if (written.ok()) written = co_await visit.writer.finish();
  // A caller that went away is its own business.
}

io::Task<void> Outbound::give_card(OutboundVisit& visit, http::ResponseStream& answer) {
  auto body = co_await whole_body(answer, needs_.clock.steady() + needs_.caller.timeout());
  if (!body.ok()) co_return;
  // Its interfaces lead through here by the name our own agent used.
  auto card = card_through(*body, "http://" + visit.request.authority + visit.target->prefix);
  if (!card.ok())
    co_return co_await visit.writer.respond(
        a2a::refusal(visit.shape, {.code = Code::backend_answer_malformed,
                                   .decision_id = visit.decision_id,
                                   .retry_after = {}}));
  http::Response response;
  response.headers.add("content-type", "application/json");
  response.headers.add("cache-control", "no-store");
  response.body = *std::move(card);
  co_await visit.writer.respond(std::move(response));
}

io::Task<void> Outbound::refuse(OutboundVisit& visit, Error error,
                                std::optional<http::Response> answer) {
  refused_.add();
  authz::AuthzDecision decision;
  decision.code = error.code;
  decision.reason = code_info(error.code).id;
  count(visit, call_outcome(decision));
  if (auto recorded = record(visit, decision, nullptr); !recorded.ok()) {
    needs_.log.failed(log::Component::audit, log::Level::error, "refusal without audit record",
                      recorded.error());
  }
  needs_.log.failed(log::Component::authz, log::Level::info, "Outbound call refused", error);
  if (answer) co_return co_await visit.writer.respond(*std::move(answer));
  co_await visit.writer.respond(a2a::refusal(
      visit.shape, {.code = error.code, .decision_id = visit.decision_id, .retry_after = {}}));
}

void Outbound::count(OutboundVisit const& visit, CallOutcome outcome) const {
  if (needs_.calls == nullptr || !visit.credentials || !visit.target) return;
  needs_.calls
      ->line({.caller = visit.credentials->self().text(),
              .callee = visit.target->id.text(),
              .we = CallMap::We::calling,
              .life = std::nullopt})
      ->count(outcome, needs_.clock.steady(), visit.decision_id);
}

decisions::Fields Outbound::kept_fields(OutboundVisit const& visit,
                                        authz::AuthzDecision const& decision,
                                        authz::AuthzContext const* asked) const {
  using decisions::Text;
  decisions::Fields fields;
  std::uint64_t flags = visit.instead ? decisions::kInstead : 0;
  set_facts(fields, outbound_facts(visit));
  if (asked != nullptr) {
    set_question(fields, *asked);
    flags |= decisions::kAsked;
    fields.set(Text::policy_path, needs_.policy_path);
  }
  fields.set(decisions::Number::flags, flags);
  fields.set(Text::gate, decision.allowed() ? "dispatch"
                         : asked == nullptr ? "understood"
                                            : "authorization");
  set_decision(fields, decision, visit.time);
  return fields;
}

Records Outbound::records() const {
  return {.audit = needs_.audit,
          .tracer = needs_.tracer,
          .decisions = needs_.decisions,
          .decision_logs = needs_.decision_logs};
}

void Outbound::cut(OutboundVisit const& visit) {
  auto const code = why_cut(visit.writer);
  auto const facts = outbound_facts(visit);
  auto const now = needs_.clock.now();
  if (!visit.on_record) {
    refused_.add();
    auto const decision = authz::deny(std::string(code_info(code).id), code);
    count(visit, call_outcome(decision));
    record_soon(records(),
                {.facts = facts, .decision = decision, .gate = "authorization", .time = now});
  }
  needs_.tracer.answered(
      facts, {.status = http_status(code), .code = code, .began = visit.time, .ended = now});
}

Result<void> Outbound::record(OutboundVisit& visit, authz::AuthzDecision const& decision,
                              authz::AuthzContext const* asked) {
  visit.instead = std::exchange(visit.on_record, true);
  auto* const logs = needs_.decision_logs;
  decisions::Ticket ticket;
  std::string frame;  // made once, masks and all, for both
  if (needs_.decisions != nullptr)
    needs_.decisions->keep_now(kept_fields(visit, decision, asked), ticket,
                               logs == nullptr ? nullptr : &frame);
  auto kept = std::move(ticket.outcome);
  // An allow that nobody can look up is not given; a refusal is on the record in any case.
  if (!kept.ok() && decision.allowed()) return kept;
  auto const now = needs_.clock.now();
  auto const receipt = outbound_receipt(visit);
  auto facts = outbound_facts(visit);
  facts.receipt = receipt;
  needs_.tracer.decided(facts, decision, now);
  auto recorded = needs_.audit.record(decision_event(facts, decision, now));
  if (recorded.ok()) recorded = std::move(kept);
  // What policy was asked about is refused under the same id when it could not be recorded.
  bool const stood = recorded.ok() || asked == nullptr;
  if (logs != nullptr && stood) {
    if (needs_.decisions != nullptr)
      logs->offer_frame(std::move(frame));
    else
      logs->offer(kept_fields(visit, decision, asked));
  }
  return recorded;
}

}  // namespace aw::server
