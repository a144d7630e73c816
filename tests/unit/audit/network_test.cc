// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "collector.h"
#include "core/audit/destination.h"
#include "core/audit/spool_sink.h"
#include "core/base/json.h"
#include "fixture.h"

using namespace aw;
using namespace aw::audit;

namespace {

Config only(std::string destination) {
  Config out;
  out.destinations = {std::move(destination)};
  return out;
}

bool verifies(std::vector<std::string> const& lines) {
  std::string text;
  for (auto const& line : lines) text += line + "\n";
  std::istringstream in(text);
  Verifier verifier(Restarts::refused);
  verifier.read(in, "collected");
  return verifier.report().whole() && verifier.report().records == lines.size();
}

}  // namespace

TEST_CASE("destinations mean what they say, and others are refused with what would work") {
  struct Case {
    std::string_view text;
    Destination::Kind kind;
    std::string_view where;
  };
  for (auto const& [text, kind, where] : std::vector<Case>{
           {"stdout:", Destination::Kind::standard_output, ""},
           {"stdout", Destination::Kind::standard_output, ""},
           {"stderr://", Destination::Kind::standard_error, ""},
           {"file:///var/log/audit.log", Destination::Kind::file, "/var/log/audit.log"},
           {"syslog://", Destination::Kind::syslog, "/dev/log"},
           {"syslog://collector", Destination::Kind::syslog, "collector"},
           {"syslog+tls://[::1]:7000", Destination::Kind::syslog, "::1"},
           {"https://siem.example/in?token=x", Destination::Kind::http,
            "https://siem.example/in?token=x"},
       }) {
    auto const parsed = parse_destination(text);
    REQUIRE_MESSAGE(parsed.ok(), std::string(text));
    CHECK(parsed->kind == kind);
    CHECK((parsed->path + parsed->host + parsed->url) == where);
  }
  CHECK(parse_destination("syslog://collector")->port == 514);
  CHECK(parse_destination("syslog+tcp://collector:601/")->port == 601);
  CHECK(parse_destination("syslog+tls://collector")->port == 6514);
  for (auto const* text : {"", "kafka://broker", "file://", "syslog://:514", "syslog://x:99999",
                           "https://", "audit.log", "/var/log/audit.log", "syslog+tcp://"}) {
    auto const parsed = parse_destination(text);
    REQUIRE_FALSE_MESSAGE(parsed.ok(), text);
    CHECK(parsed.error().code == Code::config_unsupported);
    CHECK_FALSE(parsed.error().hint.empty());
  }
}

TEST_CASE("a destination's name never shows its credentials") {
  auto const parsed = parse_destination("https://user:secret@siem.example/in?token=secret#secret");
  REQUIRE(parsed.ok());
  CHECK(parsed->name == "https://[redacted]@siem.example/in");
  CHECK(parsed->url.find("secret") != std::string::npos);
}

TEST_CASE("a webhook gets every record once and in order") {
  Collector collector(Collector::Speaks::http);
  Bench bench;
  auto const log = bench.open(only("http://" + collector.address() + "/audit"));
  REQUIRE(log != nullptr);
  for (int i = 0; i < 50; ++i) REQUIRE(log->record(decision_event("refund")).ok());
  auto const got = collector.wait_for(50);
  CHECK(got.size() == 50);
  CHECK(verifies(got));
}

TEST_CASE("what a webhook does not take waits, survives a restart, and arrives when it does") {
  Collector collector(Collector::Speaks::http);
  collector.answer(503);
  Bench bench;
  auto const config = only("http://" + collector.address() + "/audit");
  {
    auto const log = bench.open(config);
    REQUIRE(log != nullptr);
    for (int i = 0; i < 5; ++i) REQUIRE(log->record(decision_event("refund")).ok());
    log->close(std::chrono::milliseconds(100));
  }
  collector.answer(200);
  auto const log = bench.open(config);
  REQUIRE(log != nullptr);
  CHECK(log->status().seq == 5);
  REQUIRE(log->record(decision_event("refund")).ok());
  auto const got = collector.wait_for(6);
  CHECK(got.size() == 6);
  CHECK(verifies(got));
}

TEST_CASE("denies when the spool is full") {
  Collector collector(Collector::Speaks::http);
  collector.answer(500);
  Bench bench;
  auto config = only("http://" + collector.address() + "/audit");
  config.spool_max_bytes = 2000;
  auto const log = bench.open(config);
  REQUIRE(log != nullptr);
  Result<void> last;
  for (int i = 0; i < 10 && last.ok(); ++i) last = log->record(decision_event("refund"));
  REQUIRE_FALSE(last.ok());
  CHECK(last.error().code == Code::audit_unavailable);
  CHECK(last.error().message.find("full") != std::string::npos);
}

