// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/clock.h"
#include "core/base/json.h"
#include "core/base/plain.h"
#include "core/base/secret.h"

using namespace aw;

TEST_CASE("base64 round-trips every length and refuses foreign characters") {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    CHECK(text::from_base64(text::to_base64(bytes)) == bytes);
    CHECK(text::from_base64url(text::to_base64url(bytes)) == bytes);
    bytes += static_cast<char>(i * 37);
  }
  CHECK(text::to_base64("foobar") == "Zm9vYmFy");
  CHECK_FALSE(text::from_base64("Zm9v*mFy").has_value());
  CHECK_FALSE(text::from_base64("A").has_value());
}

TEST_CASE("base64 is recognised in either alphabet, padded or not, and nothing else is") {
  for (auto const* const good : {"", "Zg==", "Zg", "Zm9v", "-_8=", "-_8", "+/8=", "AAAA----"})
    CHECK_MESSAGE(text::is_base64(good), good);
  for (auto const* const bad : {"***", "A", "Zg===", "=", "Z=g=", "Zm9v\n", "Zm9 v", "+_8=", "Zg=a",
                                "\xc3\xa9"
                                "AA"})
    CHECK_MESSAGE(!text::is_base64(bad), bad);
  CHECK_FALSE(text::is_base64(std::string_view("Zm9\0", 4)));
}

TEST_CASE("the nearest name forgives a typo, not another word") {
  constexpr auto kNames =
      std::to_array<std::string_view>({"opa_endpoint", "policy_path", "provider"});
  CHECK(text::nearest("opa_endpiont", kNames) == "opa_endpoint");
  CHECK_FALSE(text::nearest("zzz", kNames).has_value());
}

TEST_CASE("UTF-8 is checked strictly") {
  CHECK(text::is_utf8("h\xC3\xA9llo \xF0\x9F\x98\x80"));
  CHECK_FALSE(text::is_utf8("\xC0\xAF"));          // overlong
  CHECK_FALSE(text::is_utf8("\xED\xA0\x80"));      // surrogate
  CHECK_FALSE(text::is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  CHECK_FALSE(text::is_utf8("\xE2\x82"));          // cut short
}

TEST_CASE("times are RFC 3339 in UTC with milliseconds, and are read with any offset") {
  auto const time = parse_rfc3339("2026-11-23T17:33:12.0415+02:00");
  REQUIRE(time.has_value());
  CHECK(format_rfc3339(*time) == "2026-11-23T15:33:12.041Z");
  for (auto bad :
       {"", "2026-11-23", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-23T15:33:12",
        "2026-11-23T15:33:12.Z", "9999-01-01T00:00:00Z", "2026-11-23T15:33:12Z "}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad).has_value());
  }
}

TEST_CASE("durations are written in two units and read back") {
  using namespace std::chrono_literals;
  CHECK(format_duration(59min + 59s) == "59m59s");
  CHECK(format_duration(1h) == "1h");
  CHECK(format_duration(120ms) == "120ms");
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("250ms") == 250ms);
  CHECK(parse_duration("5") == 5s);
  CHECK_FALSE(parse_duration("5 parsecs").has_value());
  CHECK_FALSE(parse_duration("-1s").has_value());
}

TEST_CASE("JSON is refused when it is deep, repeats a member, or goes on after the end") {
  CHECK(json::parse(R"({"a":[1,2]})").ok());
  CHECK_FALSE(json::parse(R"({"a":1,"a":2})").ok());
  CHECK_FALSE(json::parse(std::string(200, '[') + std::string(200, ']')).ok());
  CHECK_FALSE(json::parse("{} {}").ok());
  CHECK_FALSE(json::parse("").ok());
}

TEST_CASE("written JSON strings survive control characters and broken UTF-8") {
  std::string out;
  json::append_string(out, "a\"\\\n\x01\xFF z\xC3\xA9");
  CHECK(out == "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD z\xC3\xA9\"");
  CHECK(json::parse(out).ok());
}

TEST_CASE("secrets compare by value and do not print") {
  Secret a(std::string("hunter2"));
  CHECK(a == Secret(std::string("hunter2")));
  CHECK_FALSE(a == Secret(std::string("hunter3")));
  Secret const b = std::move(a);
  CHECK(b.reveal() == "hunter2");
}

TEST_CASE("the plain beginning of a text ends at the first byte that JSON cannot hold as it is") {
  for (std::size_t length = 0; length < 40; ++length) {
    std::string const plain(length, '~');
    CHECK(text::plain_length(plain) == length);
    for (char const stop : {'"', '\\', '\0', '\n', '\x1F', '\x80', '\xFF'}) {
      CAPTURE(length);
      CAPTURE(static_cast<int>(stop));
      CHECK(text::plain_length(plain + stop + "abcdefghi") == length);
      CHECK(text::plain_length(plain + stop + "\"\x01\x90 more") == length);
    }
  }
  for (int c = 0x20; c < 0x80; ++c) {
    if (c == '"' || c == '\\') continue;
    CHECK(text::plain_length(std::string(9, static_cast<char>(c))) == 9);
  }
}

TEST_CASE("times are written with milliseconds, cut and not rounded, in UTC") {
  struct Row {
    std::int64_t nanoseconds;
    std::string_view text;
  };
  for (auto const& [count, expected] : {
           Row{0, "1970-01-01T00:00:00.000Z"},
           Row{999'999, "1970-01-01T00:00:00.000Z"},
           Row{951'868'799'999'999'999, "2000-02-29T23:59:59.999Z"},
           Row{4'107'542'400'000'000'000, "2100-03-01T00:00:00.000Z"},
           Row{-1, "1969-12-31T23:59:59.999Z"},
           Row{-86'400'000'000'000, "1969-12-31T00:00:00.000Z"},
       }) {
    CAPTURE(count);
    CHECK(format_rfc3339(WallTime(std::chrono::nanoseconds(count))) == expected);
  }
}
