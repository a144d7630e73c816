// SPDX-License-Identifier: Apache-2.0
#include "core/base/json.h"

#include <doctest/doctest.h>

#include <limits>
#include <nlohmann/json.hpp>

using namespace aw;

namespace {

std::string written(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

std::string decimal(std::int64_t value, int places) {
  std::string out;
  json::Writer(out).decimal(value, places);
  return out;
}

}  // namespace

TEST_CASE("JSON is read strictly: what two readers could take differently is refused") {
  for (auto const* const text : {"",
                                 "{",
                                 "{}x",
                                 "{} {}",
                                 "[1,]",
                                 "{\"a\":1,\"a\":2}",
                                 "{\"a\":{\"b\":1,\"b\":1}}",
                                 "// x\n1",
                                 "/* x */ 1",
                                 "{'a':1}",
                                 "{a:1}",
                                 "01",
                                 "+1",
                                 ".5",
                                 "1.",
                                 "NaN",
                                 "Infinity",
                                 "tru",
                                 "\"\xFF\"",
                                 "\"\xC0\xAF\"",
                                 "\"\x01\"",
                                 "\"\\x41\"",
                                 "\"\\ud800\"",
                                 "\"a",
                                 "[1 2]"}) {
    CAPTURE(text);
    auto const parsed = json::parse(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().code == Code::request_malformed);
    CHECK_FALSE(parsed.error().message.empty());
  }
  for (auto const* const text : {"null", " [ ] ", "{\"a\":{\"a\":1},\"b\":{\"a\":1}}", "-0", "1e3",
                                 "\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\""}) {
    CAPTURE(text);
    CHECK(json::parse(text).ok());
  }
}

TEST_CASE("JSON is bounded in bytes and in depth, brackets inside strings apart") {
  std::string const deep = std::string(20, '[') + std::string(20, ']');
  CHECK(json::parse(deep, {.depth = 20}).ok());
  auto const refused = json::parse(deep, {.depth = 19});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("deeper than 19") != std::string::npos);
  CHECK(json::parse("[\"[[[[[[\\\"[[[[\"]", {.depth = 1}).ok());
  CHECK(json::parse("12345", {.bytes = 5}).ok());
  CHECK_FALSE(json::parse("123456", {.bytes = 5}).ok());
  CHECK_FALSE(json::parse(std::string(1'000'000, '[')).ok());
}

TEST_CASE("any bytes become a JSON string that reads back as the text they were") {
  CHECK(written("") == "\"\"");
  CHECK(written("plain, and long enough to be looked at sixteen bytes at a time") ==
        "\"plain, and long enough to be looked at sixteen bytes at a time\"");
  CHECK(written("a\"b\\c\n\r\t\x01") == "\"a\\\"b\\\\c\\n\\r\\t\\u0001\"");
  CHECK(written("gr\xC3\xBC\xC3\x9F") == "\"gr\xC3\xBC\xC3\x9F\"");
  CHECK(written("x\xFFy\xC3") == "\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"");
  // Each byte at each place of a block, so that no lane of the fast path is missed.
  for (std::size_t at = 0; at < 40; ++at) {
    for (int byte = 0; byte < 128; ++byte) {
      std::string text(40, 'a');
      text[at] = static_cast<char>(byte);
      auto const back = json::parse(written(text));
      REQUIRE(back.ok());
      CHECK(*back == text);
    }
  }
}

TEST_CASE("the writer puts commas where they belong, however values are nested") {
  std::string out = "before ";
  json::Writer w(out);
  w.begin_object().member("a", "x").member("b", std::int64_t{-7}).key("c").begin_array();
  w.number(1).null().boolean(true).boolean(false).begin_object().end_object().string("y");
  w.begin_array().end_array().raw("{\"r\":1}").end_array();
  w.key(std::string_view("quo\"ted"))
      .begin_object()
      .member("d", "")
      .end_object()
      .member("e", "z")
      .end_object();
  CHECK(out ==
        "before {\"a\":\"x\",\"b\":-7,\"c\":[1,null,true,false,{},\"y\",[],{\"r\":1}],"
        "\"quo\\\"ted\":{\"d\":\"\"},\"e\":\"z\"}");
}

TEST_CASE("a name of the program's text and one that is known only later are written the same") {
  for (std::size_t length = 0; length < 70; ++length) {
    std::string const value(length, 'v');
    std::string literal;
    std::string dynamic;
    std::string const longest(45, 'n');
    json::Writer a(literal);
    a.begin_object()
        .member("a", value)
        .member("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", value);
    a.key("").begin_array().end_array().member("n", std::int64_t{7}).member("e", "\n").end_object();
    json::Writer b(dynamic);
    b.begin_object().member(std::string("a"), value).member(longest, value);
    b.key(std::string()).begin_array().end_array().member(std::string_view("n"), std::int64_t{7});
    b.member(std::string("e"), "\n").end_object();
    CHECK(literal == dynamic);
    CHECK(json::parse(literal).ok());
  }
}

TEST_CASE("a name of any length is written whole") {
  std::string literal;
  json::Writer a(literal);
  a.begin_object().member("", "").member("1", "").member("12", "").member("123", "");
  a.member("1234", "").member("1234567", "").member("12345678", "").member("123456789abcdef", "");
  a.member("0123456789abcdef", "").member("0123456789abcdefg", "");
  a.member("0123456789abcdef0123456789abcde", "").member("0123456789abcdef0123456789abcdef", "");
  a.key("0123456789abcdef0123456789abcdefg").null().end_object();
  std::string dynamic;
  json::Writer b(dynamic);
  b.begin_object();
  for (std::string const name :
       {"", "1", "12", "123", "1234", "1234567", "12345678", "123456789abcdef", "0123456789abcdef",
        "0123456789abcdefg", "0123456789abcdef0123456789abcde", "0123456789abcdef0123456789abcdef"})
    b.member(name, "");
  b.key(std::string("0123456789abcdef0123456789abcdefg")).null().end_object();
  CHECK(literal == dynamic);
}

TEST_CASE("a decimal is exact and has no zeros that say nothing") {
  struct Row {
    std::int64_t value;
    int places;
    char const* text;
  };
  for (auto const& [value, places, text] : {
           Row{0, 9, "0"},
           Row{1, 9, "0.000000001"},
           Row{1'500'000, 9, "0.0015"},
           Row{1'500'000, 6, "1.5"},
           Row{7'000'000'000, 9, "7"},
           Row{70, 0, "70"},
           Row{120, 2, "1.2"},
           Row{-1, 3, "-0.001"},
           Row{-2'500, 3, "-2.5"},
           Row{std::numeric_limits<std::int64_t>::max(), 9, "9223372036.854775807"},
           Row{std::numeric_limits<std::int64_t>::min(), 18, "-9.223372036854775808"},
           Row{std::numeric_limits<std::int64_t>::min(), 0, "-9223372036854775808"},
       }) {
    CAPTURE(value);
    CAPTURE(places);
    CHECK(decimal(value, places) == text);
    CHECK(json::parse(decimal(value, places)).ok());
  }
}
