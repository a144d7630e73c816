// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/task_journal.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/base/random.h"

using namespace aw;
using namespace aw::a2a;

namespace {

struct Place {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("task-journal-" + random_uuid());
  Place() { std::filesystem::create_directories(directory); }
  ~Place() { std::filesystem::remove_all(directory); }
  Place(Place const&) = delete;
  Place& operator=(Place const&) = delete;
  [[nodiscard]] std::filesystem::path path() const { return directory / "tasks.journal"; }

  // What a new process reads: "+record", "-id" and "?damaged".
  [[nodiscard]] std::vector<std::string> read() const {
    std::vector<std::string> out;
    auto const note = [&out](TaskJournal::Kind kind, std::string_view bytes) -> Result<void> {
      using Kind = TaskJournal::Kind;
      auto const* const mark = kind == Kind::put ? "+" : kind == Kind::damaged ? "?" : "-";
      out.push_back(mark + std::string(bytes));
      return {};
    };
    REQUIRE(TaskJournal::open(path(), note).ok());
    return out;
  }
};

Result<void> ignore(TaskJournal::Kind, std::string_view) { return {}; }

std::string framed(std::string_view bytes, TaskJournal::Kind kind = TaskJournal::Kind::put) {
  std::string out;
  TaskJournal::frame(out, kind, bytes);
  return out;
}

}  // namespace

TEST_CASE("entries come back in their order, over both files") {
  Place const place;
  {
    auto journal = TaskJournal::open(place.path(), ignore).value();
    REQUIRE(journal.append(framed("one") + framed("two")).ok());
    journal.turn_over();
    REQUIRE(journal.append(framed("one", TaskJournal::Kind::erase)).ok());
  }
  CHECK(place.read() == std::vector<std::string>{"+one", "+two", "-one"});
}

TEST_CASE("what was dropped is gone, what came after stays") {
  Place const place;
  {
    auto journal = TaskJournal::open(place.path(), ignore).value();
    REQUIRE(journal.append(framed("old")).ok());
    journal.turn_over();
    REQUIRE(journal.append(framed("new")).ok());
    REQUIRE(journal.drop_old().ok());
  }
  CHECK(place.read() == std::vector<std::string>{"+new"});
  {
    auto journal = TaskJournal::open(place.path(), ignore).value();
    REQUIRE(journal.drop_all().ok());
    CHECK(journal.bytes() == 0);
  }
  CHECK(place.read().empty());
}

TEST_CASE("an entry that a crash tore off is cut off, and the journal goes on") {
  auto const whole = framed("first");
  auto const second = framed("second");
  for (std::size_t kept = 0; kept < second.size(); ++kept) {
    CAPTURE(kept);
    Place const place;
    std::ofstream(place.path().string() + ".0", std::ios::binary)
        << whole << second.substr(0, kept);
    {
      auto journal = TaskJournal::open(place.path(), ignore).value();
      REQUIRE(journal.append(framed("third")).ok());
    }
    CHECK(place.read() == std::vector<std::string>{"+first", "+third"});
  }
}

TEST_CASE("what is damaged is told of, and what stands behind it is read") {
  auto const whole = framed("first");
  auto const last = framed("last");
  auto const second = framed("second");
  for (std::size_t at = 0; at < second.size(); ++at) {
    bool const said = at >= 16 && at < second.size() - 4;  // its own bytes: an entry all the same
    bool const kind = at >= 4 && at < 8;
    CAPTURE(at);
    auto damaged = second;
    damaged[at] = static_cast<char>(kind ? 0x7F : damaged[at] ^ 0x20);
    Place const place;
    std::ofstream(place.path().string() + ".0", std::ios::binary) << whole << damaged << last;
    auto const told = said ? "+" + damaged.substr(16, damaged.size() - 20) : "?" + damaged;
    CHECK(place.read() == std::vector<std::string>{"+first", told, "+last"});
  }
}

TEST_CASE("damage at the end is told of too, unless it is what a crash leaves") {
  auto const read = [](std::string const& bytes) {
    Place const place;
    std::ofstream(place.path().string() + ".0", std::ios::binary) << bytes;
    return place.read();
  };
  using Told = std::vector<std::string>;
  auto const one = framed("one");
  std::string const garbage = "garbage that is long enough to be a header";
  CHECK(read(one + garbage) == Told{"+one", "?" + garbage});
  auto trailer = one;
  trailer.back() = 'x';
  CHECK(read(one + trailer) == Told{"+one", "?" + trailer});
  std::string const zeros(100, '\0');
  CHECK(read(one + zeros) == Told{"+one", "?" + zeros});
  auto const header = one.substr(0, 16);  // of an entry that was to have three bytes
  CHECK(read(one + header + "on") == Told{"+one"});
  CHECK(read(one + header) == Told{"+one"});
}

TEST_CASE("what was damaged stays told of until it is dropped") {
  Place const place;
  std::string const garbage = "garbage that is long enough to be a header";
  std::ofstream(place.path().string() + ".0", std::ios::binary) << framed("one") << garbage;
  for (int i = 0; i < 2; ++i)
    CHECK(place.read() == std::vector<std::string>{"+one", "?" + garbage});
}

TEST_CASE("files whose number is damaged are read in the order they were written") {
  for (bool const older : {false, true}) {
    CAPTURE(older);
    Place const place;
    {
      auto journal = TaskJournal::open(place.path(), ignore).value();
      REQUIRE(journal.append(framed("old")).ok());
      journal.turn_over();
      REQUIRE(journal.append(framed("new")).ok());
    }
    auto const name = [&place](char const* end) { return place.path().string() + end; };
    auto const first = std::filesystem::last_write_time(name(".0"));
    auto const second = std::filesystem::last_write_time(name(".1"));
    // The first append goes into the second file.
    std::string const damaged = name(older ? ".1" : ".0");
    std::fstream(damaged, std::ios::in | std::ios::out | std::ios::binary).write("x", 1);
    std::filesystem::last_write_time(name(".1"), second);
    std::filesystem::last_write_time(name(".0"), std::max(first, second + std::chrono::seconds(1)));
    auto told = place.read();
    std::erase_if(told, [](std::string const& one) { return one.starts_with('?'); });
    CHECK(told == std::vector<std::string>{"+old", "+new"});
  }
}

TEST_CASE("an error of whoever reads ends the opening") {
  Place const place;
  {
    auto journal = TaskJournal::open(place.path(), ignore).value();
    REQUIRE(journal.append(framed("bad")).ok());
  }
  auto const opened = TaskJournal::open(place.path(), [](TaskJournal::Kind, std::string_view) {
    return Result<void>(make_error(Code::state_unusable, "damaged"));
  });
  CHECK_FALSE(opened.ok());
}

TEST_CASE("the files are private and belong to one process") {
  Place const place;
  auto const journal = TaskJournal::open(place.path(), ignore);
  REQUIRE(journal.ok());
  struct stat facts{};
  REQUIRE(::stat((place.path().string() + ".0").c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600U);
  auto const second = TaskJournal::open(place.path(), ignore);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().text().find("in use") != std::string::npos);
}
