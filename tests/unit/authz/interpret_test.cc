// SPDX-License-Identifier: Apache-2.0
#include "core/authz/interpret.h"

#include <doctest/doctest.h>

#include "core/authz/input.h"
#include "fixture.h"

using namespace aw;
using namespace aw::authz;

namespace {

AuthzDecision interpret(std::string const& result) {
  auto const answer = interpret_answer(200, "{\"result\":" + result + "}");
  REQUIRE(answer.ok());
  return *answer;
}

}  // namespace

TEST_CASE("a decision that nobody made denies") {
  CHECK_FALSE(AuthzDecision{}.allowed());
  CHECK_FALSE(deny("x").allowed());
  CHECK_FALSE(unavailable("x", std::chrono::seconds(0)).allowed());
  CHECK(unavailable("x", std::chrono::seconds(0)).retry_after == std::chrono::seconds(1));
  CHECK(allow("x").allowed());
}

TEST_CASE("what a policy's result means") {
  struct Case {
    std::string result;
    bool allowed;
    Code code;
    std::string reason;
  };
  auto const denied = Code::denied_by_policy;
  auto const malformed = Code::policy_result_malformed;
  for (auto const& [result, allowed, code, reason] : std::vector<Case>{
           {"true", true, denied, "allowed_by_policy"},
           {"false", false, denied, "no_matching_rule"},
           {R"({"allow":true})", true, denied, "allowed_by_policy"},
           {R"({"allow":true,"reason":"listed"})", true, denied, "listed"},
           {R"({"allow":false,"reason":"not listed"})", false, denied, "not listed"},
           {R"({})", false, denied, "no_matching_rule"},
           {R"({"reason":"odd"})", false, denied, "odd"},
           {R"({"allow":true,"deny":false})", true, denied, "allowed_by_policy"},
           {R"({"allow":true,"deny":[]})", true, denied, "allowed_by_policy"},
           {R"({"allow":true,"deny":null})", true, denied, "allowed_by_policy"},
           {R"({"allow":true,"deny":true})", false, denied, "denied_by_rule"},
           {R"({"allow":true,"deny":["banned","night"]})", false, denied, "banned; night"},
           {R"({"allow":true,"deny":{"banned":1}})", false, denied, "banned"},
           {R"({"allow":true,"deny":"banned"})", false, denied, "banned"},
           {R"({"allow":true,"deny":[{"m":1}],"reason":"listed"})", false, denied,
            "denied_by_rule"},
           {R"({"allow":false,"deny":true,"reason":"banned"})", false, denied, "banned"},
           {R"({"allow":true,"deny":7})", false, malformed,
            "policy_result_malformed: deny is a number"},
           {R"({"allow":"true"})", false, malformed,
            "policy_result_malformed: allow is not a boolean"},
           {R"({"allow":1})", false, malformed, "policy_result_malformed: allow is not a boolean"},
           {R"("true")", false, malformed,
            "policy_result_malformed: neither a boolean nor an object"},
           {"1", false, malformed, "policy_result_malformed: neither a boolean nor an object"},
           {"[true]", false, malformed, "policy_result_malformed: neither a boolean nor an object"},
           {"null", false, malformed, "policy_result_malformed: neither a boolean nor an object"},
       }) {
    auto const decision = interpret(result);
    CAPTURE(result);
    CHECK(decision.allowed() == allowed);
    CHECK(decision.reason == reason);
    if (!allowed) CHECK(decision.code == code);
  }
}

TEST_CASE("an undefined rule denies") {
  auto const decision = interpret_answer(200, "{}");
  REQUIRE(decision.ok());
  CHECK_FALSE(decision->allowed());
  CHECK(decision->reason == "no_matching_rule");
  CHECK(decision->code == Code::denied_by_policy);
}

TEST_CASE("an endpoint that gives no whole answer gave none") {
  CHECK_FALSE(interpret_answer(500, "{}").ok());
  CHECK_FALSE(interpret_answer(503, "{\"result\":true}").ok());
  CHECK_FALSE(interpret_answer(302, "{\"result\":true}").ok());
  CHECK_FALSE(interpret_answer(200, "").ok());
  CHECK_FALSE(interpret_answer(200, "true").ok());
  CHECK_FALSE(interpret_answer(200, "{\"result\":true").ok());
  CHECK_FALSE(interpret_answer(200, "{\"result\":true}x").ok());
  CHECK_FALSE(interpret_answer(200, "<html>").ok());
  CHECK_FALSE(
      interpret_answer(200, "{\"result\":true,\"x\":\"" + std::string(2 << 20, 'x') + "\"}").ok());
}

