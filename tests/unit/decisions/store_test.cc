// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/store.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <fstream>
#include <latch>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/io/loops.h"
#include "core/testing/manual_clock.h"
#include "tests/support/small_files.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::decisions;

namespace {

struct Place {
  testing::TempDir directory;
  testing::ManualClock clock;
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  metrics::Registry registry;

  [[nodiscard]] std::unique_ptr<Store> open(Config const& config = {}) {
    auto store = Store::open(
        directory / "decisions", config,
        {.clock = clock, .log = *quiet, .metrics = registry, .input_of = [](Entry const& entry) {
           return R"({"action":")" + entry.text(Text::action) + R"(","context":)" +
                  entry.text(Text::context_json) + "}";
         }});
    return store.ok() ? std::move(*store) : nullptr;
  }
};

Fields decision(std::string_view id, std::string_view action = "refund",
                std::string_view context = "{}") {
  Fields out;
  out.set(Text::id, id);
  out.set(Text::caller, "spiffe://corp.example/agent/planner");
  out.set(Text::action, action);
  out.set(Text::context_json, context);
  out.set(Text::reason, "no_matching_rule");
  out.set(Number::code, 3001);
  out.set(Number::time, 1'800'000'000'000'000'000U);
  out.set(Number::flags, kAsked);
  return out;
}

Result<void> keep(Store& store, Fields const& fields) {
  Ticket ticket;
  store.keep(fields, ticket);
  CHECK(ticket.written);
  return ticket.outcome;
}

json::Json result_of(Store& store, std::size_t most = 100) {
  return json::parse(store.document(most, "billing"))->at("result");
}

}  // namespace

TEST_CASE("what is kept is told newest first, in OPA's shape") {
  Place place;
  auto const store = place.open();
  REQUIRE(store);
  REQUIRE(keep(*store, decision("d-1")).ok());
  REQUIRE(keep(*store, decision("d-2", "invoice")).ok());
  auto const result = result_of(*store);
  REQUIRE(result.size() == 2);
  CHECK(result[0].at("decision_id") == "d-2");
  CHECK(result[0].at("input").at("action") == "invoice");
  CHECK(result[0].at("result") == false);
  CHECK(result[0].at("code") == "AW3001");
  CHECK(result[0].at("labels").at("id") == "billing");
  CHECK(result[0].at("timestamp") == "2027-01-15T08:00:00.000Z");
  CHECK(result_of(*store, 1).size() == 1);
}

TEST_CASE("what was kept is there after a restart, and in what runs, for a reader from outside") {
  Place place;
  auto store = place.open();
  REQUIRE(keep(*store, decision("d-1")).ok());
  REQUIRE(keep(*store, decision("d-20")).ok());
  SUBCASE("while it runs") {}
  SUBCASE("after it ended") { store.reset(); }
  SUBCASE("after another start") {
    store.reset();
    store = place.open();
  }
  auto reader = Reader::open(place.directory / "decisions");
  REQUIRE(reader.ok());
  CHECK(reader->find("d-1")->text(Text::action) == "refund");
  CHECK(reader->find("d-2")->text(Text::id) == "d-20");
  CHECK(reader->find("d-3").error().code == Code::not_found);
  CHECK(reader->find("d-").error().code == Code::usage);
}

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

TEST_CASE("who pushes decisions too gets what was written, and the input is made once for both") {
  Place place;
  int made = 0;
  auto opened = Store::open(place.directory / "decisions", {.masks = {"/input/context/secret"}},
                            {.clock = place.clock,
                             .log = *place.quiet,
                             .metrics = place.registry,
                             .input_of = [&made](Entry const&) {
                               ++made;
                               return std::string(R"({"context":{"secret":"s3cret","size":1}})");
                             }});
  REQUIRE(opened.ok());
  std::string first;
  std::string second;
  Ticket ticket;
  (*opened)->keep(decision("d-1"), ticket, &first);
  (*opened)->keep_now(decision("d-2"), ticket, &second);
  CHECK(made == 2);
  for (std::string_view frame : {first, second}) {
    auto const entry = take_frame(frame);
    REQUIRE(entry.has_value());
    CHECK(frame.empty());
    CHECK(entry->text(Text::input_json) == R"({"context":{"size":1}})");
  }
}

