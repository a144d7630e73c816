// SPDX-License-Identifier: Apache-2.0
#include "core/server/replay.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>
#include <vector>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/server/replay_journal.h"
#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::server;
using namespace std::chrono_literals;

namespace {

std::string nonce() { return text::to_base64url(random_bytes(16)); }

struct Fixture {
  testing::ManualClock clock;
  testing::TempDir dir;
  ReplayConfig config;

  std::unique_ptr<ReplayGuard> open() {
    auto guard = ReplayGuard::open(config, dir.path(), clock);
    REQUIRE(guard.ok());
    return std::move(guard).value();
  }
  Result<void> send(ReplayGuard& guard, std::string_view caller, std::string const& n) {
    auto const at = format_rfc3339(clock.now());
    return guard.admit(caller, {.nonce = n, .timestamp = at});
  }
};

Code code_of(Result<void> const& result) {
  return result.ok() ? Code::internal : result.error().code;
}

}  // namespace

TEST_CASE(
    "the same nonce of the same caller is refused, another caller's or another nonce is not") {
  Fixture f;
  auto guard = f.open();
  auto const n = nonce();
  CHECK(f.send(*guard, "spiffe://a.test/x", n).ok());
  CHECK(code_of(f.send(*guard, "spiffe://a.test/x", n)) == Code::replayed);
  CHECK(f.send(*guard, "spiffe://a.test/y", n).ok());
  CHECK(f.send(*guard, "spiffe://a.test/x", nonce()).ok());
}

TEST_CASE(
    "another spelling of the same bytes is the same nonce, and fewer than 128 bits are none") {
  Fixture f;
  auto const guard = f.open();
  CHECK(f.send(*guard, "c", "AAAAAAAAAAAAAAAAAAAAAA").ok());
  for (std::string const again :
       {"AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAAAP"}) {
    CAPTURE(again);
    CHECK(code_of(f.send(*guard, "c", again)) == Code::replayed);
  }
  CHECK(f.send(*guard, "c", "AAAAAAAAAAAAAAAAAAAAAQ==").ok());  // padded, as many libraries write
  CHECK(code_of(f.send(*guard, "c", "AAAAAAAAAAAAAAAAAAAA==")) == Code::request_malformed);
  CHECK(code_of(f.send(*guard, "c", "AAAAAAAAAAAA==========")) == Code::request_malformed);
}

TEST_CASE("a nonce is remembered across a restart") {
  Fixture f;
  auto const n = nonce();
  {
    CHECK(f.send(*f.open(), "spiffe://a.test/x", n).ok());
  }
  auto again = f.open();
  CHECK(again->size() == 1);
  CHECK(code_of(f.send(*again, "spiffe://a.test/x", n)) == Code::replayed);
}

TEST_CASE("a torn record at the end of the journal is cut off and what stands before it holds") {
  Fixture f;
  auto const n = nonce();
  {
    CHECK(f.send(*f.open(), "spiffe://a.test/x", n).ok());
  }
  for (auto name : {"replay-0.journal", "replay-1.journal"}) {
    std::ofstream(f.dir / name, std::ios::app | std::ios::binary) << "torn";
  }
  auto again = f.open();
  CHECK(code_of(f.send(*again, "spiffe://a.test/x", n)) == Code::replayed);
  CHECK(f.send(*again, "spiffe://a.test/x", nonce()).ok());
}

TEST_CASE("a nonce is remembered exactly as long as its timestamp is accepted") {
  Fixture f;
  auto guard = f.open();
  auto const n = nonce();
  auto const sent_at = format_rfc3339(f.clock.now() + 29s);
  CHECK(guard->admit("c", {.nonce = n, .timestamp = sent_at}).ok());
  f.clock.advance(328s);  // 299 s after the timestamp
  CHECK(code_of(guard->admit("c", {.nonce = n, .timestamp = sent_at})) == Code::replayed);
  f.clock.advance(2s);
  CHECK(code_of(guard->admit("c", {.nonce = n, .timestamp = sent_at})) ==
        Code::replay_outside_window);
}

TEST_CASE("the journal's two files take turns without forgetting what is still in the window") {
  Fixture f;
  auto guard = f.open();
  std::string last;
  for (int i = 0; i < 12; ++i) {
    last = nonce();
    CHECK(f.send(*guard, "c", last).ok());
    f.clock.advance(100s);
  }
  guard.reset();
  auto again = f.open();
  auto const at = format_rfc3339(f.clock.now() - 100s);
  CHECK(code_of(again->admit("c", {.nonce = last, .timestamp = at})) == Code::replayed);
  CHECK(again->size() <= 4);
}

