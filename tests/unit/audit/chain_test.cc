// SPDX-License-Identifier: Apache-2.0
#include "core/audit/chain.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/audit/event.h"
#include "core/base/json.h"
#include "fixture.h"

using namespace aw;
using namespace aw::audit;

TEST_CASE("a record is one JSON line whose hash covers the line's own bytes") {
  Chain chain(ChainHead{});
  auto const record = chain.seal(R"("event_type":"STARTUP")");
  REQUIRE(record.ok());
  std::string const line(record->line);
  CHECK(line.ends_with("\n"));
  auto const parsed = json::parse(line.substr(0, line.size() - 1));
  REQUIRE(parsed.ok());
  CHECK((*parsed)["seq"] == 1);
  CHECK((*parsed)["prev_hash"] == std::string(kGenesis));
  CHECK((*parsed)["event_type"] == "STARTUP");
  CHECK((*parsed)["hash"] == tls::sha256_hex("{\"seq\":1,\"prev_hash\":\"" + std::string(kGenesis) +
                                             "\",\"event_type\":\"STARTUP\"}"));
}

TEST_CASE("a record that was not stored was never made") {
  Chain chain(ChainHead{});
  auto const first = chain.seal(R"("a":1)");
  REQUIRE(first.ok());
  std::string const lost(first->hash);
  auto const again = chain.seal(R"("a":2)");
  REQUIRE(again.ok());
  CHECK(again->seq == 1);
  chain.commit();
  CHECK(chain.head().seq == 1);
  CHECK(chain.head().hash != lost);
  auto const second = chain.seal(R"("a":3)");
  REQUIRE(second.ok());
  CHECK(second->seq == 2);
  CHECK(second->line.find(chain.head().hash) != std::string_view::npos);
}

TEST_CASE("refuses a record longer than a reader would take") {
  Chain chain(ChainHead{});
  auto const record = chain.seal("\"x\":\"" + std::string(kMaxRecordBytes, 'x') + "\"");
  REQUIRE_FALSE(record.ok());
  CHECK(record.error().code == Code::audit_unavailable);
}

TEST_CASE("links are found only where the chain puts them") {
  Chain chain(ChainHead{});
  auto const record = chain.seal(R"("a":1)");
  REQUIRE(record.ok());
  std::string const good(record->line.substr(0, record->line.size() - 1));
  auto const links = parse_links(good);
  REQUIRE(links.ok());
  CHECK(links->seq == 1);
  CHECK(links->prev_hash == kGenesis);
  CHECK(links->hash == record->hash);

  CHECK_FALSE(parse_links("").ok());
  CHECK_FALSE(parse_links("{}").ok());
  CHECK_FALSE(parse_links(good.substr(0, good.size() - 1)).ok());
  CHECK_FALSE(parse_links(" " + good).ok());
  CHECK_FALSE(parse_links("{\"seq\":01" + good.substr(8)).ok());
  CHECK_FALSE(parse_links("{\"seq\":0" + good.substr(8)).ok());
  CHECK_FALSE(parse_links("{\"seq\":99999999999999999999999" + good.substr(8)).ok());
  auto upper = good;
  upper[upper.size() - 3] = 'G';
  CHECK_FALSE(parse_links(upper).ok());
}

TEST_CASE("an event carries both spellings of its identities, and neither secrets nor empties") {
  auto event = decision_event("refund");
  event.time = *parse_rfc3339("2026-11-23T02:13:40.112Z");
  event.duration = std::chrono::microseconds(1500);
  event.cached = true;
  std::string members;
  append_members(members, event, "billing");
  auto const parsed = json::parse("{" + members + "}");
  REQUIRE(parsed.ok());
  auto const& record = *parsed;
  CHECK(record["event_type"] == "AUTH_CHECK");
  CHECK(record["timestamp"] == "2026-11-23T02:13:40.112Z");
  CHECK(record["agent_name"] == "billing");
  CHECK(record["caller_id"] == record["caller_spiffe_id"]);
  CHECK(record["peer_id"] == record["callee_spiffe_id"]);
  CHECK(record["decision"] == "deny");
  CHECK(record["code"] == "AW3001");
  CHECK(record["cached"] == true);
  CHECK(record["mode"] == "enforce");
  CHECK(record["duration_ms"] == doctest::Approx(1.5));
  CHECK(record["duration"] == doctest::Approx(0.0015));
  CHECK_FALSE(record.contains("trace_id"));
  CHECK_FALSE(record.contains("would_deny"));
}

TEST_CASE("foreign text cannot break out of its line") {
  auto event = decision_event("x\",\"decision\":\"allow\"\n{");
  event.context_json = "{\"a\":\n\n1}";
  std::string members;
  append_members(members, event, "billing");
  CHECK(members.find('\n') == std::string::npos);
  auto const parsed = json::parse("{" + members + "}");
  REQUIRE(parsed.ok());
  CHECK((*parsed)["decision"] == "deny");
  CHECK((*parsed)["context"]["a"] == 1);

  event.context_json = "not json\n";
  members.clear();
  append_members(members, event, "billing");
  CHECK(members.find('\n') == std::string::npos);
  CHECK(json::parse("{" + members + "}").ok());
}

TEST_CASE("every event type has a name that reads back") {
  for (auto const type : {EventType::auth_check, EventType::capability_call,
                          EventType::config_change, EventType::startup, EventType::shutdown,
                          EventType::identity_rotation, EventType::peer_verification,
                          EventType::policy_update, EventType::audit_log, EventType::checkpoint}) {
    CHECK(parse_event_type(event_type_name(type)) == type);
  }
  CHECK_FALSE(parse_event_type("auth_check").has_value());
}
