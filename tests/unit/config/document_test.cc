// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "support.h"

using namespace aw;
using namespace aw::config;
using namespace aw::config::testing;

TEST_CASE("a value keeps its line and column, and the caret covers it") {
  const Loaded result = with("server:\n  port: 70000  # too high\n");
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(render_text(result.diagnostics[0]) ==
        "error[AW1005]: server.port must be 1 to 65535, got '70000'\n"
        "  --> a.yaml:3:9\n"
        "  |\n"
        "3 |   port: 70000  # too high\n"
        "  |         ^^^^^\n");
}

TEST_CASE("tabs and wide characters before a value do not move the caret") {
  Diagnostic one;
  one.message = "m";
  one.place = {"a.yaml", "", 3, 6, 1, "ä:\tb: x"};
  CHECK(render_text(one).ends_with("3 | ä:\tb: x\n  |   \t ^\n"));
}

TEST_CASE("text from the file cannot forge terminal output") {
  Diagnostic one;
  one.message = "bad \x1b[2J";
  CHECK(render_text(one).find('\x1b') == std::string::npos);
}

TEST_CASE("a key given twice is an error at the second one") {
  const Loaded result = with("server:\n  port: 1000\n  port: 2000\n");
  Diagnostic const* one = found(result, Code::config_duplicate_key);
  REQUIRE(one != nullptr);
  CHECK(one->place.text() == "a.yaml:4:3");
  CHECK(one->hint == "first given in line 3");
}

TEST_CASE("an anchor may be used again") {
  const Loaded result = with(
      "authorization: {circuit_breaker: &b {failure_threshold: 7}}\n"
      "transport: {circuit_breaker: *b}\n");
  CHECK(listed(result).empty());
  CHECK(result.config.authorization.breaker.failure_threshold == 7);
  CHECK(result.config.transport.breaker.failure_threshold == 7);
}

TEST_CASE("anchors that multiply end before they are written out") {
  std::string text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'z'; ++c) {
    const std::string before = "*" + std::string(1, static_cast<char>(c - 1));
    text += std::string(1, c) + ": &" + c + " [" + before;
    for (int i = 0; i < 9; ++i) text += ',' + before;
    text += "]\n";
  }
  CHECK(found(loaded({.text = text}), Code::config_too_large) != nullptr);
}

TEST_CASE("what is no usable YAML is one clear finding") {
  struct Case {
    char const* name;
    std::string text;
    Code code;
  };
  const Case cases[] = {
      {"anchor inside itself", "agent: &x {name: *x}\n", Code::config_too_large},
      {"unknown anchor", "agent: *x\n", Code::config_syntax},
      {"unclosed list", "agent: [a\n", Code::config_syntax},
      {"a tab for indentation", "agent:\n\tname: x\n", Code::config_syntax},
      {"deep nesting", std::string(5000, '['), Code::config_too_large},
      {"a NUL byte", std::string("agent: a\0b", 10), Code::config_syntax},
      {"an escape character", "agent: \x1b", Code::config_syntax},
      {"not UTF-8", "agent: \xff\xfe", Code::config_syntax},
      {"more than 1 MiB", std::string((1U << 20) + 1, 'a'), Code::config_too_large},
      {"a list", "- a\n", Code::config_wrong_type},
      {"a word", "hello\n", Code::config_wrong_type},
      {"too many values", "a: [" + std::string(60000, ',') + "]", Code::config_too_large},
      {"a foreign tag", "agent: !!python/object x\n", Code::config_syntax},
  };
  for (Case const& one : cases) {
    CAPTURE(one.name);
    const Loaded result = loaded({.text = one.text});
    CAPTURE(listed(result));
    CHECK_FALSE(result.ok());
    CHECK(found(result, one.code) != nullptr);
    CHECK(result.diagnostics.size() == 1);
  }
}

TEST_CASE("merge keys, list keys and second documents are refused, not guessed at") {
  CHECK(found(with("<<: {a: b}\n"), Code::config_unsupported) != nullptr);
  CHECK(found(with("? [a]\n: b\n"), Code::config_syntax) != nullptr);
  CHECK(found(loaded({.text = "---\n" + kMinimal + "---\nb: c\n"}), Code::config_syntax) !=
        nullptr);
}

TEST_CASE("an empty file says what is missing") {
  CHECK(listed(loaded({.text = ""})) ==
        "AW1006 a.yaml:1:1 agent.name is required\n"
        "AW1006 a.yaml:1:1 agent.trust_domain is required\n");
}

TEST_CASE("what is missing is told at the line of its section, or of the file's start") {
  CHECK(listed(loaded({.text = "# ours\nserver: {port: 9443}\n"})) ==
        "AW1006 a.yaml:2:1 agent.name is required\n"
        "AW1006 a.yaml:2:1 agent.trust_domain is required\n");
  CHECK(listed(loaded({.text = "server: {port: 9443}\nagent:\n  name: billing\n"})) ==
        "AW1006 a.yaml:2:1 agent.trust_domain is required\n");
  CHECK(listed(loaded({.text = "server: {port: 9443}\nagent:\n"})) ==
        "AW1006 a.yaml:2:1 agent.name is required\n"
        "AW1006 a.yaml:2:1 agent.trust_domain is required\n");
}

TEST_CASE("a thousand errors are not all told, and the count is") {
  std::string text = kMinimal;
  for (int i = 0; i < 1000; ++i) text += "unknown" + std::to_string(i) + ": x\n";
  const Loaded result = loaded({.text = text});
  CHECK(result.diagnostics.size() == 201);
  CHECK(result.diagnostics.back().message == "and 800 more findings");
}