TEST_CASE("each decision of a turn that cannot be kept is counted") {
  Place place;
  auto const store = place.open();
  REQUIRE(store);
  std::string const large(64U << 10, 'x');
  REQUIRE(keep(*store, decision("d-0", large)).ok());
  std::array<Ticket, 3> tickets;
  std::latch done(1);
  {
    testing::SmallFiles const full(32U << 10);
    io::Loops loops(1);
    auto const one = [&]() -> io::Task<void> {
      for (auto& ticket : tickets) store->keep(decision("d-x"), ticket);
      for (auto& ticket : tickets) ticket.outcome = co_await store->settled(ticket);
      done.count_down();
    };
    boost::asio::post(
        loops.at(0), [&] { boost::asio::co_spawn(loops.at(0), one(), [](std::exception_ptr) {}); });
    done.wait();
    loops.stop();
  }
  for (auto const& ticket : tickets) CHECK_FALSE(ticket.outcome.ok());
  CHECK(place.registry.text().contains("agentweave_decisions_refused_total 3\n"));
  CHECK(keep(*store, decision("d-1")).ok());
}

TEST_CASE("a directory that is reached by a link, as systemd makes one, is as good as another") {
  Place place;
  std::filesystem::create_directory(place.directory / "private");
  std::filesystem::create_directory_symlink("private", place.directory / "state");
  auto const open = [&place](std::string const& name) {
    return Store::open(place.directory / "state" / name, {},
                       {.clock = place.clock,
                        .log = *place.quiet,
                        .metrics = place.registry,
                        .input_of = [](Entry const&) { return std::string("{}"); }});
  };
  {
    auto store = open("decisions");
    REQUIRE(store.ok());
    CHECK(keep(**store, decision("d-1")).ok());
  }
  CHECK(std::filesystem::exists(place.directory / "private/decisions/decisions.db"));
  // The database's own name is followed nowhere.
  std::filesystem::create_directory(place.directory / "private/other");
  std::filesystem::create_symlink(place.directory / "elsewhere.db",
                                  place.directory / "private/other/decisions.db");
  CHECK_FALSE(open("other").ok());
  CHECK_FALSE(std::filesystem::exists(place.directory / "elsewhere.db"));
}

TEST_CASE("a second process cannot take the store over") {
  Place place;
  auto const store = place.open();
  CHECK(place.open() == nullptr);
}

TEST_CASE("what is masked is in no file, and the event says what was erased") {
  Place place;
  auto store = place.open({.masks = {"/input/context/params/password", "/input/nothing"}});
  REQUIRE(store);
  REQUIRE(
      keep(*store, decision("d-1", "login", R"({"params":{"password":"hunter2","user":"ada"}})"))
          .ok());
  auto const event = result_of(*store).at(0);
  CHECK(event.at("input").at("context").at("params") == json::Json{{"user", "ada"}});
  CHECK(event.at("erased") == json::Json::array({"/input/context/params/password"}));
  store.reset();
  for (auto const& file : std::filesystem::directory_iterator(place.directory / "decisions")) {
    std::ifstream in(file.path(), std::ios::binary);
    std::string const bytes((std::istreambuf_iterator<char>(in)), {});
    CHECK(bytes.find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a mask that is no pointer below the input stops the start") {
  Place place;
  for (auto const* mask : {"password", "/result/x", "/input", "/input/", "/inputs/a", "/input/~"}) {
    CAPTURE(mask);
    CHECK(place.open({.masks = {mask}}) == nullptr);
  }
}

TEST_CASE("a disk that takes no more denies, and what was kept before stays whole") {
  Place place;
  auto const store = place.open();
  REQUIRE(keep(*store, decision("d-1")).ok());
  struct rlimit_guard {
    struct ::rlimit before{};
    rlimit_guard() {
      ::getrlimit(RLIMIT_FSIZE, &before);
      struct ::rlimit small = before;
      small.rlim_cur = 600;
      ::signal(SIGXFSZ, SIG_IGN);
      ::setrlimit(RLIMIT_FSIZE, &small);
    }
    ~rlimit_guard() { ::setrlimit(RLIMIT_FSIZE, &before); }
  };
  {
    rlimit_guard const full;
    std::string const large(2000, 'x');
    CHECK_FALSE(keep(*store, decision("d-2", large)).ok());
  }
  REQUIRE(keep(*store, decision("d-3")).ok());
  auto const result = result_of(*store);
  REQUIRE(result.size() == 2);
  CHECK(result[0].at("decision_id") == "d-3");
  CHECK(result[1].at("decision_id") == "d-1");
}

TEST_CASE("policies are found by their digest") {
  Place place;
  auto const store = place.open();
  REQUIRE(store->keep_policy({.digest = "sha256:aa", .document = R"({"path":"a/b"})"}).ok());
  REQUIRE(store->keep_policy({.digest = "sha256:aa", .document = R"({"path":"a/c"})"}).ok());
  auto reader = Reader::open(place.directory / "decisions");
  REQUIRE(reader.ok());
  CHECK((*reader->policy("sha256:aa"))->document == R"({"path":"a/c"})");
  CHECK_FALSE(reader->policy("sha256:bb")->has_value());
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
    REQUIRE(database->add_block(i, frames, Database::Kept::here).ok());
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