TEST_CASE("timestamps outside the window, half a pair and malformed values are refused") {
  Fixture f;
  auto guard = f.open();
  auto const now = format_rfc3339(f.clock.now());
  auto const old = format_rfc3339(f.clock.now() - 301s);
  auto const ahead = format_rfc3339(f.clock.now() + 31s);
  auto const n = nonce();
  CHECK(code_of(guard->admit("c", {.nonce = n, .timestamp = old})) == Code::replay_outside_window);
  CHECK(code_of(guard->admit("c", {.nonce = n, .timestamp = ahead})) ==
        Code::replay_outside_window);
  CHECK(code_of(guard->admit("c", {.nonce = n, .timestamp = {}})) == Code::replay_headers_missing);
  CHECK(code_of(guard->admit("c", {.nonce = {}, .timestamp = now})) ==
        Code::replay_headers_missing);
  CHECK(code_of(guard->admit("c", {.nonce = "c2hvcnQ", .timestamp = now})) ==
        Code::request_malformed);
  CHECK(code_of(guard->admit("c", {.nonce = std::string(300, 'A'), .timestamp = now})) ==
        Code::request_malformed);
  CHECK(code_of(guard->admit("c", {.nonce = n, .timestamp = "yesterday"})) ==
        Code::request_malformed);
  CHECK(guard->size() == 0);
}

TEST_CASE("a caller that sends neither header passes only where they are optional") {
  Fixture f;
  CHECK(f.open()->admit("c", {}).ok());
  f.config.mode = ReplayMode::required;
  CHECK(code_of(f.open()->admit("c", {})) == Code::replay_headers_missing);
}

TEST_CASE("a caller that fills its share is refused and nothing is forgotten") {
  Fixture f;
  f.config.max_entries_per_caller = 3;
  auto guard = f.open();
  auto const first = nonce();
  CHECK(f.send(*guard, "c", first).ok());
  CHECK(f.send(*guard, "c", nonce()).ok());
  CHECK(f.send(*guard, "c", nonce()).ok());
  CHECK(code_of(f.send(*guard, "c", nonce())) == Code::rate_limited);
  CHECK(code_of(f.send(*guard, "c", first)) == Code::replayed);
  CHECK(f.send(*guard, "other", nonce()).ok());
}

TEST_CASE("of many simultaneous copies of one request exactly one passes") {
  Fixture f;
  auto guard = f.open();
  auto const n = nonce();
  std::atomic<int> passed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      if (f.send(*guard, "c", n).ok()) ++passed;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(passed == 1);
}

