// SPDX-License-Identifier: Apache-2.0
#include "core/a2a/json_view.h"

#include <doctest/doctest.h>

using namespace aw;
using namespace aw::a2a;

TEST_CASE("json is accepted exactly as RFC 8259 has it") {
  for (auto const* const good :
       {"{}", "[]", "null", "true", "false", "0", "-0", "1.5e-3", "\"\"", " {\"a\" : [1 , 2]} ",
        R"("\u00e9\ud83d\ude00\n\/")", "123456789012345678901234567890",
        R"({"a":{"a":1},"b":{"a":1}})", "1.7976931348623157e308", "-1e-999", "0e999"})
    CHECK_MESSAGE(check_json(good).ok(), good);
  for (auto const* const bad : {"",        " ",          "{",         "}",
                                "[1,]",    "{\"a\":1,}", "{a:1}",     "{'a':1}",
                                "01",      "1.",         ".5",        "+1",
                                "1e",      "nul",        "tru",       "\"",
                                "\"\\x\"", "\"\\u12\"",  "\"\n\"",    "{} {}",
                                "{}x",     "[1 2]",      "{\"a\" 1}", "{\"a\":}",
                                "NaN",     "Infinity",   "// c\n{}",  "\xEF\xBB\xBF{}"})
    CHECK_MESSAGE(!check_json(bad).ok(), bad);
}

TEST_CASE("json that two readers could read differently is refused") {
  CHECK_FALSE(check_json(R"({"a":1,"a":2})").ok());
  CHECK_FALSE(check_json(R"({"a":1,"\u0061":2})").ok());
  CHECK_FALSE(check_json(R"({"x":[{"b":{},"c":0,"b":[]}]})").ok());
  CHECK_FALSE(check_json(R"("\ud800")").ok());
  CHECK_FALSE(check_json(R"("\udc00\ud800")").ok());
  CHECK_FALSE(check_json("\"\xff\xfe\"").ok());
  CHECK_FALSE(check_json("\"\xed\xa0\x80\"").ok());  // a surrogate in UTF-8
}

TEST_CASE("a number that no double holds is refused, however it is written") {
  for (auto const& huge :
       {std::string("1e309"), std::string("-1E+400"), std::string("1.8e308"), std::string(310, '9'),
        "0." + std::string(400, '0') + "1e999", "[1, {\"a\": " + std::string(400, '1') + ".5}]"})
    CHECK_MESSAGE(!check_json(huge).ok(), huge);
  CHECK(check_json(std::string(308, '9')).ok());
  CHECK(check_json("0." + std::string(1'000, '3')).ok());
  CHECK(check_json("1" + std::string(400, '0') + "e-400").ok());
}

TEST_CASE("depth and size of json are bounded, and depth costs no stack") {
  std::string deep(1'000'000, '[');
  CHECK_FALSE(check_json(deep).ok());
  CHECK(check_json("[[[]]]", {.bytes = 100, .depth = 3}).ok());
  CHECK_FALSE(check_json("[[[[]]]]", {.bytes = 100, .depth = 3}).ok());
  auto const large = check_json("[1,2,3]", {.bytes = 6, .depth = 3});
  REQUIRE_FALSE(large.ok());
  CHECK(large.error().code == Code::too_large);
}

TEST_CASE("views give back the very bytes that came") {
  std::string const text =
      R"({ "payload" : { "big": 123456789012345678901234567890, "r":1.10, "s":"a}\"]{" }, "n": null, "t":true})";
  REQUIRE(check_json(text).ok());
  JsonView const view(text);
  CHECK(view.get("payload").raw() ==
        R"({ "big": 123456789012345678901234567890, "r":1.10, "s":"a}\"]{" })");
  CHECK(view.get("payload").get("s").string() == "a}\"]{");
  CHECK(view.get("n").is(JsonView::Kind::null));
  CHECK_FALSE(view.get("n").present());
  CHECK(view.get("missing").is(JsonView::Kind::none));
  CHECK(view.get("t").boolean() == true);
  CHECK(view.members().size() == 3);
}

TEST_CASE("strings are unescaped, numbers read as whole where they are") {
  CHECK(JsonView(R"("\ud83d\ude00\u00e9\n")").string() == "\xF0\x9F\x98\x80\xC3\xA9\n");
  CHECK(JsonView("42").integer() == 42);
  CHECK(JsonView("3.0").integer() == 3);
  CHECK_FALSE(JsonView("3.5").integer().has_value());
  CHECK_FALSE(JsonView("\"3\"").integer().has_value());
  CHECK(JsonView("[1, [2,3], \"x,]\"]").elements().size() == 3);
  CHECK(JsonView("[]").elements().empty());
}

TEST_CASE("members are found in camelCase and in snake_case") {
  JsonObject const object{JsonView(R"({"message_id":"m","contextId":"c"})")};
  CHECK(object.text("messageId") == "m");
  CHECK(object.text("contextId") == "c");
  CHECK(object.text("taskId").empty());
}
