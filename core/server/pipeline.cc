// SPDX-License-Identifier: Apache-2.0
#include "core/server/pipeline.h"

#include <utility>

#include "core/a2a/refusal.h"
#include "core/audit/reconcile.h"
#include "core/base/json.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/server/decision_event.h"
#include "core/server/trace.h"
#include "core/server/unasked.h"
#include "core/server/visit.h"

namespace aw::server {
namespace {

constexpr std::string_view kDecisionHeader = "x-agentweave-decision-id";
// What is said of answers that did not leave whole: their head did, or nothing (as others' logs
// have it; no such status is ever sent).
constexpr int kBegun = 200;
constexpr int kClosedByCaller = 499;

// Counts while it lives, also when the caller goes away in the middle.
class InFlight {
 public:
  explicit InFlight(metrics::Gauge& gauge) : gauge_(gauge) { gauge_.add(1); }
  ~InFlight() { gauge_.add(-1); }
  InFlight(InFlight const&) = delete;
  InFlight& operator=(InFlight const&) = delete;

 private:
  metrics::Gauge& gauge_;
};

Freshness freshness(http::Request const& request) {
  return {.nonce = request.headers.get(kNonceHeader),
          .timestamp = request.headers.get(kTimestampHeader)};
}

// A caller is who its certificate says. What it writes about that itself is never passed on:
// requests to backends are built from nothing.
std::size_t claims_in(http::Request const& request) {
  return request.headers.count("x-agentweave-caller") +
         request.headers.count("x-forwarded-client-cert");
}

// Two of one header could be read differently by whoever looks next: not a pair we vouch for.
bool ambiguous(http::Request const& request) {
  return request.headers.count(kNonceHeader) > 1 || request.headers.count(kTimestampHeader) > 1;
}

// By what is told of it: who goes away is no failure of ours, a task that a restart ended is.
RequestStatus status_of(a2a::Outcome const& result) {
  if (!result.code) return RequestStatus::success;
  if (result.gone && *result.code == Code::interrupted) return RequestStatus::interrupted;
  return http_status(*result.code) >= 500 ? RequestStatus::error : RequestStatus::denied;
}

}  // namespace

std::shared_ptr<CallLine> Pipeline::line_of(Visitor const& visitor) const {
  if (needs_.calls == nullptr) return {};
  auto const& peer = *visitor.peer;
  // The leaf's own: `peer` has the chain's, whose authority may be younger.
  auto const from = peer.chain.empty() ? peer.not_before : peer.chain.front().not_before();
  return needs_.calls->line({.caller = peer.id.text(),
                             .callee = visitor.self.text(),
                             .life = SvidLife{.not_before = from, .not_after = peer.not_after}});
}

io::Task<void> Pipeline::serve(Visitor const& visitor, http::Request& request,
                               http::ResponseWriter& writer, http::BodyReader* body) {
  Visit visit{.visitor = visitor,
              .request = request,
              .writer = writer,
              .body = body,
              .began = needs_.clock.steady(),
              .time = needs_.clock.now(),
              .decision_id = time_ordered_id(needs_.clock.now(), "d-"),
              .trace = needs_.tracer.begin(request.headers.get("traceparent")),
              .shape = a2a::shape_of(request),
              .capability = {},
              .method = request.method + " " + std::string(request.path),
              .task_id = {}};
  writer.add_header(kDecisionHeader, visit.decision_id);
  OnCut const unwinding([this, &visit] { cut(visit); });
  if (auto const claims = claims_in(request); claims > 0) {
    needs_.instruments.claims_dropped.add(claims);
  }

  // 1, 2: TLS, chain, SPIFFE ID and trust domain were established with the connection; time has
  // passed since.
  if (visitor.until <= visit.time) {
    co_return co_await refuse(
        visit, make_error(Code::peer_unverified, "the caller's certificate has expired"));
  }
  // 3: limits.
  visit.gate = "limits";
  auto const slot = needs_.admission.enter(visitor.load);
  if (slot.room() == Admission::Room::none_for_caller) {
    co_return co_await refuse(visit,
                              make_error(Code::rate_limited, "this caller's requests in work"),
                              std::chrono::seconds(1));
  }
  if (!slot) {
    co_return co_await refuse(visit, make_error(Code::overloaded, "concurrency limit"),
                              std::chrono::seconds(1));
  }
  if (auto const wait = needs_.rates.take(visitor.peer->id.text(), visit.began); wait.count() > 0) {
    co_return co_await refuse(visit, make_error(Code::rate_limited, "this caller's rate"), wait);
  }
  // 4: replay.
  visit.gate = "replay";
  if (ambiguous(request)) {
    co_return co_await refuse(visit,
                              make_error(Code::request_malformed, "replay headers given twice"));
  }
  if (auto fresh = needs_.replay.admit(visitor.peer->id.text(), freshness(request)); !fresh.ok()) {
    co_return co_await refuse(visit, std::move(fresh).error());
  }
  co_await understand(visit);
}

// 5: understood.
io::Task<void> Pipeline::understand(Visit& visit) {
  auto& request = visit.request;
  visit.gate = "understood";
  if (visit.body != nullptr && !a2a::is_grpc_conversation(request.path)) {
    auto message = co_await read_grpc_message(*visit.body, needs_.router.max_body(), messages_,
                                              visit.visitor.messages.get());
    if (!message.ok()) co_return co_await refuse(visit, std::move(message).error());
    request.body = std::move(*message);
  }
  // Callers that are agents of this kind record the same.
  if (request.headers.get(kNonceHeader)) {
    visit.receipt = audit::receipt_of(visit.trace.trace_id, visit.visitor.peer->id.text(),
                                      visit.visitor.self.text(), request.body);
  }
  auto parsed = needs_.router.parse(request);
  if (auto* refused = std::get_if<a2a::Refused>(&parsed)) {
    co_return co_await refuse_as(visit, std::move(*refused));
  }
  if (auto* unmapped = std::get_if<a2a::Unmapped>(&parsed)) {
    visit.shape = unmapped->shape;
    co_return co_await refuse(visit,
                              make_error(unmapped->code, "no action is mapped to this route"));
  }
  if (auto* asked = std::get_if<a2a::CardRequest>(&parsed)) co_return co_await card(visit, *asked);
  if (auto* asked = std::get_if<a2a::HealthRequest>(&parsed))
    co_return co_await health(visit, *asked);
  if (auto* asked = std::get_if<a2a::GrpcAside>(&parsed)) co_return co_await aside(visit, *asked);
  co_await decide(visit, std::get<a2a::Operation>(parsed));
}

io::Task<void> Pipeline::decide(Visit& visit, a2a::Operation& operation) {
  visit.understood = true;
  visit.shape = operation.shape;
  visit.method = operation.method;
  visit.task_id = operation.task_id;
  if (operation.timeout) operation.deadline = visit.began + *operation.timeout;
  auto caller = caller_of(visit);
  auto resolved = needs_.service.resolve(operation, caller);
  visit.capability = operation.capability;
  if (!resolved.ok()) co_return co_await refuse(visit, std::move(resolved).error());
  // 6: may this caller do this?
  visit.gate = "authorization";
  auto const asked = question_of(visit, operation);
  auto const decision = co_await needs_.authorization.authorize(asked);
  visit.question = &asked;
  // 7: on the record, before anything happens because of it.
  if (auto recorded = co_await record(visit, decision); !recorded.ok()) {
    needs_.log.failed(log::Component::audit, log::Level::error, "denied: no audit record",
                      recorded.error());
    co_return co_await refuse(visit, make_error(Code::audit_unavailable, "no audit record"),
                              std::chrono::seconds(1));
  }
  count_call(visit, decision);
  needs_.instruments.decided(visit.capability,
                             decision.allowed() ? PolicyAnswer::allow : PolicyAnswer::deny,
                             std::chrono::duration<double>(decision.duration).count());
  if (!decision.allowed()) {
    visit.denied = decision.code;
    needs_.instruments.refused(decision.code);
    a2a::Outcome const denied{.status = http_status(decision.code), .code = decision.code};
    std::optional<std::chrono::seconds> retry;
    if (decision.retry_after.count() > 0) retry = decision.retry_after;
    co_await visit.writer.respond(a2a::refusal(
        visit.shape,
        {.code = decision.code, .decision_id = visit.decision_id, .retry_after = retry}));
    co_return outcome(visit, denied);
  }
  // 8: dispatch, 9: outcome.
  visit.streams = operation.kind == a2a::Kind::stream || operation.kind == a2a::Kind::subscribe;
  co_await dispatch(visit, operation, caller);
}

io::Task<void> Pipeline::dispatch(Visit& visit, a2a::Operation& operation, a2a::Caller& caller) {
  InFlight const counted(needs_.instruments.in_flight);
  auto const result =
      co_await needs_.service.execute(std::move(operation), std::move(caller), visit.writer);
  visit.task_id = result.task_id;
  outcome(visit, result);
}

// Any verified peer may read the public card (docs/decisions/task-actions.md); the read is on the
// record all the same.
io::Task<void> Pipeline::card(Visit& visit, a2a::CardRequest const& asked) {
  auto decision = authz::allow("public_card");
  decision.decided_by = "built-in";
  if (auto recorded = co_await record(visit, decision); !recorded.ok()) {
    co_return co_await refuse(visit, std::move(recorded).error(), std::chrono::seconds(1));
  }
  count_call(visit, decision);
  auto response = needs_.cards(asked);
  a2a::Outcome const result{.status = response.status};
  co_await visit.writer.respond(std::move(response));
  outcome(visit, result);
}

// As the public card. The earlier implementation's document; what is wrong is said on the metrics
// port, to those who run the agent.
io::Task<void> Pipeline::health(Visit& visit, a2a::HealthRequest const& asked) {
  auto decision = authz::allow("health");
  decision.decided_by = "built-in";
  if (auto recorded = co_await record(visit, decision); !recorded.ok()) {
    co_return co_await refuse(visit, std::move(recorded).error(), std::chrono::seconds(1));
  }
  count_call(visit, decision);
  bool const well = asked.what == a2a::HealthRequest::What::live || !needs_.ready || needs_.ready();
  http::Response response;
  response.status = well ? 200 : 503;
  response.headers.add("content-type", "application/json");
  response.headers.add("cache-control", "no-store");
  if (asked.body == a2a::CardRequest::Body::yes) {
    json::Writer out(response.body);
    out.begin_object().member("status", well ? "healthy" : "unhealthy");
    out.member("agent", needs_.agent_name).end_object();
  }
  a2a::Outcome const result{.status = response.status};
  co_await visit.writer.respond(std::move(response));
  outcome(visit, result);
}

// As the public card: the answer is the same for everyone and tells nothing of tasks or backends.
io::Task<void> Pipeline::aside(Visit& visit, a2a::GrpcAside const& asked) {
  visit.method = asked.method;
  auto decision = authz::allow("grpc_service");
  decision.decided_by = "built-in";
  if (auto recorded = co_await record(visit, decision); !recorded.ok()) {
    co_return co_await refuse(visit, std::move(recorded).error(), std::chrono::seconds(1));
  }
  count_call(visit, decision);
  co_await serve_grpc_aside({.asked = asked,
                             .request = visit.request,
                             .body = visit.body,
                             .writer = visit.writer,
                             .ready = needs_.ready});
  outcome(visit, {.status = 200});
}

io::Task<void> Pipeline::refuse(Visit& visit, Error error, std::chrono::nanoseconds retry_after) {
  visit.denied = error.code;
  needs_.instruments.refused(error.code);
  // A refusal needs no record to be safe; it is refused either way.
  auto const decision = authz::deny(std::string(code_info(error.code).id), error.code);
  count_call(visit, decision);
  if (auto recorded = co_await record(visit, decision, Stands::anyway); !recorded.ok()) {
    needs_.log.failed(log::Component::audit, log::Level::error, "refusal without audit record",
                      recorded.error());
  }
  std::optional<std::chrono::seconds> retry;
  if (retry_after.count() > 0) retry = std::chrono::ceil<std::chrono::seconds>(retry_after);
  a2a::Outcome const result{.status = http_status(error.code), .code = error.code};
  if (needs_.log.enabled(log::Component::authz, log::Level::info)) {
    needs_.log.write(log::Component::authz, log::Level::info, "Request rejected",
                     {{"caller_spiffe_id", visit.visitor.peer->id.text()},
                      {"code", code_name(error.code)},
                      {"reason", error.message},
                      {"decision_id", visit.decision_id}});
  }
  bool const protocol = error.code == Code::task_not_found ||
                        error.code == Code::unknown_capability ||
                        (visit.understood && error.code == Code::request_malformed);
  co_await visit.writer.respond(protocol
                                    ? a2a::error_response(visit.shape, error, visit.decision_id)
                                    : a2a::refusal(visit.shape, {.code = error.code,
                                                                 .decision_id = visit.decision_id,
                                                                 .retry_after = retry}));
  outcome(visit, result);
}

io::Task<void> Pipeline::refuse_as(Visit& visit, a2a::Refused refused) {
  visit.method = refused.method;
  visit.denied = refused.code;
  needs_.instruments.refused(refused.code);
  auto const error = make_error(refused.code, "not understood");
  auto const decision = authz::deny(std::string(code_info(error.code).id), error.code);
  count_call(visit, decision);
  if (auto recorded = co_await record(visit, decision, Stands::anyway); !recorded.ok()) {
    needs_.log.failed(log::Component::audit, log::Level::error, "refusal without audit record",
                      recorded.error());
  }
  if (refused.with_id) refused.response = refused.with_id(visit.decision_id);
  a2a::Outcome const result{.status = refused.response.status, .code = refused.code};
  co_await visit.writer.respond(std::move(refused.response));
  outcome(visit, result);
}

Records Pipeline::records() const {
  return {.audit = needs_.audit,
          .tracer = needs_.tracer,
          .decisions = needs_.decisions,
          .decision_logs = needs_.decision_logs,
          .recent = &needs_.recent};
}

void Pipeline::cut(Visit const& visit) {
  // A stream has no deadline: its reader went away.
  auto code = visit.streams ? Code::interrupted : why_cut(visit.writer);
  if (code == Code::interrupted && visit.denied) code = *visit.denied;  // heard or not
  if (!visit.on_record) {
    auto const decision = authz::deny(std::string(code_info(code).id), code);
    needs_.instruments.refused(code);
    count_call(visit, decision);
    record_soon(records(), {.facts = facts_of(visit),
                            .decision = decision,
                            .gate = visit.gate,
                            .time = needs_.clock.now()});
  }
  bool const gone = code == Code::interrupted;
  int const status = !gone ? http_status(code) : visit.streams ? kBegun : kClosedByCaller;
  outcome(visit, {.status = status, .code = code, .task_id = {}, .state = {}, .gone = gone});
}

io::Task<Result<void>> Pipeline::record(Visit& visit, authz::AuthzDecision const& decision,
                                        Stands stands) {
  visit.instead = std::exchange(visit.on_record, true);
  auto const now = needs_.clock.now();
  auto const facts = facts_of(visit);
  needs_.tracer.decided(facts, decision, now);
  auto const event = decision_event(facts, decision, now);
  auto* const logs = needs_.decision_logs;
  if (needs_.decisions != nullptr) {
    // Begun before the audit record, so that one turn's end writes both.
    decisions::Ticket ticket;
    std::string frame;  // made once, masks and all, for both
    needs_.decisions->keep(kept_fields(visit, decision, needs_.policy_path), ticket,
                           logs == nullptr ? nullptr : &frame);
    // An allow that nobody can look up is not given, so the log must not tell of it.
    auto recorded =
        co_await needs_.audit.recorded(event, decision.allowed() ? &ticket.outcome : nullptr);
    auto kept = co_await needs_.decisions->settled(ticket);
    if (recorded.ok()) recorded = std::move(kept);
    bool const stood = recorded.ok() || stands == Stands::anyway;
    if (logs != nullptr && stood) logs->offer_frame(std::move(frame));
    co_return recorded;
  }
  auto recorded = co_await needs_.audit.recorded(event);
  // Another decision follows under this id, and only one is told of.
  if (!recorded.ok() && stands == Stands::when_recorded) co_return recorded;
  if (logs != nullptr) logs->offer(kept_fields(visit, decision, needs_.policy_path));
  needs_.recent.add({.decision_id = visit.decision_id,
                     .time = visit.time,
                     .trace_id = visit.trace.trace_id,
                     .caller = visit.visitor.peer->id.text(),
                     .callee = visit.visitor.self.text(),
                     .action = visit.capability,
                     .method = visit.method,
                     .remote_address = visit.visitor.remote_address,
                     .gate = decision.allowed() ? std::string_view("dispatch") : visit.gate,
                     .decision = decision});
  co_return recorded;
}

void Pipeline::outcome(Visit const& visit, a2a::Outcome const& result) {
  auto const took = needs_.clock.steady() - visit.began;
  auto const status = status_of(result);
  if (status == RequestStatus::error) needs_.instruments.failed(*result.code);
  Instruments::Ended ended{.status = status,
                           .seconds = std::chrono::duration<double>(took).count()};
  if (visit.trace.kept) {
    auto const now = needs_.clock.now();
    ended.trace_id = visit.trace.trace_id;
    ended.unix_time = unix_seconds(now);
    needs_.tracer.answered(
        facts_of(visit),
        {.status = result.status, .code = result.code, .began = visit.time, .ended = now});
  }
  needs_.instruments.request(visit.capability, ended);
  if (!needs_.log.enabled(log::Component::a2a, log::Level::debug)) return;
  needs_.log.write(
      log::Component::a2a, log::Level::debug, "Request completed",
      {{"caller_spiffe_id", visit.visitor.peer->id.text()},
       {"action", visit.capability},
       {"status", std::to_string(result.status)},
       {"duration_ms",
        std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count())},
       {"task_id", visit.task_id},
       {"trace_id", visit.trace.trace_id},
       {"decision_id", visit.decision_id}});
}

}  // namespace aw::server
