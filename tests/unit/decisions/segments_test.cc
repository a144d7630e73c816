// SPDX-License-Identifier: Apache-2.0
// What the store has on disk: full segments, blocks that go, what kill -9 leaves, frames.
#include "core/decisions/segments.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/decisions/reader.h"
#include "core/decisions/store.h"
#include "tests/unit/decisions/place.h"

using namespace aw;
using namespace aw::decisions;
using namespace aw::decisions::test;

namespace {

constexpr std::size_t kLargeContext = 30'000;
std::string large_context() { return '"' + std::string(kLargeContext, 'x') + '"'; }

// Enough for a segment that keeps its decisions; the first and the last id.
std::pair<std::string, std::string> fill_segment(Store& store, std::string const& prefix) {
  auto const context = large_context();
  auto const count = Store::kFullSegment / kLargeContext + 1;
  for (std::size_t i = 0; i < count; ++i)
    REQUIRE(keep(store, decision(prefix + std::to_string(i), "refund", context)).ok());
  return {prefix + "0", prefix + std::to_string(count - 1)};
}

std::uintmax_t database_bytes(Place const& place) {
  std::uintmax_t out = 0;
  for (auto const* const name : {"decisions.db", "decisions.db-wal"}) {
    std::error_code missing;
    auto const size = std::filesystem::file_size(place.directory / "decisions" / name, missing);
    if (!missing) out += size;
  }
  return out;
}

}  // namespace

TEST_CASE("a full segment keeps its decisions, also for a reader and after a restart") {
  Place place;
  auto store = place.open();
  auto const [first, last] = fill_segment(*store, "d-");
  REQUIRE(store->flush().ok());
  REQUIRE(keep(*store, decision("small-1")).ok());
  REQUIRE(store->flush().ok());
  auto const files = segments_in(place.directory / "decisions");
  REQUIRE(files.size() == 2);  // the full one and the one that is written to
  CHECK(database_bytes(place) < Store::kFullSegment / 2);
  SUBCASE("while it runs") {}
  SUBCASE("after it ended") { store.reset(); }
  SUBCASE("after two more starts") {
    for (int i = 0; i < 2; ++i) {
      store.reset();
      store = place.open();
      REQUIRE(store);
    }
    CHECK(segments_in(place.directory / "decisions").front() == files.front());
    CHECK(result_of(*store, 1)[0].at("decision_id") == "small-1");
    CHECK(result_of(*store, 2)[1].at("decision_id") == last);
  }
  auto reader = Reader::open(place.directory / "decisions");
  REQUIRE(reader.ok());
  for (auto const& id : {first, last, std::string("small-1")})
    CHECK(reader->find(id)->text(Text::id) == id);
}

TEST_CASE("a segment that is there and cannot be read is an error, not fewer decisions") {
  Place place;
  auto store = place.open();
  static_cast<void>(fill_segment(*store, "d-"));
  REQUIRE(store->flush().ok());
  auto const number = segments_in(place.directory / "decisions").front();
  auto const path = place.directory / "decisions" / ("journal-" + std::to_string(number));
  REQUIRE(std::filesystem::remove(path));
  auto reader = Reader::open(place.directory / "decisions");
  REQUIRE(reader.ok());
  CHECK(reader->find("d-0").error().code == Code::not_found);
  REQUIRE(std::filesystem::create_directory(path));
  CHECK(reader->find("d-0").error().code == Code::state_unusable);
}

TEST_CASE("a segment that the database does not know yet and that cannot be read is an error") {
  Place place;
  auto store = place.open();
  REQUIRE(keep(*store, decision("d-kept")).ok());
  REQUIRE(store->flush().ok());
  auto const last = segments_in(place.directory / "decisions").back();
  REQUIRE(std::filesystem::create_directory(segment_in(place.directory / "decisions", last + 1)));
  auto reader = Reader::open(place.directory / "decisions");
  REQUIRE(reader.ok());
  CHECK(reader->find("d-kept").error().code == Code::state_unusable);
}

TEST_CASE("a retired block takes its segment along") {
  Place place;
  auto store = place.open();
  static_cast<void>(fill_segment(*store, "old-"));
  REQUIRE(store->flush().ok());
  auto const old = segments_in(place.directory / "decisions").front();
  store.reset();
  Config config;
  config.max_bytes = 6U << 20;
  store = place.open(config);
  // A segment that is turned over wakes the thread, which retires when there is much.
  for (int i = 0; i < 8; ++i) static_cast<void>(fill_segment(*store, "new-" + std::to_string(i)));
  auto const gone = [&] { return segments_in(place.directory / "decisions").front() > old; };
  for (int i = 0; i < 20'000 && !gone(); ++i) ::usleep(1'000);
  CHECK(gone());
  auto reader = Reader::open(place.directory / "decisions");
  CHECK(reader->find("old-0").error().code == Code::not_found);
}