TEST_CASE("delivered spool files are deleted, and the chain still goes on after a restart") {
  Collector collector(Collector::Speaks::http);
  TempDir directory;
  ManualClock clock{*parse_rfc3339(kNow)};
  FileCalls calls;
  auto const destination = *parse_destination("http://" + collector.address() + "/");
  Chain chain(ChainHead{});
  auto const make = [&] {
    return std::make_unique<SpoolSink>(
        SpoolOptions{.directory = directory / "spool", .name = "x", .segment_bytes = 500},
        http_transport(destination), clock, calls, [](std::string const&) {});
  };
  auto sink = make();
  REQUIRE(sink->resume().ok());
  for (int i = 0; i < 40; ++i) {
    auto const record = chain.seal("\"a\":\"xxxxxxxxxxxxxxxx\"");
    REQUIRE(record.ok());
    REQUIRE(sink->append(*record).ok());
    chain.commit();
  }
  CHECK(collector.wait_for(40).size() == 40);
  sink->flush(std::chrono::seconds(10));
  CHECK(sink->waiting_bytes() == 0);
  CHECK(rotated_files(directory / "spool" / "spool.jsonl").empty());
  sink = nullptr;
  sink = make();
  auto const resumed = sink->resume();
  REQUIRE(resumed.ok());
  CHECK(resumed->head == chain.head());
  CHECK(sink->waiting_bytes() == 0);
}

TEST_CASE("syslog over tcp carries whole records in RFC 5424 messages") {
  Collector collector(Collector::Speaks::stream);
  Bench bench;
  auto const log = bench.open(only("syslog+tcp://" + collector.address()));
  REQUIRE(log != nullptr);
  for (int i = 0; i < 3; ++i) REQUIRE(log->record(decision_event("refund")).ok());
  auto const got = collector.wait_for(3);
  REQUIRE(got.size() == 3);
  CHECK(got[0].starts_with("<134>1 2026-11-23T15:33:12.041Z "));
  CHECK(got[0].find(" agentweave-audit ") != std::string::npos);
  CHECK(got[0].find(" AUTH_CHECK - {\"seq\":1,") != std::string::npos);
  std::vector<std::string> records;
  for (auto const& message : got) records.push_back(message.substr(message.find('{')));
  CHECK(verifies(records));
}

TEST_CASE("syslog over udp sends a datagram a record") {
  Collector collector(Collector::Speaks::datagram);
  Bench bench;
  auto const log = bench.open(only("syslog://" + collector.address()));
  REQUIRE(log != nullptr);
  REQUIRE(log->record(decision_event("refund")).ok());
  auto const got = collector.wait_for(1);
  REQUIRE(got.size() == 1);
  CHECK(got[0].find("{\"seq\":1,") != std::string::npos);
}

TEST_CASE("a record that no datagram holds arrives cut off, and those behind it whole") {
  Collector collector(Collector::Speaks::datagram);
  Bench bench;
  auto const log = bench.open(only("syslog://" + collector.address()));
  REQUIRE(log != nullptr);
  auto event = decision_event("refund");
  std::string reason(1000, 'r');
  event.reason = reason;
  REQUIRE(log->record(event).ok());
  auto const first = collector.wait_for(1);
  REQUIRE(first.size() == 1);
  auto const head = first[0].find('{');
  reason.resize(1000 + kMaxRecordBytes - 6 - (first[0].size() - head), 'r');
  event.reason = reason;
  REQUIRE(log->record(event).ok());  // as long as a record may be
  REQUIRE(log->record(decision_event("refund")).ok());
  auto const got = collector.wait_for(3);
  REQUIRE(got.size() == 3);
  CHECK(got[1].size() == 65'507);
  CHECK(got[1].substr(head).starts_with("{\"seq\":2,"));
  CHECK(got[2].ends_with("}"));
}

TEST_CASE("nobody listening costs nothing but room") {
  Bench bench;
  std::string address;
  {
    Collector const gone(Collector::Speaks::stream);
    address = gone.address();
  }
  auto const log = bench.open(only("syslog+tcp://" + address));
  REQUIRE(log != nullptr);
  CHECK(log->record(decision_event("refund")).ok());
}
