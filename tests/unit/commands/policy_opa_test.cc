// SPDX-License-Identifier: Apache-2.0
// `policy eval` and `policy test` print what OPA's own program prints for the same flags.
#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "policy_files.h"
#include "shell.h"

namespace {

using aw::json::Json;
using aw::testing::Shell;
using aw::testing::write_text;

struct Theirs {
  int status = -1;
  std::string out;
};

class Opa {
 public:
  Opa() {
    auto const* const home = ::getenv("HOME");
    program_ = std::string(home == nullptr ? "" : home) + "/.cache/agentweave-peers/bin/opa";
    there_ = std::filesystem::exists(program_);
  }
  [[nodiscard]] bool there() const { return there_; }
  [[nodiscard]] Theirs run(std::string const& arguments) const {
    Theirs out;
    auto* pipe = ::popen((program_ + " " + arguments + " 2>/dev/null").c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 4096> piece{};
    while (auto const size = std::fread(piece.data(), 1, piece.size(), pipe)) {
      out.out.append(piece.data(), size);
    }
    out.status = ::pclose(pipe);
    return out;
  }

 private:
  std::string program_;
  bool there_ = false;
};

void make_policies() {
  write_text(
      "p/authz.rego",
      "package authz\n\nimport rego.v1\n\ndefault allow := false\n\nallow if input.x in data.xs\n\n"
      "names contains n if some n in data.xs\n\nbroken if 1 / input.zero\n");
  write_text(
      "p/authz_test.rego",
      "package authz_test\n\nimport rego.v1\nimport data.authz\n\n"
      "test_listed if authz.allow with input as {\"x\": \"a\"}\n\n"
      "test_wrong if {\n\tprint(\"seen\", 3)\n\tauthz.allow with input as {\"x\": \"z\"}\n}\n\n"
      "todo_test_later if false\n");
  write_text("p/data.json", R"({"xs": ["a", "b"], "n": 1.50, "deep": {"er": [1, {"k": null}]}})");
  write_text("in.json", R"({"x": "a", "zero": 0})");
}

// Durations differ from run to run.
Json without_durations(Json document) {
  for (auto& one : document) {
    if (one.is_object() && one.contains("duration")) one["duration"] = 0;
  }
  return document;
}

}  // namespace

TEST_CASE("eval prints what opa eval prints, in every format") {
  Opa const opa;
  if (!opa.there()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  Shell shell;
  make_policies();
  for (std::string const format : {"json", "values", "bindings", "raw", "pretty"}) {
    for (std::string const query : {"data.authz.allow",
                                    "data.authz.names",
                                    "data.deep",
                                    "data.nothing",
                                    "data.n",
                                    "x := data.xs[_]",
                                    "x := data.xs[i]; y := input.x",
                                    "input.x == \"a\"; 1 + 1",
                                    "some x in data.xs; x != \"b\"",
                                    "\"text\"",
                                    "[1, {\"a\": {2, 3}}]",
                                    "not input.none",
                                    "false",
                                    "1 == 2",
                                    "false; 1 + 1",
                                    "data.authz.broken",
                                    "a := 1; data.deep[b]",
                                    "data.deep[_][0]",
                                    "[false, 1][_]",
                                    "some i; data.xs[i]",
                                    "true; true",
                                    "4/2",
                                    "data.authz.allow with input as {}",
                                    "data.xs[i] with data.xs as [7]",
                                    "data.xs[i] == \"a\"; data.xs[i]"}) {
      CAPTURE(format);
      CAPTURE(query);
      auto const theirs = opa.run("eval -d p -i in.json --format " + format + " '" + query + "'");
      auto const ours = shell.run("agentweave policy eval -d p -i in.json --format " + format +
                                  " '" + query + "'");
      REQUIRE(theirs.status == 0);
      CHECK(ours.exit == 0);
      if (format == "json") {
        CHECK(Json::parse(ours.out) == Json::parse(theirs.out));
      } else {
        CHECK(ours.out == theirs.out);
      }
    }
  }
}

TEST_CASE("eval fails where opa eval fails") {
  Opa const opa;
  if (!opa.there()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  Shell shell;
  make_policies();
  for (std::string const flags :
       {"--fail 'data.nothing'", "--fail 'data.authz.allow'", "--fail-defined 'data.authz.allow'",
        "--fail-defined 'data.nothing'", "--strict-builtin-errors 'data.authz.broken'", "'x +'",
        "'no_such(1)'", "'count(1)'", "-d nowhere 'true'", "--fail --fail-defined 'true'",
        "'some x'", "--strict-builtin-errors '1/0'", "--package authz 'allow'",
        "--package nothing 'allow'", "--package authz --fail 'data.nothing'",
        "--package authz --fail 'data.deep'"}) {
    CAPTURE(flags);
    auto const theirs = opa.run("eval -d p -i in.json " + flags);
    auto const ours = shell.run("agentweave policy eval -d p -i in.json " + flags);
    CHECK((ours.exit == 0) == (theirs.status == 0));
  }
  auto const theirs = Json::parse(opa.run("eval 'x +'").out);
  auto const ours = Json::parse(shell.run("agentweave policy eval 'x +'").out);
  CHECK(ours["errors"][0]["code"] == theirs["errors"][0]["code"]);
  CHECK(ours["errors"][0]["location"]["row"] == theirs["errors"][0]["location"]["row"]);
}

TEST_CASE("test prints the JSON that opa test prints, and finds the same tests") {
  Opa const opa;
  if (!opa.there()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  Shell shell;
  make_policies();
  for (std::string const flags :
       {"", "--run listed", "--run 'wrong$'", "--run 'authz_test.test_'"}) {
    CAPTURE(flags);
    auto const theirs = opa.run("test p --format json " + flags);
    auto const ours = shell.run("agentweave policy test p --format json " + flags);
    CHECK((ours.exit == 0) == (theirs.status == 0));
    auto wanted = without_durations(Json::parse(theirs.out));
    auto got = without_durations(Json::parse(ours.out));
    auto by_name = [](Json const& a, Json const& b) { return a["name"] < b["name"]; };
    std::sort(wanted.begin(), wanted.end(), by_name);  // opa tells skipped ones first
    std::sort(got.begin(), got.end(), by_name);
    CHECK(got == wanted);
  }
}

TEST_CASE("a bundle that build makes is taken by opa, and its answers are the same") {
  Opa const opa;
  if (!opa.there()) {
    MESSAGE("skipped: no opa binary on this machine");
    return;
  }
  Shell shell;
  make_policies();
  std::filesystem::remove("p/authz_test.rego");
  auto const built = shell.run("agentweave policy build p -o b.tar.gz --revision r9");
  INFO(built.err);
  REQUIRE(built.exit == 0);
  auto const theirs = opa.run("eval -b b.tar.gz -i in.json data.authz.allow");
  auto const ours = shell.run("agentweave policy eval -b b.tar.gz -i in.json data.authz.allow");
  CHECK(Json::parse(ours.out) == Json::parse(theirs.out));
  CHECK(Json::parse(ours.out)["result"][0]["expressions"][0]["value"] == true);
}
