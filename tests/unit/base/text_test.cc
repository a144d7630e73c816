// SPDX-License-Identifier: Apache-2.0
#include "core/base/text.h"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/base/json.h"
#include "core/base/plain.h"

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
  CHECK(text::nearest("OPA_Endpoint", kNames) == "opa_endpoint");
  CHECK_FALSE(text::nearest("x", std::to_array<std::string_view>({"t"})).has_value());
}

TEST_CASE("UTF-8 is checked strictly") {
  CHECK(text::is_utf8("h\xC3\xA9llo \xF0\x9F\x98\x80"));
  CHECK_FALSE(text::is_utf8("\xC0\xAF"));          // overlong
  CHECK_FALSE(text::is_utf8("\xED\xA0\x80"));      // surrogate
  CHECK_FALSE(text::is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  CHECK_FALSE(text::is_utf8("\xE2\x82"));          // cut short
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
