// SPDX-License-Identifier: Apache-2.0
#include "core/decisions/store.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <fstream>
#include <latch>
#include <nlohmann/json.hpp>

#include "core/decisions/reader.h"
#include "core/io/loops.h"
#include "tests/support/small_files.h"
#include "tests/unit/decisions/place.h"

using namespace aw;
using namespace aw::decisions;
using namespace aw::decisions::test;

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
