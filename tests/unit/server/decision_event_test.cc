// SPDX-License-Identifier: Apache-2.0
#include "core/server/decision_event.h"

#include <doctest/doctest.h>

#include "core/audit/chain.h"
#include "core/base/text.h"

using namespace aw;          // NOLINT(google-build-using-namespace): test
using namespace aw::server;  // NOLINT(google-build-using-namespace): test

namespace {

Trace const kTold{.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736", .span_id = "00f067aa0ba902b7"};

DecisionFacts facts(authz::Direction direction) {
  return {.direction = direction,
          .trace = kTold,
          .decision_id = "d-1",
          .caller = "spiffe://corp.test/a",
          .callee = "spiffe://corp.test/b",
          .action = "greet",
          .method = "SendMessage",
          .task_id = "t-1",
          .remote_address = "127.0.0.1:1"};
}

}  // namespace

TEST_CASE("a decision's event says who asked whom for what, in which direction and trace") {
  for (auto const direction : {authz::Direction::inbound, authz::Direction::outbound}) {
    auto const event = decision_event(facts(direction), authz::allow("policy"), WallTime{});
    CHECK(event.type == audit::EventType::auth_check);
    CHECK(event.direction == (direction == authz::Direction::inbound ? "inbound" : "outbound"));
    CHECK(event.caller == "spiffe://corp.test/a");
    CHECK(event.callee == "spiffe://corp.test/b");
    CHECK(event.action == "greet");
    CHECK(event.capability == "greet");
    CHECK(event.resource == "SendMessage");
    CHECK(event.task_id == "t-1");
    CHECK(event.decision_id == "d-1");
    CHECK(event.request_id == "d-1");
    CHECK(event.trace_id == kTold.trace_id);
    CHECK(event.span_id == kTold.span_id);
    CHECK(event.remote_address == "127.0.0.1:1");
  }
}

TEST_CASE("a decision's event carries a code exactly when policy said no") {
  struct Row {
    authz::AuthzDecision decision;
    audit::Decision told;
    audit::Mode mode;
    bool code;
  };
  auto logged = authz::allow("log-only");
  logged.would_deny = true;
  for (auto const& row :
       {Row{authz::AuthzDecision{}, audit::Decision::deny, audit::Mode::enforce, true},
        Row{authz::deny("no"), audit::Decision::deny, audit::Mode::enforce, true},
        Row{authz::allow("yes"), audit::Decision::allow, audit::Mode::enforce, false},
        Row{logged, audit::Decision::allow, audit::Mode::log_only, true}}) {
    CAPTURE(row.decision.reason);
    auto const event = decision_event(facts(authz::Direction::inbound), row.decision, WallTime{});
    CHECK(event.decision == row.told);
    CHECK(event.mode == row.mode);
    CHECK(event.code.has_value() == row.code);
    CHECK(event.reason == row.decision.reason);
  }
}

TEST_CASE("whatever callers and policies write, the record of it is short enough to be one") {
  std::string const controls(100'000, '\x01');  // six bytes each, in JSON
  std::string long_words = "a";                 // so that a limit falls into a character
  for (int i = 0; i < 50'000; ++i) long_words += "\xC3\xBC";
  auto given = facts(authz::Direction::inbound);
  given.method = long_words;
  given.task_id = controls;
  auto denied = authz::deny(controls);
  for (auto const& reason : {controls, long_words}) {
    denied.reason = reason;
    auto const event = decision_event(given, denied, WallTime{});
    std::string members;
    audit::append_members(members, event, "agent");
    CHECK(members.size() < audit::kMaxRecordBytes / 2);
    CHECK(text::is_utf8(members));
  }
}
