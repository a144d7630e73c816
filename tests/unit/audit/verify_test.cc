// SPDX-License-Identifier: Apache-2.0
#include "core/audit/verify.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <sstream>

#include "core/base/fs.h"
#include "core/base/text.h"
#include "fixture.h"

using namespace aw;
using namespace aw::audit;

namespace {

// A good log of `count` records, line by line.
std::vector<std::string> good_log(std::uint64_t count) {
  std::vector<std::string> out;
  Chain chain(ChainHead{});
  for (std::uint64_t i = 0; i < count; ++i) {
    auto const record = chain.seal("\"timestamp\":\"2026-11-23T02:13:40.11" +
                                   std::to_string(i % 10) + "Z\",\"action\":\"refund\"");
    REQUIRE(record.ok());
    out.emplace_back(record->line);
    chain.commit();
  }
  return out;
}

VerifyReport verify(std::vector<std::string> const& lines, Restarts restarts = Restarts::refused) {
  std::string text;
  for (auto const& line : lines) text += line;
  std::istringstream in(text);
  Verifier verifier(restarts);
  verifier.read(in, "copy.awl");
  return verifier.report();
}

}  // namespace

TEST_CASE("a log nobody touched verifies") {
  auto const report = verify(good_log(5));
  CHECK(report.whole());
  CHECK(report.records == 5);
  CHECK(report.from_the_start());
  CHECK(verify_text(report) ==
        "5 records, 1 file, sequence complete, no gap, no edit, last 2026-11-23T02:13:40.114Z      "
        "OK");
}

TEST_CASE("an edited record is named, with how many good ones stand before it") {
  auto lines = good_log(5);
  lines[2].replace(lines[2].find("refund"), 6, "invoic");
  auto const report = verify(lines);
  REQUIRE(report.broken.has_value());
  CHECK(report.broken->seq == 3);
  CHECK(report.broken->line == 3);
  CHECK(report.records == 2);
  CHECK(verify_text(report) ==
        "FAIL record 3 (02:13:40.112Z): hash differs; 2 records before it are good\n"
        "  --> copy.awl:3");
}

TEST_CASE("an edit whose author also fixed the record's own hash breaks at the next record") {
  auto lines = good_log(4);
  auto body = lines[1].substr(0, lines[1].find(",\"hash\":\""));
  body.replace(body.find("refund"), 6, "invoic");
  lines[1] = body + ",\"hash\":\"" + tls::sha256_hex(body + "}") + "\"}\n";
  auto const report = verify(lines);
  REQUIRE(report.broken.has_value());
  CHECK(report.broken->seq == 3);
  CHECK(report.broken->reason == "prev_hash is not the hash of the record before it");
}

TEST_CASE("removed, inserted and reordered records are told apart") {
  auto removed = good_log(6);
  removed.erase(removed.begin() + 2, removed.begin() + 4);
  CHECK(verify(removed).broken->reason == "records 3 to 4 are missing");

  auto one = good_log(6);
  one.erase(one.begin() + 2);
  CHECK(verify(one).broken->reason == "record 3 is missing");

  auto inserted = good_log(4);
  inserted.insert(inserted.begin() + 2, inserted[1]);
  CHECK(verify(inserted).broken->reason == "out of order: expected record 3");
  CHECK(verify(inserted).broken->line == 3);

  auto swapped = good_log(4);
  std::swap(swapped[1], swapped[2]);
  CHECK(verify(swapped).broken->reason == "record 2 is missing");

  auto foreign = good_log(3);
  foreign.insert(foreign.begin() + 1, "{\"hello\":1}\n");
  CHECK(verify(foreign).broken->reason == "not a record of this log");
}

TEST_CASE("a truncated middle and a torn end are seen") {
  auto middle = good_log(4);
  middle[1] = middle[1].substr(0, 40) + "\n";
  CHECK(verify(middle).broken->reason == "not a record of this log");
  auto end = good_log(4);
  end[3] = end[3].substr(0, 40);
  CHECK(verify(end).broken->reason == "ends in the middle of a record");
}

TEST_CASE("a line of any length costs no more than a record's worth of memory") {
  auto lines = good_log(2);
  lines.push_back(std::string(10 * kMaxRecordBytes, 'x'));
  CHECK(verify(lines).broken->reason == "a line longer than any record");
}

TEST_CASE("a first record that pretends to follow another is refused") {
  Chain chain(ChainHead{.seq = 0, .hash = std::string(64, 'a')});
  auto const record = chain.seal("\"a\":1");
  REQUIRE(record.ok());
  CHECK(verify({std::string(record->line)}).broken->reason == "record 1 follows another record");
}

TEST_CASE("a chain that starts anew is a break in a file, and expected in a captured stream") {
  auto lines = good_log(3);
  for (auto const& line : good_log(2)) lines.push_back(line);
  CHECK(verify(lines).broken->reason == "the chain starts anew");
  auto const accepted = verify(lines, Restarts::accepted);
  CHECK(accepted.whole());
  CHECK(accepted.chains == 2);
  CHECK(accepted.records == 5);
}

TEST_CASE("rotated files are put in order by their first records, whatever their names") {
  TempDir directory;
  auto const lines = good_log(6);
  spit(directory / "z.log", lines[0] + lines[1]);
  spit(directory / "a.log", lines[2] + lines[3]);
  spit(directory / "m.log", lines[4] + lines[5]);
  std::vector<std::filesystem::path> files = {directory / "a.log", directory / "m.log",
                                              directory / "z.log"};
  auto const report = verify_files(files, {});
  REQUIRE(report.ok());
  CHECK(report->whole());
  CHECK(report->records == 6);
  files.erase(files.begin());
  auto const gap = verify_files(files, {});
  REQUIRE(gap.ok());
  CHECK(gap->broken->reason == "records 3 to 4 are missing");
}

TEST_CASE("what can be read once only is verified alone, and never called damaged for it") {
  TempDir directory;
  auto const lines = good_log(2);
  auto const piped = [&] {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    Fd const in(ends[1]);
    REQUIRE(fs::write_all(in.get(), lines[0] + lines[1]).ok());
    return Fd(ends[0]);
  };
  auto const path_of = [](Fd const& fd) {
    return std::filesystem::path("/proc/self/fd/" + std::to_string(fd.get()));
  };
  auto const alone = piped();
  std::vector<std::filesystem::path> files = {path_of(alone)};
  auto const report = verify_files(files, {});
  REQUIRE(report.ok());
  CHECK(report->whole());
  CHECK(report->records == 2);

  spit(directory / "a.log", lines[0] + lines[1]);
  auto const beside = piped();
  files = {path_of(beside), directory / "a.log"};
  auto const refused = verify_files(files, {});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == Code::audit_unreadable);
}

TEST_CASE("a file that is not there is an error, not a success") {
  std::vector<std::filesystem::path> const files = {"/nonexistent/audit.log"};
  auto const report = verify_files(files, {});
  REQUIRE_FALSE(report.ok());
  CHECK(report.error().code == Code::audit_unreadable);
}

TEST_CASE("no single byte of a log can be changed unseen") {
  auto const lines = good_log(3);
  std::string const text = lines[0] + lines[1] + lines[2];
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto copy = text;
    copy[i] = static_cast<char>(copy[i] ^ 1);
    std::istringstream in(copy);
    Verifier verifier(Restarts::refused);
    verifier.read(in, "x");
    CHECK_MESSAGE(!verifier.report().whole(), "byte " << i);
  }
}
