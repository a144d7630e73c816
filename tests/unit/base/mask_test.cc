// SPDX-License-Identifier: Apache-2.0
#include "core/base/mask.h"

#include <doctest/doctest.h>

#include "core/base/fs.h"
#include "core/base/live_text.h"
#include "core/base/log.h"
#include "tests/support/temp_dir.h"

using namespace aw;

TEST_CASE("a mask hides what it knows, wherever it stands, the longest first") {
  Mask mask;
  mask.add(Secret("hunter2"));
  mask.add(Secret("hunter2-and-more"));
  mask.add(Secret("hunter2"));
  struct Row {
    char const* text;
    char const* masked;
  };
  for (Row const& row :
       {Row{"nothing here", "nothing here"}, Row{"", ""}, Row{"hunter2", "[redacted]"},
        Row{"a hunter2 b hunter2", "a [redacted] b [redacted]"},
        Row{"x=hunter2-and-more;", "x=[redacted];"},
        Row{"hunter2hunter2", "[redacted][redacted]"}}) {
    CHECK(mask.applied(row.text) == row.masked);
  }
}

TEST_CASE("what is too short to be told from other text is left alone") {
  Mask mask;
  mask.add(Secret("abc"));
  mask.add(Secret(""));
  CHECK(mask.applied("abc abcdef") == "abc abcdef");
}

TEST_CASE("an error loses the secret in every part of it") {
  Mask mask;
  mask.add(Secret("hunter2"));
  auto const masked =
      mask.applied(make_error(Code::connect, "call http://x/?k=hunter2", "is hunter2 right?")
                       .with("url", "http://x/?k=hunter2"));
  CHECK(masked.text().find("hunter2") == std::string::npos);
  CHECK(masked.context.front().second == "http://x/?k=[redacted]");
  CHECK(masked.code == Code::connect);
}

TEST_CASE("a log that was given a mask writes no secret it learns, also later") {
  testing::TempDir const scratch;
  SystemClock const clock;
  for (auto const format : {log::Format::json, log::Format::text}) {
    log::Config config;
    config.format = format;
    config.output = log::Output::file;
    config.file = (scratch / "log").string();
    auto log = log::Log::open(config, clock, "a").value();
    auto const mask = std::make_shared<Mask>();
    log->hide(mask);
    mask->add(Secret("hunter2"));
    log->info(log::Component::agent, "said hunter2", {{"key", "k=hunter2"}});
    log->failed(log::Component::agent, log::Level::error, "x", make_error(Code::io, "hunter2"));
  }
  auto const text = fs::read_file(scratch / "log").value();
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find("[redacted]") != std::string::npos);
}

TEST_CASE("a live text is what was set last") {
  LiveText text("one");
  CHECK(text.get() == "one");
  text.set("two");
  CHECK(text.get() == "two");
}
