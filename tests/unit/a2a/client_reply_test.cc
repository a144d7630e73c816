// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "core/a2a/client.h"
#include "core/a2a/replay_headers.h"
#include "core/base/text.h"

using namespace aw;       // NOLINT(google-build-using-namespace): test
using namespace aw::a2a;  // NOLINT(google-build-using-namespace): test

namespace {

Error refused(int status, std::string body) {
  Reply const reply{.status = status, .body = std::move(body), .decision = {.id = "d-1"}};
  auto result = check_reply(reply);
  REQUIRE(!result.ok());
  return result.error();
}

}  // namespace

TEST_CASE("a 2xx reply is no error") {
  CHECK(check_reply(Reply{.status = 200}).ok());
  CHECK(check_reply(Reply{.status = 202}).ok());
}

TEST_CASE("a refusal keeps the code the other side gave it") {
  auto const error =
      refused(403, R"({"error":{"code":"AW3001","reason":"no_matching_rule","message":"denied"}})");
  CHECK(error.code == Code::denied_by_policy);
  CHECK(error.message == "denied");
  CHECK(error.context == std::vector<std::pair<std::string, std::string>>{{"http_status", "403"},
                                                                          {"decision_id", "d-1"}});
}

TEST_CASE("a refusal of somebody else's server is named by its status") {
  CHECK(refused(403, "<html>").code == Code::denied_by_policy);
  CHECK(refused(409, "").code == Code::replayed);
  CHECK(refused(503, "{}").code == Code::overloaded);
  CHECK(refused(500, "{\"error\":7}").code == Code::backend_failed);
  CHECK(refused(418, "[]").code == Code::request_malformed);
}

TEST_CASE("an answer brings its decision's id; what it says about the policy is not believed") {
  http::Headers const headers{{"x-agentweave-decision-id", "d-9"},
                              {"x-agentweave-decision-rule", "authz.rego:14"},
                              {"x-agentweave-decision-ms", "0.061"}};
  auto const notes = decision_notes(headers);
  CHECK(notes.id == "d-9");
  CHECK(notes.rule.empty());
  CHECK(!notes.duration);
  CHECK(notes.hint.empty());
}

TEST_CASE("no two requests carry the same nonce") {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) seen.insert(fresh_replay_headers(WallTime{}).nonce);
  CHECK(seen.size() == 200);
}

TEST_CASE("replay headers have 128 random bits and a time in UTC") {
  auto const headers = fresh_replay_headers(WallTime{std::chrono::milliseconds(1'500)});
  auto const bytes = text::from_base64url(headers.nonce);
  REQUIRE(bytes);
  CHECK(bytes->size() == 16);
  CHECK(headers.timestamp == "1970-01-01T00:00:01.500Z");
}

TEST_CASE("a new trace is a W3C traceparent") {
  auto const trace = new_traceparent();
  CHECK(trace.size() == 55);
  CHECK(trace.starts_with("00-"));
  CHECK(trace.ends_with("-01"));
  CHECK(trace != new_traceparent());
}
