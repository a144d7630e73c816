// SPDX-License-Identifier: Apache-2.0
// `agentweave audit …` over a log that the audit room wrote.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/audit/log.h"
#include "core/base/fs.h"
#include "core/base/text.h"
#include "core/metrics/registry.h"
#include "core/testing/manual_clock.h"
#include "shell.h"

namespace {

using aw::testing::Shell;

// Three allows of ada, two denials of bob, in audit.log.
void write_log(std::string const& path) {
  aw::testing::ManualClock clock(*aw::parse_rfc3339("2026-11-23T15:33:12.000Z"));
  auto const quiet = aw::log::Log::silent();
  aw::metrics::Registry registry;
  aw::audit::Config config;
  config.destinations = {"file://" + std::filesystem::absolute(path).string()};
  auto log = aw::audit::AuditLog::open(config, {.clock = clock,
                                                .log = *quiet,
                                                .metrics = registry,
                                                .agent_name = "billing",
                                                .state_directory = {}});
  REQUIRE(log.ok());
  for (int i = 0; i < 5; ++i) {
    bool const ada = i < 3;
    aw::audit::Event event;
    event.type = aw::audit::EventType::auth_check;
    event.time = clock.now();
    event.caller = ada ? "spiffe://corp.test/agent/ada" : "spiffe://corp.test/agent/bob";
    event.callee = "spiffe://corp.test/agent/billing";
    event.action = ada ? "invoice" : "refund";
    event.decision = ada ? aw::audit::Decision::allow : aw::audit::Decision::deny;
    event.reason = ada ? "allowed_by_policy" : "no_matching_rule";
    auto const id = "d-" + std::to_string(i);
    event.decision_id = id;
    REQUIRE((*log)->record(event).ok());
    clock.advance(std::chrono::minutes(1));
  }
  (*log)->close(std::chrono::seconds(1));
}

void edit(std::string const& path, std::string const& from, std::string const& to) {
  auto text = aw::fs::read_file(path).value();
  auto const at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
  std::ofstream(path) << text;
}

std::size_t lines(std::string const& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

nlohmann::json data_of(std::string const& text) { return nlohmann::json::parse(text).at("data"); }

}  // namespace

TEST_CASE("audit verify says whole or names the first bad record, and exits 0 or 7") {
  Shell shell;
  write_log("audit.log");
  auto const whole = shell.run("agentweave audit verify audit.log");
  CHECK(whole.exit == 0);
  CHECK(whole.out.find("5 records") != std::string::npos);
  CHECK(whole.out.find("OK") != std::string::npos);
  CHECK(shell.run("agentweave audit verify audit.log -q").out.empty());
  auto const report = data_of(shell.run("agentweave audit verify audit.log -o json").out);
  CHECK(report.at("ok") == true);
  CHECK(report.at("last_seq") == 5);

  edit("audit.log", "refund", "invoice");
  auto const broken = shell.run("agentweave audit verify audit.log");
  CHECK(broken.exit == 7);
  CHECK(broken.out.find("FAIL record 4") != std::string::npos);
  CHECK(broken.out.find("hash differs") != std::string::npos);
  auto const found = data_of(shell.run("agentweave audit verify audit.log -o json").out);
  CHECK(found.at("code") == "AW6002");
  CHECK(found.at("broken").at("seq") == 4);
  CHECK(shell.run("agentweave audit verify audit.log -q").exit == 7);
}

TEST_CASE("a log from standard input is verified and searched like a file") {
  Shell shell;
  write_log("audit.log");
  auto log = aw::fs::read_file("audit.log").value();
  auto const piped = [&](std::string const& line) {
    shell.input = log;
    return shell.run(line);
  };
  CHECK(piped("agentweave audit verify -").out ==
        shell.run("agentweave audit verify audit.log").out);
  CHECK(lines(piped("agentweave audit query decision==deny -").out) == 2);
  CHECK(piped("agentweave audit graph - --format mermaid").out.find("bob") != std::string::npos);

  log.replace(log.find("refund"), 6, "invoice");
  auto const broken = piped("agentweave audit verify -");
  CHECK(broken.exit == 7);
  CHECK(broken.out.find("--> standard input:4") != std::string::npos);
}

TEST_CASE("standard input is one log: it has no neighbours and no end to look at") {
  Shell shell;
  write_log("audit.log");
  CHECK(shell.run("agentweave audit verify - audit.log").exit == 2);
  auto const tail = shell.run("agentweave audit tail -");
  CHECK(tail.exit == 2);
  CHECK(tail.err.find("agentweave audit query") != std::string::npos);
}

TEST_CASE("every kind of damage is an integrity failure, never a success") {
  struct Row {
    std::string what;
    std::function<std::string(std::string)> damage;
  };
  auto const without_line = [](std::string text, int index) {
    std::size_t start = 0;
    for (int i = 0; i < index; ++i) start = text.find('\n', start) + 1;
    text.erase(start, text.find('\n', start) + 1 - start);
    return text;
  };
  for (Row const& row : {
           Row{"a record removed", [&](std::string t) { return without_line(std::move(t), 2); }},
           Row{"the last cut short", [](std::string t) { return t.substr(0, t.size() - 10); }},
           Row{"a line added", [](std::string t) { return t + "{}\n"; }},
           Row{"a line that is no JSON", [](std::string t) { return "hello\n" + t; }},
           Row{"a record twice", [](std::string t) { return t + t.substr(0, t.find('\n') + 1); }},
           Row{"a NUL", [](std::string t) { return t.replace(40, 1, 1, '\0'); }},
           Row{"binary", [](std::string) { return std::string("\x1f\x8b\x08\x00\xff", 5); }},
       }) {
    CAPTURE(row.what);
    Shell shell;
    write_log("audit.log");
    auto const damaged = row.damage(aw::fs::read_file("audit.log").value());
    std::ofstream("audit.log") << damaged;
    auto const ran = shell.run("agentweave audit verify audit.log");
    CAPTURE(ran.out);
    CHECK(ran.exit == 7);
  }
}

TEST_CASE("a log whose beginning is gone does not verify, unless told where it begins") {
  Shell shell;
  write_log("audit.log");
  auto const text = aw::fs::read_file("audit.log").value();
  std::ofstream("audit.log") << text.substr(text.find('\n') + 1);
  auto const cut = shell.run("agentweave audit verify audit.log");
  CHECK(cut.exit == 7);
  CHECK(cut.out.find("the log begins at record 2") != std::string::npos);
  auto const ran = shell.run("agentweave audit verify audit.log --from 2");
  CHECK(ran.exit == 0);
  CHECK(ran.out.find("begins at record 2") != std::string::npos);
}

TEST_CASE("audit tail prints the last records, those that match, and says what is no record") {
  Shell shell;
  write_log("audit.log");
  CHECK(lines(shell.run("agentweave audit tail audit.log").out) == 5);
  auto const two = shell.run("agentweave audit tail audit.log -n 2");
  CHECK(lines(two.out) == 2);
  CHECK(two.out.find("bob") != std::string::npos);
  CHECK(two.out.find("ada") == std::string::npos);
  CHECK(shell.run("agentweave audit tail audit.log -n 0").out.empty());
  CHECK(lines(shell.run("agentweave audit tail audit.log --where decision==deny").out) == 2);
  auto const rows = shell.run("agentweave audit tail audit.log -n 3 -o jsonl").out;
  CHECK(lines(rows) == 3);
  CHECK(nlohmann::json::parse(rows.substr(0, rows.find('\n'))).at("seq") == 3);
  CHECK(shell.run("agentweave audit tail audit.log --where nonsense").exit == 2);
  CHECK(shell.run("agentweave audit tail audit.log -n -1").exit == 2);
  CHECK(shell.run("agentweave audit tail nowhere.log").exit == 1);
  std::ofstream("audit.log", std::ios::app) << "not a record\n";
  auto const odd = shell.run("agentweave audit tail audit.log");
  CHECK(odd.exit == 0);
  CHECK(lines(odd.out) == 5);
  CHECK(odd.err.find("audit verify") != std::string::npos);
}

TEST_CASE("audit query selects and groups") {
  Shell shell;
  write_log("audit.log");
  auto const denied =
      shell.run("agentweave audit query 'caller==spiffe://corp.test/agent/bob' audit.log");
  CAPTURE(denied.err);
  CHECK(denied.exit == 0);
  CHECK(lines(denied.out) >= 2);
  CHECK(denied.out.find("ada") == std::string::npos);
  auto const grouped =
      shell.run("agentweave audit query 't>=2026-11-23T15:34' audit.log --group action,outcome");
  CAPTURE(grouped.err);
  CHECK(grouped.exit == 0);
  CHECK(grouped.out.find("invoice") != std::string::npos);
  CHECK(grouped.out.find("refund") != std::string::npos);
  CHECK(shell.run("agentweave audit query 'caller=~x' audit.log").exit == 2);
  auto const typo = shell.run("agentweave audit query 'calle==x' audit.log");
  CHECK(typo.exit == 2);
  CHECK(typo.err.contains("did you mean \"caller\"?"));
  CHECK(shell.run("agentweave audit query '' audit.log --group acton").exit == 2);
  CHECK(shell.run("agentweave audit query 'caller==nobody' audit.log").exit == 0);
}

TEST_CASE("the audit commands find the log of a configuration") {
  Shell shell;
  write_log("audit.log");
  std::ofstream("config.yaml") << "agent: {name: a, trust_domain: b.c}\nauthorization:\n"
                                  "  audit: {destination: \"file://"
                               << std::filesystem::absolute("audit.log").string() << "\"}\n";
  CHECK(shell.run("agentweave audit verify --config config.yaml").exit == 0);
  CHECK(lines(shell.run("agentweave audit tail --config config.yaml -n 1").out) == 1);
  std::ofstream("other.yaml") << "agent: {name: a, trust_domain: b.c}\nauthorization:\n"
                                 "  audit: {destination: stdout}\n";
  auto const none = shell.run("agentweave audit verify --config other.yaml");
  CHECK(none.exit != 0);
  CHECK(none.exit != 7);
}

TEST_CASE("audit graph draws the calls in four formats") {
  Shell shell;
  write_log("audit.log");
  auto const svg = shell.run("agentweave audit graph audit.log");
  CHECK(svg.exit == 0);
  CHECK(svg.out.starts_with("<svg "));
  CHECK(shell.run("agentweave audit graph audit.log --format dot").out.starts_with("digraph"));
  auto const mermaid = shell.run("agentweave audit graph audit.log --format mermaid").out;
  CHECK(mermaid.find("3 allowed") != std::string::npos);
  auto const later = "agentweave audit graph audit.log --format json --since 2026-11-23T15:36";
  auto const data = nlohmann::json::parse(shell.run(later).out).at("data");
  REQUIRE(data.at("edges").size() == 1);
  CHECK(data.at("edges")[0].at("denied") == 2);
  CHECK(shell.run("agentweave audit graph nowhere.log").exit == 1);
}

TEST_CASE("audit reconcile compares two logs, and fails when they differ") {
  Shell shell;
  auto const record = [](std::string const& receipt, std::string const& direction) {
    return R"({"trace_id":"t)" + receipt + R"(","caller_spiffe_id":"spiffe://a.test/agent/a",)" +
           R"("callee_spiffe_id":"spiffe://a.test/agent/b","decision":"deny","timestamp":)" +
           R"("2026-11-23T02:14:00Z","direction":")" + direction + R"(","receipt":"sha256:)" +
           receipt + "\"}\n";
  };
  std::ofstream("ours.log") << record("1", "outbound") << record("2", "outbound");
  std::ofstream("theirs.log") << record("1", "inbound") << record("2", "inbound");
  auto const same = shell.run("agentweave audit reconcile ours.log theirs.log");
  CHECK(same.exit == 0);
  CHECK(same.out == "both sides hold receipts for 2/2 calls (2 denied); digests equal\n");
  std::ofstream("theirs.log", std::ios::app) << record("3", "inbound");
  auto const other = shell.run("agentweave audit reconcile ours.log theirs.log");
  CHECK(other.exit == 7);
  CHECK(other.out.find("missing  (theirs has)") != std::string::npos);
  auto const window =
      shell.run("agentweave audit reconcile ours.log theirs.log --window 2026-11-24..2026-11-25");
  CHECK(window.exit == 0);
}

