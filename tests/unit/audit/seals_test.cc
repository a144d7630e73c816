// SPDX-License-Identifier: Apache-2.0
#include "core/audit/seals.h"

#include <doctest/doctest.h>

#include <latch>
#include <random>
#include <thread>

#include "core/base/text.h"
#include "tests/unit/audit/signing.h"

using namespace aw;
using namespace aw::audit;

namespace {

// A bench whose log is signed.
struct Signed : Bench {
  SigningDomain domain;
  identity::Svid current = domain.svid();

  std::unique_ptr<AuditLog> open_signed(CheckpointConfig const& how = {
                                            .max_records = 30'000,
                                            .max_age = std::chrono::hours(9)}) {
    auto log = open();
    log->sign_with(how, [this] { return std::optional(current); });
    return log;
  }
  [[nodiscard]] VerifyOptions trusting() const {
    return {.trust = {.bundles = domain.bundles(), .signer = {}, .log = {}}, .now = clock.now()};
  }
  [[nodiscard]] VerifyReport check(VerifyOptions options) const {
    auto files = rotated_files(file());
    files.push_back(file());
    return fixtures::must(verify_files(files, std::move(options)));
  }
};

std::vector<std::string> a_days_log(Signed& bench, std::uint32_t records, std::mt19937& random) {
  auto log = bench.open_signed();
  for (std::uint32_t i = 0; i < records; ++i) {
    REQUIRE(log->record(decision_event("action" + std::to_string(i))).ok());
    bench.clock.advance(std::chrono::seconds(1));
    if (random() % 7 == 0) REQUIRE(log->seal(SealReason::periodic).ok());
    if (random() % 20 == 0) bench.current = bench.domain.svid();
  }
  log->close(std::chrono::nanoseconds(0));
  return lines_of(bench.file());
}

}  // namespace

TEST_CASE("a signed log that was closed verifies offline and says who sealed it") {
  Signed bench;
  auto log = bench.open_signed();
  for (int i = 0; i < 5; ++i) REQUIRE(log->record(decision_event("refund")).ok());
  log->close(std::chrono::nanoseconds(0));
  auto const report = bench.check(bench.trusting());
  CAPTURE(verify_text(report));
  CHECK(report.whole());
  CHECK(report.records == 7);
  CHECK(report.seals.checkpoints == 2);
  CHECK(report.seals.certificates == 1);
  CHECK(report.seals.closed);
  CHECK(report.seals.signer == "spiffe://corp.example/agent/billing");
  CHECK(verify_text(report).starts_with(
      "7 records, 1 file, 2 checkpoints signed by 1 SVID, sequence complete, no gap, no edit, tail "
      "sealed 15:33:12.041Z      OK\n"));
}

TEST_CASE("every kind of key signs checkpoints") {
  for (auto const type :
       {tls::KeyType::p256, tls::KeyType::p384, tls::KeyType::rsa2048, tls::KeyType::ed25519}) {
    Signed bench;
    bench.current = bench.domain.svid("/agent/billing", type);
    bench.open_signed()->close(std::chrono::nanoseconds(0));
    CHECK(bench.check(bench.trusting()).whole());
  }
}

TEST_CASE("a log goes on verifying after the SVIDs that signed it expired") {
  Signed bench;
  bench.open_signed()->close(std::chrono::nanoseconds(0));
  bench.clock.advance(std::chrono::hours(24 * 30));
  CHECK(bench.check(bench.trusting()).whole());
}

TEST_CASE("a signature made outside its certificate's validity is refused") {
  Signed bench;
  bench.clock.advance(std::chrono::hours(2));
  bench.open_signed()->close(std::chrono::nanoseconds(0));
  auto const report = bench.check(bench.trusting());
  REQUIRE(report.broken.has_value());
  CHECK(report.broken->reason.starts_with("checkpoint's certificate at its time:"));
}

TEST_CASE("what another trust domain's authority signed is refused") {
  Signed bench;
  bench.open_signed()->close(std::chrono::nanoseconds(0));
  SigningDomain const other;
  CHECK_FALSE(
      bench.check({.trust = {.bundles = other.bundles(), .signer = {}, .log = {}}}).whole());
}

