// SPDX-License-Identifier: Apache-2.0
#include "core/audit/file_sink.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>

#include "core/audit/recover.h"
#include "fixture.h"

using namespace aw;
using namespace aw::audit;

namespace {

struct Writer {
  ManualClock& clock;
  FileCalls& calls;
  FileSink sink;
  Chain chain{ChainHead{}};

  Writer(std::filesystem::path const& path, ManualClock& given, FileCalls& with,
         RotationConfig rotation = {})
      : clock(given),
        calls(with),
        sink({.path = path, .rotation = rotation, .sync = Sync::kernel}, given, with) {}

  Result<void> start() {
    AW_TRY(auto resumed, sink.resume());
    chain = Chain(resumed.head);
    return {};
  }
  Result<void> add(std::string const& text = "x") {
    AW_TRY(auto record, chain.seal("\"a\":\"" + text + "\""));
    AW_TRY(sink.append(record));
    chain.commit();
    return {};
  }
};

struct Place {
  TempDir directory;
  ManualClock clock{*parse_rfc3339(kNow)};
  SmallDisk disk;
  std::filesystem::path file = directory / "audit.log";

  [[nodiscard]] VerifyReport verify(std::uint64_t from = 1) const {
    auto files = rotated_files(file);
    files.push_back(file);
    auto report = verify_files(files, {.from = from});
    REQUIRE(report.ok());
    return *report;
  }
};

}  // namespace

TEST_CASE("the log file is private, also when it was not before") {
  Place place;
  spit(place.file, "");
  ::chmod(place.file.c_str(), 0644);
  Writer writer(place.file, place.clock, place.disk);
  REQUIRE(writer.start().ok());
  struct stat info{};
  REQUIRE(::stat(place.file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600U);
}

TEST_CASE("a second process cannot write the same log") {
  Place place;
  Writer first(place.file, place.clock, place.disk);
  REQUIRE(first.start().ok());
  Writer second(place.file, place.clock, place.disk);
  auto const started = second.start();
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().code == Code::audit_unavailable);
  CHECK(started.error().message.find("in use") != std::string::npos);
}

TEST_CASE("a restart continues the chain") {
  Place place;
  {
    Writer writer(place.file, place.clock, place.disk);
    REQUIRE(writer.start().ok());
    REQUIRE(writer.add().ok());
    REQUIRE(writer.add().ok());
  }
  Writer writer(place.file, place.clock, place.disk);
  REQUIRE(writer.start().ok());
  REQUIRE(writer.add().ok());
  auto const report = place.verify();
  CHECK(report.whole());
  CHECK(report.records == 3);
}

TEST_CASE(
    "a half written last line is moved aside, and the chain goes on after the last whole one") {
  Place place;
  {
    Writer writer(place.file, place.clock, place.disk);
    REQUIRE(writer.start().ok());
    REQUIRE(writer.add("first").ok());
    REQUIRE(writer.add("second").ok());
  }
  auto const text = slurp(place.file);
  spit(place.file, text.substr(0, text.size() - 20));
  Writer writer(place.file, place.clock, place.disk);
  auto resumed = writer.sink.resume();
  REQUIRE(resumed.ok());
  CHECK(resumed->head.seq == 1);
  REQUIRE(resumed->notes.size() == 1);
  CHECK(resumed->notes[0].find(".torn-2") != std::string::npos);
  CHECK(slurp(place.directory / "audit.log.torn-2").find("second") != std::string::npos);
  writer.chain = Chain(resumed->head);
  REQUIRE(writer.add("third").ok());
  CHECK(place.verify().records == 2);
  CHECK(place.verify().whole());
}

TEST_CASE("does not go on after a last record that was changed") {
  Place place;
  {
    Writer writer(place.file, place.clock, place.disk);
    REQUIRE(writer.start().ok());
    REQUIRE(writer.add("refund").ok());
  }
  auto text = slurp(place.file);
  text.replace(text.find("refund"), 6, "invoic");
  spit(place.file, text);
  Writer writer(place.file, place.clock, place.disk);
  auto const started = writer.start();
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().code == Code::audit_integrity);
}

TEST_CASE("a full disk fails the record and leaves the chain whole when space is back") {
  Place place;
  Writer writer(place.file, place.clock, place.disk);
  REQUIRE(writer.start().ok());
  REQUIRE(writer.add().ok());
  auto const size = std::filesystem::file_size(place.file);

  place.disk.room = 25;  // half a line fits
  auto const failed = writer.add();
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == Code::audit_unavailable);
  CHECK(std::filesystem::file_size(place.file) == size);
  CHECK_FALSE(writer.add().ok());

  place.disk.room = 1 << 20;
  REQUIRE(writer.add().ok());
  CHECK(place.verify().whole());
  CHECK(place.verify().records == 2);
}

