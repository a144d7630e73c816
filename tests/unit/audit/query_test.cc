// SPDX-License-Identifier: Apache-2.0
#include "core/audit/query.h"

#include <doctest/doctest.h>

#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/audit/follow.h"
#include "fixture.h"

using namespace aw;
using namespace aw::audit;

namespace {

json::Json record(std::string const& action, std::string const& decision,
                  std::string const& time = "2026-11-23T02:13:40.112Z") {
  return {{"seq", 7},
          {"timestamp", time},
          {"event_type", "AUTH_CHECK"},
          {"caller_spiffe_id", "spiffe://corp.example/agent/planner"},
          {"callee_spiffe_id", "spiffe://corp.example/agent/billing"},
          {"action", action},
          {"decision", decision},
          {"duration_ms", 12.5}};
}

// An audit log's file that is written, moved and removed by hand, and its neighbours.
struct Followed {
  TempDir directory;
  std::filesystem::path const path = directory / "audit.log";

  explicit Followed(std::string const& text) { spit(path, text); }
  void write(std::string const& text) const { std::ofstream(path, std::ios::app) << text; }
  void rotate(std::string const& name) const { std::filesystem::rename(path, directory / name); }
  // A file that was rotated.
  void beside(std::string const& name, std::string const& text) const {
    spit(directory / name, text);
  }
};

// Looks until there is nothing more.
std::vector<std::string> all_of(Follower& follower) {
  std::vector<std::string> seen;
  for (int look = 0; look < 6; ++look)
    for (auto& line : follower.more().value()) seen.push_back(std::move(line));
  return seen;
}

bool matches(std::string_view query, json::Json const& of) {
  auto const filter = Filter::parse(query);
  REQUIRE_MESSAGE(filter.ok(), std::string(query));
  return filter->matches(of);
}

}  // namespace

TEST_CASE("a query selects by the names of the record and by short ones") {
  auto const refund = record("refund", "deny");
  for (auto const* yes :
       {"", "action==refund", "action = refund", "caller==spiffe://corp.example/agent/planner",
        "peer ~ billing && decision==DENY", "t>=2026-11-22T22:00 && t<2026-11-24",
        "duration_ms > 9", "duration_ms<=12.5", "task_id != x", "seq==7",
        R"(action == "refund" && type=="AUTH_CHECK")", "decision!=allow"}) {
    CHECK_MESSAGE(matches(yes, refund), yes);
  }
  for (auto const* no : {"action==invoice", "t>2026-11-24", "task_id==x", "task_id>1",
                         "duration_ms > 100", "caller ~ billing", "action==refund && seq==8"}) {
    CHECK_FALSE_MESSAGE(matches(no, refund), no);
  }
  CHECK_FALSE(matches("", json::Json(7)));
}

TEST_CASE("names that differ in case are two, words of ours are one") {
  auto const refund = record("refund", "deny");
  for (auto const* yes : {"decision==Deny", "type==auth_check", "action!=Refund",
                          "caller != spiffe://corp.example/agent/Planner"})
    CHECK_MESSAGE(matches(yes, refund), yes);
  for (auto const* no : {"caller==spiffe://corp.example/agent/Planner", "action==Refund",
                         "decision!=DENY", "callee==SPIFFE://corp.example/agent/billing"})
    CHECK_FALSE_MESSAGE(matches(no, refund), no);
}

TEST_CASE("a query that means nothing says which term") {
  for (auto const* bad : {"action", "==x", "action==x &&", "a==\"x", "&&", "a!b", "a=~x", "a===x",
                          "a<>x", "a~~x", "a >> x"}) {
    auto const filter = Filter::parse(bad);
    REQUIRE_FALSE_MESSAGE(filter.ok(), bad);
    CHECK(filter.error().code == Code::usage);
  }
}

TEST_CASE("a field that no record has is a mistake, told with the nearest that there is") {
  auto const typo = Filter::parse("action==refund && calle==x");
  REQUIRE_FALSE(typo.ok());
  CHECK(typo.error().code == Code::usage);
  CHECK(typo.error().message == "no audit record has a field \"calle\"");
  CHECK(typo.error().hint == "did you mean \"caller\"?");
  auto const strange = Filter::parse("colour==red");
  REQUIRE_FALSE(strange.ok());
  CHECK(strange.error().hint.contains("decision_id"));
  CHECK(Grouping::by("acton").error().hint == "did you mean \"action\"?");
}

TEST_CASE("everything that a record has can be asked for") {
  Event const full{.type = EventType::auth_check,
                   .time = {},
                   .trace_id = "x",
                   .span_id = "x",
                   .audit_id = "x",
                   .decision_id = "x",
                   .caller = "x",
                   .callee = "x",
                   .action = "x",
                   .resource = "x",
                   .capability = "x",
                   .direction = "x",
                   .decision = Decision::allow,
                   .outcome = "x",
                   .reason = "x",
                   .code = Code::internal,
                   .rule = "x",
                   .policy_id = "x",
                   .policy_digest = "x",
                   .policy_generation = 1,
                   .cached = true,
                   .mode = Mode::enforce,
                   .would_deny = true,
                   .duration = std::chrono::nanoseconds(1),
                   .remote_address = "x",
                   .request_id = "x",
                   .receipt = "x",
                   .shadow = "x",
                   .task_id = "x",
                   .context_json = "{}"};
  std::string members = "{\"seq\":1,\"prev_hash\":\"x\",\"hash\":\"x\",";
  append_members(members, full, "billing");
  auto const record = json::parse(members + "}");
  REQUIRE(record.ok());
  for (auto const& [name, value] : record->items())
    CHECK_MESSAGE(Filter::parse(name + "==x").ok(), name);
}