TEST_CASE("an answer that says both yes and no, or is no strict JSON, is none") {
  for (std::string const body :
       {R"({"result":false,"result":true})", R"({"result":true,"result":false})",
        R"({"result":{"allow":true,"allow":true}})", R"({"result":true,"x":1,"x":2})",
        R"({'result':true})", R"({"result":true,})", R"({"result":true} x)", "{\"result\":tRue}",
        "{\"result\":true}\xff", R"({"result":true /* yes */})", R"({"result":NaN})"}) {
    CAPTURE(body);
    CHECK_FALSE(interpret_answer(200, body).ok());
  }
}

TEST_CASE("an evaluation error is an answer that denies, so that no input opens the breaker") {
  auto const decision = interpret_answer(
      500, R"({"code":"internal_error","errors":[{"code":"eval_conflict_error"}]})");
  REQUIRE(decision.ok());
  CHECK_FALSE(decision->allowed());
  CHECK(decision->code == Code::policy_eval);
  CHECK_FALSE(interpret_answer(500, R"({"code":"internal_error","message":"x"})").ok());
}

TEST_CASE("a policy's words are bounded and cannot move the cursor") {
  auto const decision =
      interpret(R"({"allow":false,"reason":"\u001b[31m)" + std::string(5000, 'x') + "\"}");
  CHECK(decision.reason.size() < 600);
  CHECK(decision.reason.find('\x1b') == std::string::npos);
}

TEST_CASE("input is the superset of every dialect") {
  auto context = question("refund");
  context.method = "message/send";
  context.skill = "billing";
  context.remote_address = "10.2.3.4:5123";
  context.request_id = "r-1";
  context.context_json = R"({"params":{"amount":7},"remote_addr":"1.1.1.1"})";
  auto const input = opa_input(context);
  auto const text = [&](std::initializer_list<std::string_view> path) {
    return std::string(input.get(path).as_string());
  };
  CHECK(text({"caller_spiffe_id"}) == "spiffe://corp.example/agent/planner");
  CHECK(text({"callee_spiffe_id"}) == "spiffe://corp.example/agent/billing");
  CHECK(text({"resource_spiffe_id"}) == "spiffe://corp.example/agent/billing");
  CHECK(text({"caller_trust_domain"}) == "corp.example");
  CHECK(text({"callee_trust_domain"}) == "corp.example");
  CHECK(text({"resource_trust_domain"}) == "corp.example");
  CHECK(text({"action"}) == "refund");
  CHECK(text({"timestamp"}) == "2026-11-23T15:33:12.041Z");
  CHECK(text({"direction"}) == "inbound");
  CHECK(text({"caller", "spiffe_id"}) == "spiffe://corp.example/agent/planner");
  CHECK(text({"caller", "path"}) == "/agent/planner");
  CHECK(text({"agent", "name"}) == "billing");
  CHECK(text({"request", "method"}) == "message/send");
  CHECK(input.get({"request", "params", "amount"}).as_int() == 7);
  CHECK(text({"context", "request_id"}) == "r-1");
  CHECK(text({"context", "remote_addr"}) == "10.2.3.4");  // ours, not what the caller claims
}

TEST_CASE("what is not known is absent from the input") {
  auto const input = opa_input(question("refund"));
  CHECK_FALSE(input.get("skill").defined());
  CHECK_FALSE(input.get("task_id").defined());
  CHECK_FALSE(input.get({"context", "remote_addr"}).defined());
  CHECK(input.get({"request", "method"}).as_string() == "refund");
}

TEST_CASE("context that is no JSON object changes nothing") {
  for (auto const* text : {"not json", "[1]", "7", "{\"a\":"}) {
    auto context = question("refund");
    context.context_json = text;
    CHECK(opa_input(context).get("context").is(rego::Kind::object));
  }
}

TEST_CASE("ports are cut off every kind of address") {
  CHECK(address_without_port("10.2.3.4:5123") == "10.2.3.4");
  CHECK(address_without_port("10.2.3.4") == "10.2.3.4");
  CHECK(address_without_port("[::1]:443") == "::1");
  CHECK(address_without_port("fe80::1") == "fe80::1");
  CHECK(address_without_port("") == "");
}