TEST_CASE("a segment that nobody needs any more is removed at the next start") {
  Place place;
  auto store = place.open();
  static_cast<void>(fill_segment(*store, "d-"));
  REQUIRE(store->flush().ok());
  auto const full = segments_in(place.directory / "decisions").front();
  store.reset();
  {
    auto database = Database::open(place.directory / "decisions" / "decisions.db",
                                   Database::Access::read_write);
    REQUIRE(database.ok());
    CHECK(*database->needs_segment(full));
    CHECK(database->retire(1, WallTime{})->segment >= full);
    CHECK_FALSE(*database->needs_segment(full));
  }
  store = place.open();
  REQUIRE(store);
  CHECK(segments_in(place.directory / "decisions").front() > full);
}

TEST_CASE("kill -9 loses nothing that was kept, and it opens again") {
  Place place;
  std::string context = "{}";
  SUBCASE("of small segments") {}
  SUBCASE("of segments that keep their decisions") { context = large_context(); }
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    auto const child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto const store = place.open();
      for (std::uint32_t i = 0; store; ++i) {
        auto const id = "d-" + std::to_string(round) + "-" + std::to_string(i);
        Ticket ticket;
        store->keep(decision(id, "refund", context), ticket);
        // "Answered": the parent may count on it from here.
        if (ticket.outcome.ok() && ::write(pipe_ends[1], &i, sizeof(i)) != sizeof(i)) break;
        if (i % 50 == 49) static_cast<void>(store->flush().ok());
      }
      ::_exit(0);
    }
    ::close(pipe_ends[1]);
    std::uint32_t last = 0;
    auto const enough = static_cast<std::uint32_t>(100 + round * 37);
    while (last < enough && ::read(pipe_ends[0], &last, sizeof(last)) == sizeof(last)) {
    }
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &last, sizeof(last)) == sizeof(last)) {
    }
    ::close(pipe_ends[0]);
    ::waitpid(child, nullptr, 0);
    auto const store = place.open();
    REQUIRE(store);
    std::size_t found = 0;
    auto reader = Reader::open(place.directory / "decisions");
    REQUIRE(reader.ok());
    auto const prefix = "d-" + std::to_string(round) + "-";
    REQUIRE(reader
                ->newest_first(WallTime{},
                               [&](Entry const& entry) {
                                 found += entry.text(Text::id).starts_with(prefix) ? 1 : 0;
                                 return Database::More::yes;
                               })
                .ok());
    // One more may be kept whose answer never left.
    CHECK(found >= last + 1);
    CHECK(found <= last + 2);
  }
}

TEST_CASE("the oldest blocks go when there is too much or they are too old") {
  Place place;
  auto database = Database::open(place.directory / "x.db", Database::Access::read_write);
  REQUIRE(database.ok());
  for (std::uint64_t i = 1; i <= 5; ++i) {
    std::string frames;
    auto const id = "d-" + std::to_string(i);  // fields are views
    auto fields = decision(id);
    fields.set(Number::time, i * 1'000'000'000);
    append_frame(frames, fields);
    REQUIRE(database->add_block(i, extent_of(frames), frames).ok());
  }
  auto const left = [&database] {
    std::vector<std::string> ids;
    CHECK(database
              ->blocks(WallTime{},
                       [&ids](std::uint64_t, std::string_view frames) {
                         ids.push_back(take_frame(frames)->text(Text::id));
                         return Database::More::yes;
                       })
              .ok());
    return ids;
  };
  CHECK(database->retire(1U << 20, WallTime{std::chrono::seconds(2)})->decisions == 1);
  CHECK(left() == std::vector<std::string>{"d-5", "d-4", "d-3", "d-2"});
  CHECK(database->retire(600, WallTime{})->decisions == 2);
  CHECK(left() == std::vector<std::string>{"d-5", "d-4"});
  CHECK(*database->imported() == 5);
}

TEST_CASE("a frame comes back as it went in; half of one, or a changed one, does not come") {
  std::string frames;
  append_frame(frames, decision("d-1"));
  append_frame(frames, decision("d-2"));
  std::string_view rest = frames;
  CHECK(take_frame(rest)->text(Text::id) == "d-1");
  CHECK(take_frame(rest)->text(Text::id) == "d-2");
  CHECK(rest.empty());
  CHECK_FALSE(take_frame(rest).has_value());
  auto const one = frames.substr(0, frames.size() / 2);
  for (std::size_t cut = 0; cut < one.size(); ++cut) {
    auto part = std::string_view(one).substr(0, cut);
    CHECK_FALSE(take_frame(part).has_value());
  }
}
