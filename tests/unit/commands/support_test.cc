// SPDX-License-Identifier: Apache-2.0
// The pieces that commands share: YAML, metrics text, tasks, cards, questions, names.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "commands/support/card_text.h"
#include "commands/support/decision_text.h"
#include "commands/support/exposition.h"
#include "commands/support/project.h"
#include "commands/support/question.h"
#include "commands/support/table.h"
#include "commands/support/task_text.h"
#include "commands/support/yaml.h"

using namespace aw;            // NOLINT(google-build-using-namespace): test
using namespace aw::commands;  // NOLINT(google-build-using-namespace): test
using json::Json;

TEST_CASE("JSON becomes YAML that reads back as the same values") {
  Json const value = {{"name", "hello"},
                      {"version", "1.0"},
                      {"on", "yes"},
                      {"list", {1, true, nullptr, "a: b"}},
                      {"empty", Json::object()},
                      {"deep", {{"x", Json::array()}}}};
  CHECK(to_yaml(value) ==
        "deep:\n  x: []\nempty: {}\nlist:\n  - 1\n  - true\n  - null\n  - \"a: b\"\n"
        "name: hello\n\"on\": \"yes\"\nversion: \"1.0\"\n");
  CHECK(to_yaml(Json("~")) == "\"~\"\n");
  CHECK(to_yaml(Json("line\nbreak")) == "\"line\\nbreak\"\n");
}

TEST_CASE("metrics text is read with labels, escapes and special values") {
  auto const read = parse_exposition(
      "# HELP up Is it up?\n# TYPE up gauge\nup 1\n"
      "a{x=\"1\",y=\"q\\\"\\\\\\n\"} 2.5e3 1700000000\nb{} +Inf\nc NaN\n\n# comment\n");
  REQUIRE(read.ok());
  REQUIRE(read->samples.size() == 4);
  CHECK(read->types.at("up") == "gauge");
  CHECK(read->help.at("up") == "Is it up?");
  CHECK(read->samples[1].labels.at("y") == "q\"\\\n");
  CHECK(read->samples[1].value == 2500);
  CHECK(read->samples[1].series() == R"(a{x="1",y="q\"\\\n"})");
  CHECK(std::isinf(read->samples[2].value));
  CHECK(std::isnan(read->samples[3].value));
}

TEST_CASE("what is no metrics text is refused with its line") {
  for (auto const* text : {"up", "up x", "up{a} 1", "up{a=\"1} 1", "{a=\"1\"} 1",
                           "up{a=\"1\"b=\"2\"} 1", "<html>", "up 1x"}) {
    CAPTURE(text);
    auto const read = parse_exposition(text);
    REQUIRE(!read.ok());
    CHECK(read.error().message.starts_with("metrics line 1 "));
  }
}

TEST_CASE("a finished task's product is its result, in the agent's own order") {
  auto const task = read_task(
      R"({"id":"t-1","status":{"state":"completed"},"result":{"z":1,"a":[2]},"artifacts":[]})");
  REQUIRE(task.ok());
  CHECK(task->product == R"({"z":1,"a":[2]})");
  CHECK(!task->going_on());
  CHECK(check_task(*task).ok());
}

TEST_CASE("without a result the artifacts are the product") {
  auto const task = read_task(
      R"({"id":"t","status":{"state":"completed"},"result":null,"artifacts":[{"type":"text","data":"x"}]})");
  REQUIRE(task.ok());
  CHECK(task->product == R"([{"type":"text","data":"x"}])");
}

TEST_CASE("a failed task is an error with the task's own code") {
  auto const task = read_task(
      R"({"id":"t","status":{"state":"failed"},"error":{"code":"AW7006","message":"too slow"}})");
  REQUIRE(task.ok());
  auto const checked = check_task(*task);
  REQUIRE(!checked.ok());
  CHECK(checked.error().code == Code::backend_timeout);
  CHECK(checked.error().message == "the task failed: too slow");
}

TEST_CASE("an answer that is no task is a protocol error") {
  for (auto const* body : {"", "[]", "{}", "7", R"({"id":7,"status":{"state":"x"}})",
                           R"({"id":"t","status":"done"})", R"({"id":"t"})"}) {
    CAPTURE(body);
    auto const task = read_task(body);
    REQUIRE(!task.ok());
    CHECK(task.error().code == Code::protocol);
  }
}