TEST_CASE("another workload of the trust domain cannot take over a log") {
  Signed bench;
  auto log = bench.open_signed();
  bench.current = bench.domain.svid("/agent/mallory");
  REQUIRE(log->record(decision_event("refund")).ok());
  log->close(std::chrono::nanoseconds(0));
  CHECK(bench.check(bench.trusting()).broken->reason.find("mallory") != std::string::npos);
  SUBCASE("nor sign one from its beginning, when the signer is named") {
    auto options = bench.trusting();
    options.trust.signer = "spiffe://corp.example/agent/other";
    CHECK_FALSE(bench.check(options).whole());
  }
}

TEST_CASE("a new SVID goes on signing, and its certificates come along once") {
  Signed bench;
  auto log = bench.open_signed();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(log->record(decision_event("refund")).ok());
    REQUIRE(log->seal(SealReason::periodic).ok());
  }
  bench.current = bench.domain.svid();
  REQUIRE(log->record(decision_event("refund")).ok());
  REQUIRE(log->seal(SealReason::identity).ok());
  log->close(std::chrono::nanoseconds(0));
  std::size_t chains = 0;
  for (auto const& line : lines_of(bench.file())) chains += line.contains("\"chain\":[") ? 1 : 0;
  CHECK(chains == 2);
  auto const report = bench.check(bench.trusting());
  CHECK(report.whole());
  CHECK(report.seals.certificates == 2);
}