TEST_CASE("half a line that could not be cut off is cut off before the next record") {
  Place place;
  Writer writer(place.file, place.clock, place.disk);
  REQUIRE(writer.start().ok());
  REQUIRE(writer.add().ok());
  place.disk.room = 25;
  place.disk.truncate_fails = 2;
  CHECK_FALSE(writer.add().ok());
  place.disk.room = 1 << 20;
  CHECK_FALSE(writer.add().ok());  // still cannot repair: still no record
  REQUIRE(writer.add().ok());
  CHECK(place.verify().whole());
  CHECK(place.verify().records == 2);
}

TEST_CASE("rotates by size and keeps the chain across files") {
  Place place;
  Writer writer(place.file, place.clock, place.disk, {.max_bytes = 1000, .max_files = 0});
  REQUIRE(writer.start().ok());
  for (int i = 0; i < 20; ++i) {
    place.clock.advance(std::chrono::seconds(1));
    REQUIRE(writer.add().ok());
  }
  CHECK(rotated_files(place.file).size() >= 3);
  for (auto const& file : rotated_files(place.file)) {
    CHECK(std::filesystem::file_size(file) <= 1000);
  }
  auto const report = place.verify();
  CHECK(report.whole());
  CHECK(report.records == 20);
}

TEST_CASE("rotates when the day changes, if asked to") {
  Place place;
  Writer writer(place.file, place.clock, place.disk, {.daily = true});
  REQUIRE(writer.start().ok());
  REQUIRE(writer.add().ok());
  place.clock.advance(std::chrono::hours(24));
  REQUIRE(writer.add().ok());
  CHECK(rotated_files(place.file).size() == 1);
  CHECK(place.verify().records == 2);
}

TEST_CASE("keeps only so many rotated files, and what is left still verifies") {
  Place place;
  Writer writer(place.file, place.clock, place.disk, {.max_bytes = 600, .max_files = 2});
  REQUIRE(writer.start().ok());
  for (int i = 0; i < 20; ++i) REQUIRE(writer.add().ok());
  CHECK(rotated_files(place.file).size() == 2);
  auto const report = place.verify(1000);
  CHECK(report.whole());
  CHECK_FALSE(report.from_the_start());
  CHECK(report.head.seq == 20);
}

TEST_CASE("resumes from the rotated file when the end came right after rotation") {
  Place place;
  {
    Writer writer(place.file, place.clock, place.disk);
    REQUIRE(writer.start().ok());
    REQUIRE(writer.add().ok());
    REQUIRE(writer.add().ok());
  }
  std::filesystem::rename(place.file, place.directory / "audit-20261123T153312Z-2.log");
  Writer writer(place.file, place.clock, place.disk);
  REQUIRE(writer.start().ok());
  REQUIRE(writer.add().ok());
  CHECK(place.verify().whole());
  CHECK(place.verify().records == 3);
}

TEST_CASE("goes on in a new file when another program moved the log away") {
  Place place;
  Writer writer(place.file, place.clock, place.disk);
  REQUIRE(writer.start().ok());
  REQUIRE(writer.add().ok());
  std::filesystem::rename(place.file, place.directory / "audit-0-1.log");
  place.clock.advance(std::chrono::seconds(2));
  REQUIRE(writer.add().ok());
  CHECK(lines_of(place.file).size() == 1);
  CHECK(place.verify().records == 2);
}

TEST_CASE("denies when another program changes the log under it") {
  Place place;
  Writer writer(place.file, place.clock, place.disk);
  REQUIRE(writer.start().ok());
  REQUIRE(writer.add().ok());
  REQUIRE(writer.add().ok());
  std::filesystem::resize_file(place.file, 10);
  place.clock.advance(std::chrono::seconds(2));
  auto const added = writer.add();
  REQUIRE_FALSE(added.ok());
  CHECK(added.error().code == Code::audit_integrity);
}

TEST_CASE("refuses a symbolic link in the log's place") {
  Place place;
  spit(place.directory / "elsewhere", "");
  std::filesystem::create_symlink(place.directory / "elsewhere", place.file);
  Writer writer(place.file, place.clock, place.disk);
  CHECK_FALSE(writer.start().ok());
}
