// SPDX-License-Identifier: Apache-2.0
// The pieces that commands share: YAML, metrics text, tasks, cards, questions, names.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "commands/support/decision_text.h"
#include "commands/support/exposition.h"
#include "commands/support/kept_files.h"
#include "commands/support/project.h"
#include "commands/support/question.h"
#include "commands/support/table.h"
#include "commands/support/task_text.h"
#include "commands/support/yaml.h"
#include "tests/support/temp_dir.h"

using namespace aw;            // NOLINT(google-build-using-namespace): test
using namespace aw::commands;  // NOLINT(google-build-using-namespace): test
using json::Json;

TEST_CASE("a directory that goes away while kept files are looked through ends nothing else") {
  testing::TempDir const state;
  for (int i = 0; i < 8; ++i) {
    for (std::string const kind : {"gone", "kept"}) {
      auto const directory = state / (kind + std::to_string(i));
      std::filesystem::create_directories(directory / "deep");
      std::ofstream(directory / "deep/file") << "x";
    }
  }
  int files = 0;
  each_kept_file(state.path(), [&](std::filesystem::directory_entry const& one) {
    auto const name = one.path().filename().string();
    if (name.starts_with("gone")) std::filesystem::remove_all(one.path());
    if (name == "file") ++files;
  });
  CHECK(files == 8);
  each_kept_file(state / "nowhere", [&](auto const&) { ++files; });
  CHECK(files == 8);
}

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
  CHECK(to_yaml(Json::parse(R"({"list":[{"a":1,"b":{"c":2}},[3,[4]],[]]})")) ==
        "list:\n  - a: 1\n    b:\n      c: 2\n  - - 3\n    - - 4\n  - []\n");
  CHECK(to_yaml({{"file", "a: 1\n\n  b \"x\"\n"}}) == "file: |\n  a: 1\n\n    b \"x\"\n");
  CHECK(to_yaml(Json::array({"a\nb\n"})) == "- |\n  a\n  b\n");
  for (auto const* const text :
       {"a\nb", "a\nb\n\n", " a\nb\n", "a\n\tb\n", "a\r\nb\n", "\n", "a\n"})
    CHECK(to_yaml({{"k", text}}) == "k: " + Json(text).dump() + "\n");
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

namespace {

a2a::Task a_task(std::vector<a2a::Artifact> artifacts, a2a::TaskState state) {
  a2a::Task task;
  task.id = "t";
  task.status.state = state;
  for (auto& one : artifacts)
    task.artifacts.push_back(std::make_shared<const a2a::Artifact>(std::move(one)));
  return task;
}

a2a::MessagePtr says(std::string words) {
  auto out = std::make_shared<a2a::Message>();
  out->parts.push_back(a2a::text_part(std::move(words)));
  return out;
}

}  // namespace

TEST_CASE(
    "a task's product is its result, else its texts, else its last word, else its artifacts") {
  using a2a::TaskState;
  auto const data = a2a::data_part(R"({"z":1,"a":[2]})");
  auto const text = a2a::text_part("some");
  CHECK(product_of(a_task({{.id = "x", .parts = {text}}, {.id = "result", .parts = {data}}},
                          TaskState::completed)) == R"({"z":1,"a":[2]})");
  CHECK(product_of(a_task({{.id = "only", .parts = {data}}}, TaskState::completed)) ==
        R"({"z":1,"a":[2]})");
  CHECK(product_of(a_task({{.id = "a", .parts = {text, text}}, {.id = "b", .parts = {text}}},
                          TaskState::completed)) == "somesome\nsome");
  CHECK(product_of(a_task({{.id = "a", .parts = {text, data}}}, TaskState::completed))
            .starts_with(R"([{"artifactId":"a","parts":[{"text":"some"},{"data":)"));
  auto quiet = a_task({}, TaskState::completed);
  quiet.status.message = says("done\x1b[31m\n");
  CHECK(product_of(quiet) == "done\\x1b[31m\n");
}

TEST_CASE("a task that did not complete is an error that says why") {
  using a2a::TaskState;
  auto failed = a_task({}, TaskState::failed);
  failed.status.message = says("too slow");
  auto const checked = check_task(failed);
  REQUIRE(!checked.ok());
  CHECK(checked.error().code == Code::backend_failed);
  CHECK(checked.error().message == "the task failed: too slow");
  CHECK(!check_task(a_task({}, TaskState::rejected)).ok());
  CHECK(check_task(a_task({}, TaskState::completed)).ok());
  CHECK(check_task(a_task({}, TaskState::input_required)).ok());
  CHECK(going_on(a_task({}, TaskState::working)));
  CHECK(!going_on(a_task({}, TaskState::input_required)));
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