TEST_CASE("of a log without a record it is said that an emptied one looks the same") {
  Shell shell;
  std::ofstream("empty.log").close();
  auto const ran = shell.run("agentweave audit verify empty.log");
  CHECK(ran.exit == 0);
  CHECK(ran.err.contains("an emptied log looks the same"));
}

TEST_CASE("a directory is no log, and a time that is none is said") {
  Shell shell;
  write_log("audit.log");
  std::filesystem::create_directory("logs");
  for (std::string const line : {"audit verify logs", "audit query '' logs", "audit tail logs",
                                 "audit graph logs", "audit reconcile audit.log logs"}) {
    CAPTURE(line);
    auto const ran = shell.run("agentweave " + line);
    CHECK(ran.exit == 1);
    CHECK(ran.err.contains("AW6003"));
    CHECK(ran.err.contains("directory"));
  }
  for (std::string const line :
       {"audit graph audit.log --since yesterday", "audit graph audit.log --until 1x:30",
        "audit reconcile audit.log audit.log --window soon..later"}) {
    CAPTURE(line);
    auto const ran = shell.run("agentweave " + line);
    CHECK(ran.exit == 2);
    CHECK(ran.err.contains("no time: "));
  }
  for (std::string const time : {"8h", "02:13", "02:13:40.5", "2026-11", "2026-11-23T02:00"}) {
    CAPTURE(time);
    CHECK(shell.run("agentweave audit graph audit.log --since " + time).exit == 0);
  }
}
