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

  // What a new process reads: "+record" and "-id".
  [[nodiscard]] std::vector<std::string> read() const {
    std::vector<std::string> out;
    auto const note = [&out](TaskJournal::Kind kind, std::string_view bytes) -> Result<void> {
      out.push_back((kind == TaskJournal::Kind::put ? "+" : "-") + std::string(bytes));
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

TEST_CASE("bytes that are no entry end the reading") {
  auto const seen = [](std::string const& bytes) {
    std::size_t count = 0;
    auto const end = TaskJournal::entries(bytes, [&count](TaskJournal::Kind, std::string_view) {
      ++count;
      return Result<void>();
    });
    REQUIRE(end.ok());
    return std::pair(count, *end);
  };
  auto const one = framed("one");
  CHECK(seen("") == std::pair<std::size_t, std::size_t>(0, 0));
  CHECK(seen(one + "garbage that is long enough to be a header") == std::pair(1UL, one.size()));
  auto kind = one;
  kind[4] = 9;
  CHECK(seen(kind).first == 0);
  auto length = one;
  length[15] = 0x7F;  // beyond everything
  CHECK(seen(length).first == 0);
  auto trailer = one;
  trailer.back() = 'x';
  CHECK(seen(trailer).first == 0);
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