namespace {

// Files of this process may not grow while it lives: a full disk, as far as they can tell.
class FullDisk {
 public:
  FullDisk() {
    getrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit const none{.rlim_cur = 0, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(FullDisk const&) = delete;
  FullDisk& operator=(FullDisk const&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("a nonce that cannot be written down is refused, and may be used when it can") {
  Fixture f;
  auto guard = f.open();
  auto const n = nonce();
  {
    FullDisk const full;
    CHECK(code_of(f.send(*guard, "c", n)) == Code::state_unusable);
    CHECK(guard->size() == 0);
  }
  CHECK(f.send(*guard, "c", n).ok());
  CHECK(code_of(f.send(*guard, "c", n)) == Code::replayed);
}

TEST_CASE("a nonce used again after a full disk is remembered to its later end") {
  Fixture f;
  auto guard = f.open();
  auto const n = nonce();
  {
    FullDisk const full;
    CHECK_FALSE(f.send(*guard, "c", n).ok());
  }
  f.clock.advance(200s);
  auto const later = format_rfc3339(f.clock.now());
  CHECK(guard->admit("c", {.nonce = n, .timestamp = later}).ok());
  f.clock.advance(150s);  // past the end of the first, within the second's window
  CHECK(code_of(guard->admit("c", {.nonce = n, .timestamp = later})) == Code::replayed);
  CHECK(guard->size() == 1);
}

TEST_CASE("a damaged record does not take those behind it along") {
  Fixture f;
  std::vector<std::string> sent;
  {
    auto guard = f.open();
    for (int i = 0; i < 5; ++i) {
      sent.push_back(nonce());
      CHECK(f.send(*guard, "c", sent.back()).ok());
    }
  }
  for (auto const* name : {"replay-0.journal", "replay-1.journal"}) {
    auto const path = f.dir / name;
    if (std::filesystem::file_size(path) == 0) continue;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(48 + 40);  // the second record's mark
    file << "damaged!";
  }
  auto again = f.open();
  CHECK(again->size() == 4);
  for (std::size_t i : {0U, 2U, 3U, 4U}) {
    CHECK(code_of(f.send(*again, "c", sent[i])) == Code::replayed);
  }
}

TEST_CASE("a journal longer than one read comes back whole and in order, its torn end cut off") {
  constexpr std::int64_t kMany = 10'000;
  Fixture f;
  auto const open = [&f](std::function<void(ReplayEntry const&)> const& load) {
    return ReplayJournal::open(f.dir.path(), 300s, f.clock, load);
  };
  {
    auto const journal = open([](ReplayEntry const&) {}).value();
    for (std::int64_t i = 0; i < kMany; ++i) REQUIRE(journal->append({.expires_ms = i}).ok());
  }
  auto path = f.dir / "replay-0.journal";
  if (std::filesystem::file_size(path) == 0) path = f.dir / "replay-1.journal";
  std::ofstream(path, std::ios::app | std::ios::binary) << "torn";
  for (int start = 0; start < 2; ++start) {
    std::vector<std::int64_t> read;
    REQUIRE(open([&read](ReplayEntry const& entry) { read.push_back(entry.expires_ms); }).ok());
    REQUIRE(read.size() == kMany);
    CHECK(std::ranges::is_sorted(read));
    CHECK(read.back() == kMany - 1);
    CHECK(std::filesystem::file_size(path) == kMany * 48);
  }
}

TEST_CASE("every spelling of one moment is one window") {
  Fixture f;
  auto guard = f.open();
  auto const now = f.clock.now();
  auto const text = format_rfc3339(now);  // …T..:..:...000Z
  auto const day = text.substr(0, 10);
  struct Row {
    std::string timestamp;
    Code code;
  };
  for (Row const& row : {
           Row{text, Code::internal},
           Row{text.substr(0, 19) + "Z", Code::internal},
           Row{text.substr(0, 19) + "+00:00", Code::internal},
           Row{text.substr(0, 19) + "+01:00", Code::replay_outside_window},
           Row{text.substr(0, 19), Code::request_malformed},
           Row{day, Code::request_malformed},
           Row{" " + text, Code::request_malformed},
           Row{text + "x", Code::request_malformed},
           Row{"1800000000", Code::request_malformed},
           Row{"", Code::request_malformed},
           Row{"9999-12-31T23:59:59Z", Code::request_malformed},
           Row{"0000-01-01T00:00:00Z", Code::request_malformed},
           Row{"1677-01-01T00:00:00Z", Code::request_malformed},
       }) {
    CAPTURE(row.timestamp);
    auto const result = guard->admit("c", {.nonce = nonce(), .timestamp = row.timestamp});
    auto const code = code_of(result);
    if (row.code == Code::request_malformed) {
      CHECK((code == Code::request_malformed || code == Code::replay_outside_window));
    } else {
      CHECK(code == row.code);
    }
  }
}

TEST_CASE("a nonce is base64url of 128 bits to 192 bytes, and nothing else") {
  Fixture f;
  auto guard = f.open();
  auto const at = format_rfc3339(f.clock.now());
  struct Row {
    std::string nonce;
    bool good;
  };
  for (Row const& row : {
           Row{std::string(22, 'A'), true},
           Row{std::string(256, 'A'), true},
           Row{std::string(21, 'A'), false},
           Row{std::string(257, 'A'), false},
           Row{std::string(21, 'A') + "+", false},
           Row{std::string(21, 'A') + "/", false},
           Row{std::string(21, 'A') + " ", false},
           Row{std::string(21, 'A') + '\0', false},
           Row{"AAAAAAAAAA\nAAAAAAAAAAAA", false},
           Row{std::string(25, 'A'), false},  // no length of base64
           Row{"", false},
       }) {
    CAPTURE(row.nonce);
    auto const result = guard->admit("n", {.nonce = row.nonce, .timestamp = at});
    CHECK(result.ok() == row.good);
    if (!row.good) CHECK(code_of(result) == Code::request_malformed);
  }
}

TEST_CASE("a second process cannot share the journal") {
  Fixture f;
  auto guard = f.open();
  auto second = ReplayGuard::open(f.config, f.dir.path(), f.clock);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == Code::state_unusable);
}