TEST_CASE("a card is read in either of its shapes") {
  auto const pure = read_card(Json::parse(
      R"({"name":"n","capabilities":{"extensions":[{"uri":"u","params":{"spiffe_id":"spiffe://a/b"}}]},
          "skills":[{"id":"s","inputModes":["a","b"],"outputModes":[]}],
          "supportedInterfaces":[{"url":"https://x","protocolBinding":"JSONRPC","protocolVersion":"1.0"}]})"));
  REQUIRE(pure.ok());
  CHECK(pure->spiffe_id == "spiffe://a/b");
  CHECK(pure->skills.front().input_modes == "a,b");
  CHECK(pure->interfaces.front() == "JSONRPC 1.0 https://x");
  auto const old =
      read_card(Json::parse(R"({"name":"n","extensions":{"spiffe_id":"spiffe://a/c"}})"));
  REQUIRE(old.ok());
  CHECK(old->spiffe_id == "spiffe://a/c");
}

TEST_CASE("a card of the wrong shape never gets further than its reader") {
  for (auto const* text : {"[]", "{}", R"({"name":7})", "null"}) {
    CHECK(!read_card(Json::parse(text)).ok());
  }
  CHECK(
      read_card(Json::parse(R"({"name":"n","skills":7,"capabilities":[],"extensions":[]})")).ok());
}

TEST_CASE("a question takes what flags leave open from the input document") {
  auto const question = make_question(
      {.caller = "",
       .target = "",
       .action = "read",
       .input = R"({"input":{"caller_spiffe_id":"spiffe://a/x","resource_spiffe_id":"spiffe://a/y",
                    "action":"write","context":{"k":1}},"explain":"full"})"},
      std::nullopt, WallTime{});
  REQUIRE(question.ok());
  CHECK(question->context.caller.text() == "spiffe://a/x");
  CHECK(question->context.callee.text() == "spiffe://a/y");
  CHECK(question->context.action == "read");
  CHECK(question->context.context_json == R"({"k":1})");
  CHECK(question->wanted == Question::Wanted::trace);
}

TEST_CASE("short names need a configuration that says whose they are") {
  auto const self = *identity::SpiffeId::parse("spiffe://a/agent/me");
  auto const known =
      make_question({.caller = "x", .target = "", .action = "go", .input = ""}, self, WallTime{});
  REQUIRE(known.ok());
  CHECK(known->context.caller.text() == "spiffe://a/agent/x");
  CHECK(known->context.callee == self);
  for (auto const& text : {QuestionText{.caller = "x", .target = "spiffe://a/y", .action = "go"},
                           QuestionText{.caller = "spiffe://a/x", .target = "", .action = "go"},
                           QuestionText{.caller = "spiffe://a/x", .target = "spiffe://a/y"},
                           QuestionText{.caller = "spiffe://a/x", .action = "a", .input = "[]"}}) {
    auto const unknown = make_question(text, std::nullopt, WallTime{});
    REQUIRE(!unknown.ok());
    CHECK(unknown.error().code == Code::usage);
  }
}

TEST_CASE("a directory's name becomes an agent's name") {
  CHECK(*agent_name_from("hello") == "hello");
  CHECK(*agent_name_from("My Agent_2") == "my-agent-2");
  CHECK(*agent_name_from("--7up--") == "up");
  CHECK(!agent_name_from("").ok());
  CHECK(!agent_name_from("42").ok());
  CHECK(agent_name_from(std::string(200, 'a'))->size() == 63);
}

TEST_CASE("the project's rule stands where the stories say it does") {
  auto const files = project_files({.agent = "hello", .trust_domain = "hello.test"});
  REQUIRE(files.size() == 5);
  std::istringstream policy(files[2].text);
  std::string line;
  for (int i = 0; i < 14; ++i) std::getline(policy, line);
  CHECK(line == "allow if {");
}

TEST_CASE("durations are printed in milliseconds with two digits that matter") {
  using namespace std::chrono_literals;
  CHECK(milliseconds_text(61us) == "0.06 ms");
  CHECK(milliseconds_text(1'900us) == "1.9 ms");
  CHECK(milliseconds_text(812ms) == "812 ms");
}

TEST_CASE("columns line up by characters, and foreign text cannot move the cursor") {
  std::ostringstream out;
  write_table(out, {"A", "B"}, {{"é", "1"}, {"x\033[2J", "2"}});
  CHECK(out.str() == "A         B\né         1\nx\\x1b[2J  2\n");
}
