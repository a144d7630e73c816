// SPDX-License-Identifier: Apache-2.0
#include "commands/support/context.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

using namespace aw;            // NOLINT(google-build-using-namespace): test
using namespace aw::commands;  // NOLINT(google-build-using-namespace): test

namespace {

struct Desk {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Env env;
  SystemClock clock;
  Terminal terminal = Terminal::no;

  Context context() {
    return Context({.in = in,
                    .out = out,
                    .err = err,
                    .env = env,
                    .clock = clock,
                    .out_terminal = terminal,
                    .err_terminal = terminal});
  }
};

}  // namespace

TEST_CASE("colour is for terminals only, and never with NO_COLOR") {
  Desk desk;
  CHECK(desk.context().paint_out(Style::bad, "x") == "x");
  desk.terminal = Terminal::yes;
  CHECK(desk.context().paint_out(Style::bad, "x") == "\033[31mx\033[0m");
  desk.env["NO_COLOR"] = "1";
  CHECK(desk.context().paint_err(Style::bad, "x") == "x");
  desk.env.clear();
  desk.env["TERM"] = "dumb";
  CHECK(desk.context().paint_out(Style::bad, "x") == "x");
}

TEST_CASE("an error says what, its code and what to do, and sets the exit code") {
  Desk desk;
  auto context = desk.context();
  context.finish(
      make_error(Code::workload_api_unreachable, "connect unix:///x: refused", "start it"));
  CHECK(context.exit() == Exit::unreachable);
  CHECK(desk.out.str().empty());
  CHECK(desk.err.str() == "error    AW5003 connect unix:///x: refused\nhint     start it\n");
}

TEST_CASE("an error that standard output cannot take is said on standard error, in every format") {
  Desk desk;
  auto context = desk.context();
  context.output = Output::json;
  desk.out.setstate(std::ios::badbit);
  context.finish(make_error(Code::io, "write standard output"));
  CHECK(context.exit() == Exit::failed);
  CHECK(desk.err.str() == "error    AW8002 write standard output\n");
}

TEST_CASE("an error's foreign text cannot forge a line") {
  Desk desk;
  auto context = desk.context();
  context.finish(make_error(Code::io, "a\nallowed"));
  CHECK(desk.err.str() == "error    AW8002 a\\x0aallowed\n");
}

TEST_CASE("with -o json an error is an envelope on stdout and stderr stays quiet") {
  Desk desk;
  auto context = desk.context();
  context.output = Output::json;
  context.finish(make_error(Code::io, "no", "yes").with("file", "a"));
  auto const whole = json::Json::parse(desk.out.str());
  CHECK(whole["api_version"] == "agentweave/v1");
  CHECK(whole["kind"] == "Error");
  CHECK(whole["error"]["code"] == "AW8002");
  CHECK(whole["error"]["reason"] == "io_error");
  CHECK(whole["error"]["context"]["file"] == "a");
  CHECK(desk.err.str().empty());
}

TEST_CASE("data has an envelope in json and yaml, a line per element in jsonl") {
  Desk desk;
  auto context = desk.context();
  json::Json const data = {1, 2};
  auto const human = [](std::ostream& out) { out << "people\n"; };
  context.print("Numbers", data, human);
  CHECK(desk.out.str() == "people\n");
  desk.out.str("");
  context.output = Output::jsonl;
  context.print("Numbers", data, human);
  CHECK(desk.out.str() == "1\n2\n");
  desk.out.str("");
  context.output = Output::yaml;
  context.print("Numbers", data, human);
  CHECK(desk.out.str() == "api_version: agentweave/v1\ndata:\n  - 1\n  - 2\nkind: Numbers\n");
}

TEST_CASE("bytes that are no UTF-8 do not end a command") {
  Desk desk;
  auto context = desk.context();
  context.output = Output::json;
  context.print("Bytes", json::Json("\xff"), [](std::ostream&) {});
  CHECK(desk.out.str().find("\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE("-q silences talk, -v adds detail") {
  Desk desk;
  auto context = desk.context();
  context.say("a");
  context.detail("b");
  context.verbosity = Verbosity::quiet;
  context.say("c");
  context.verbosity = Verbosity::verbose;
  context.detail("d");
  CHECK(desk.err.str() == "a\nd\n");
}

TEST_CASE("an empty variable is as good as none") {
  Desk desk;
  desk.env["A"] = "";
  desk.env["B"] = "b";
  auto const context = desk.context();
  CHECK(!context.variable("A"));
  CHECK(context.variable("B") == "b");
  CHECK(!context.variable("C"));
}