TEST_CASE("an agent that was killed leaves a tail that nobody vouches for") {
  Signed bench;
  auto log = bench.open_signed({.max_records = 30'000});
  for (int i = 0; i < 5; ++i) REQUIRE(log->record(decision_event("refund")).ok());
  REQUIRE(log->seal(SealReason::periodic).ok());
  REQUIRE(log->record(decision_event("refund")).ok());
  auto const lines = lines_of(bench.file());
  auto const report = verify_lines(lines, bench.trusting());
  REQUIRE(report.broken.has_value());
  CHECK(report.broken->reason.starts_with("the tail is not sealed"));
  SUBCASE("which is well while it is being written") {
    auto open = bench.trusting();
    open.tail = Tail::open;
    CHECK(verify_lines(lines, open).whole());
    open.now += std::chrono::seconds(91);
    CHECK(verify_lines(lines, open).broken->reason.starts_with("no checkpoint since"));
  }
  SUBCASE("and is sealed by the next start") {
    log.reset();
    auto again = bench.open_signed();
    again->close(std::chrono::nanoseconds(0));
    CHECK(bench.check(bench.trusting()).whole());
  }
}

TEST_CASE("files that rotation retired are vouched for, files that somebody deleted are not") {
  Signed bench;
  auto config = bench.config();
  config.rotation = {.max_bytes = 6000, .max_files = 3};
  auto log = bench.open(config);
  log->sign_with({.max_records = 30'000}, [&bench] { return std::optional(bench.current); });
  for (int i = 0; i < 40; ++i) {
    REQUIRE(log->record(decision_event("refund")).ok());
    REQUIRE(log->seal(SealReason::periodic).ok());
  }
  log->close(std::chrono::nanoseconds(0));
  auto report = bench.check(bench.trusting());
  CAPTURE(verify_text(report));
  CHECK(report.whole());
  CHECK(report.first_seq > 1);
  std::filesystem::remove(rotated_files(bench.file()).front());
  report = bench.check(bench.trusting());
  REQUIRE(report.broken.has_value());
  CHECK(report.broken->reason.contains("are missing: the log begins at record"));
  auto from = bench.trusting();
  from.from = report.first_seq;
  CHECK(bench.check(from).whole());
}

TEST_CASE("a record known from elsewhere must be there: a log put back to an earlier end shows") {
  Signed bench;
  bench.open_signed()->close(std::chrono::nanoseconds(0));
  auto const earlier = lines_of(bench.file());
  auto log = bench.open_signed();
  REQUIRE(log->record(decision_event("refund")).ok());
  auto const status = log->status();
  log->close(std::chrono::nanoseconds(0));
  auto known = bench.trusting();
  known.known = ChainHead{.seq = status.seq, .hash = status.hash};
  CHECK(bench.check(known).whole());
  // The earlier end is sealed as well: only the knowledge of a later record tells.
  CHECK(verify_lines(earlier, bench.trusting()).whole());
  CHECK(verify_lines(earlier, known).broken->reason.contains("is missing: the log ends at record"));
}

TEST_CASE("checkpoints are made from time to time without being asked for") {
  Signed bench;
  auto log = bench.open_signed({.max_records = 1, .max_age = std::chrono::hours(1)});
  for (int tries = 0; tries < 500; ++tries) {
    REQUIRE(log->record(decision_event("refund")).ok());
    std::size_t found = 0;
    for (auto const& line : lines_of(bench.file())) found += is_checkpoint(line) ? 1 : 0;
    if (found >= 3) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  log->close(std::chrono::nanoseconds(0));
  auto const report = bench.check(bench.trusting());
  CHECK(report.whole());
  CHECK(report.seals.checkpoints >= 3);
}

// The attacks of somebody who may write the file: each done as it is and with the chain made to fit
// again. None may pass.
TEST_CASE("no edit, loss, swap, insertion or cut passes, whoever repairs the chain") {
  std::mt19937 random(20261123);
  for (int round = 0; round < 2; ++round) {
    Signed bench;
    auto const good = a_days_log(bench, 60, random);
    REQUIRE(verify_lines(good, bench.trusting()).whole());
    auto const pick = [&random](std::size_t below) { return random() % below; };
    for (int attack = 0; attack < 160; ++attack) {
      auto bad = good;
      auto const kind = attack % 8;
      auto const at = pick(bad.size());
      auto const other = pick(bad.size());
      if (kind == 0) {
        auto const byte = pick(bad[at].size());
        bad[at][byte] = bad[at][byte] == 'x' ? 'y' : 'x';
      } else if (kind == 1) {
        bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(at));
      } else if (kind == 2) {
        std::swap(bad[at], bad[other]);
      } else if (kind == 3) {
        bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(at), bad[other]);
      } else if (kind == 4) {
        bad.resize(at);
      } else if (kind == 5) {
        bad.erase(bad.begin(), bad.begin() + static_cast<std::ptrdiff_t>(at + 1));
      } else if (kind == 6) {
        // Everything from some checkpoint on, without the signatures.
        std::erase_if(bad, [](std::string const& line) { return is_checkpoint(line); });
      } else {
        // One record's action, and every later checkpoint gone but the last.
        auto const found = bad[at].find("action\":\"action");
        if (found == std::string::npos) continue;
        bad[at].replace(found, 15, "action\":\"ACTION");
        for (std::size_t i = bad.size() - 1; i-- > at;) {
          if (is_checkpoint(bad[i])) bad.erase(bad.begin() + static_cast<std::ptrdiff_t>(i));
        }
      }
      if (attack % 16 >= 8) bad = rechained(bad);
      if (bad == good) continue;
      CAPTURE(kind);
      CAPTURE(at);
      CAPTURE(attack);
      CHECK_FALSE(verify_lines(bad, bench.trusting()).whole());
    }
  }
}

TEST_CASE("a checkpoint of another log, or an older one again, does not fit") {
  Signed one;
  one.open_signed()->close(std::chrono::nanoseconds(0));
  Signed two;
  two.domain = one.domain;
  two.current = one.current;
  auto log = two.open_signed();
  REQUIRE(log->record(decision_event("refund")).ok());
  log->close(std::chrono::nanoseconds(0));
  auto lines = lines_of(two.file());
  lines.back() = lines_of(one.file()).back();
  CHECK_FALSE(verify_lines(rechained(lines), one.trusting()).whole());
  auto named = two.trusting();
  named.trust.log = "00000000000000000000000000000000";
  CHECK(two.check(named).broken->reason.starts_with("checkpoint is of another log"));
}

// Under ThreadSanitizer: who seals and who closes take turns.
TEST_CASE("closing while others seal leaves a log that verifies to its end") {
  Signed bench;
  auto const log = bench.open_signed();
  std::vector<std::jthread> threads;
  std::latch begun(3);
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&] {
      begun.count_down();
      for (int i = 0; i < 50; ++i) {
        static_cast<void>(log->record(decision_event("x")));  // refused once it is closed
        static_cast<void>(log->seal(SealReason::periodic));
      }
    });
  }
  begun.count_down();
  begun.wait();
  log->close(std::chrono::nanoseconds(0));
  threads.clear();
  auto const report = bench.check(bench.trusting());
  CHECK(report.whole());
  CHECK_FALSE(log->record(decision_event("late")).ok());
}