TEST_CASE("a quoted value may begin with anything") {
  auto const filter = Filter::parse("reason==\"=~x\"");
  REQUIRE(filter.ok());
  CHECK(filter->matches(json::Json{{"reason", "=~x"}}));
}

TEST_CASE("groups count decisions, with the first and last time") {
  auto grouping = Grouping::by("action,outcome").value();
  grouping.add(record("invoice", "allow", "2026-11-22T22:00:01.000Z"));
  grouping.add(record("refund", "deny", "2026-11-23T02:14:02.000Z"));
  grouping.add(record("refund", "deny", "2026-11-23T02:13:40.000Z"));
  auto const rows = grouping.rows();
  CHECK(grouping.fields() == std::vector<std::string>{"action"});
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].values[0] == "refund");
  CHECK(rows[0].denied == 2);
  CHECK(rows[0].allowed == 0);
  CHECK(rows[0].first == "2026-11-23T02:13:40.000Z");
  CHECK(rows[0].last == "2026-11-23T02:14:02.000Z");
  CHECK(rows[1].allowed == 1);
}

TEST_CASE("a record reads as one line without control characters") {
  auto one = record("refund\x1b[31m\n", "deny");
  auto const text = record_text(one);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("DENY") != std::string::npos);
  CHECK(text.find("planner → spiffe://corp.example/agent/billing") != std::string::npos);
}

TEST_CASE("follows a file through rotation without losing or repeating a line") {
  Followed const file("1\n2\n3\n4");
  Follower follower(file.path);
  auto lines = follower.last(2);
  REQUIRE(lines.ok());
  CHECK(*lines == std::vector<std::string>{"2", "3"});
  file.write("\n5\n");
  lines = follower.more();
  REQUIRE(lines.ok());
  CHECK(*lines == std::vector<std::string>{"4", "5"});
  CHECK(follower.more()->empty());
  file.write("6\n");
  file.rotate("audit-1-6.log");
  spit(file.path, "7\n");
  CHECK(*follower.more() == std::vector<std::string>{"6"});
  CHECK(*follower.more() == std::vector<std::string>{"7"});
  CHECK(follower.more()->empty());
}

TEST_CASE("follows through files that came and went between two looks") {
  Followed const file("3\n");
  file.beside("audit-20260101T000000Z-2.log", "1\n2\n");  // before our time
  Follower follower(file.path);
  REQUIRE(follower.last(9).value() == std::vector<std::string>{"3"});
  file.write("4\n");
  file.rotate("audit-20260101T000001Z-4.log");
  file.beside("audit-20260101T000002Z-6.log", "5\n6\n");
  file.beside("audit-20260101T000003Z-10.log", "7\n8\n9\n10\n");
  spit(file.path, "11\n");
  CHECK(all_of(follower) == std::vector<std::string>{"4", "5", "6", "7", "8", "9", "10", "11"});
  // Moved to where no rotation puts it: on with the one in place.
  file.rotate("elsewhere");
  CHECK(follower.more()->empty());
  spit(file.path, "12\n");
  CHECK(follower.more().value() == std::vector<std::string>{"12"});
}

TEST_CASE("follows on with the oldest file that is left when the open one was removed meanwhile") {
  Followed const file("3\n");
  file.beside("audit-20260101T000000Z-2.log", "1\n2\n");  // before our time
  Follower follower(file.path);
  REQUIRE(follower.last(9).value() == std::vector<std::string>{"3"});
  // Rotated and removed, with one more, before we look; numbers of another length, and a clock that
  // was set back.
  std::filesystem::remove(file.path);
  file.beside("audit-20260101T000003Z-9.log", "8\n9\n");
  file.beside("audit-20260101T000002Z-11.log", "10\n11\n");
  spit(file.path, "12\n");
  CHECK(all_of(follower) == std::vector<std::string>{"8", "9", "10", "11", "12"});
}

TEST_CASE("as many last lines as there are is all of them") {
  Followed const file("1\n2\n");
  for (std::size_t const count : {std::size_t{2}, std::size_t{3}, std::size_t{1} << 63U,
                                  std::numeric_limits<std::size_t>::max()})
    CHECK(Follower(file.path).last(count).value().size() == 2);
  CHECK(Follower(file.path).last(0).value().empty());
}

TEST_CASE("the last lines of a large file are found at its end") {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::string(30, 'x') + std::to_string(i) + "\n";
  Followed const file(text);
  Follower follower(file.path);
  auto const lines = follower.last(3);
  REQUIRE(lines.ok());
  REQUIRE(lines->size() == 3);
  CHECK(lines->back().ends_with("99999"));
  CHECK(Follower(file.directory / "none").last(3).error().code == Code::audit_unreadable);
}
