// SPDX-License-Identifier: Apache-2.0
#include "core/runtime/attendant.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include "core/config/load.h"
#include "core/http/server.h"
#include "core/http/socket_address.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::runtime;

namespace {

config::Config attended_config(std::string const& more) {
  config::LoadRequest request;
  request.file = "a.yaml";
  request.text = "agent:\n  name: a\n  trust_domain: corp.example\n  capabilities:\n" + more;
  auto loaded = config::inspect(request);
  INFO(config::render_text(loaded.diagnostics));
  REQUIRE(loaded.ok());
  return loaded.config;
}

// A socket that takes connections while it lives.
struct TakesConnections {
  explicit TakesConnections(std::string const& at) {
    auto made = http::listen_on(http::parse_address(at).value(), 1);
    REQUIRE(made.ok());
    fd = std::move(made->descriptors.front());
    text = made->text;
  }
  Fd fd;
  std::string text;
};

// An attendant over a shell script, driven by hand, with what it said.
struct Tended {
  testing::TempDir scratch;
  SystemClock clock;
  std::vector<std::string> said;
  int listened = 0;
  std::unique_ptr<Attendant> attendant;

  Tended(std::string script, backend::ChildConfig config, std::vector<std::string> addresses) {
    attendant = std::make_unique<Attendant>(Attendant::Needs{
        .config = std::move(config),
        .spec = {.command = {"sh", "-c", std::move(script)},
                 .environment = {"PATH=/usr/bin:/bin", "NOTE=" + (scratch / "note").string()}},
        .addresses = std::move(addresses),
        .clock = clock,
        .listening = [this](pid_t, std::chrono::nanoseconds) { ++listened; },
        .say = [this](std::string const& line) { said.push_back(line); }});
  }
  // Steps until `done`, twenty seconds at most.
  template <class Done>
  void drive(Done const& done) {
    for (int i = 0; i < 20'000 && !done(); ++i) {
      if (!attendant->step()) break;
      ::usleep(1000);
    }
    CHECK(done());
  }
  [[nodiscard]] bool heard(std::string_view words) const {
    for (auto const& line : said)
      if (line.find(words) != std::string::npos) return true;
    return false;
  }
  [[nodiscard]] bool well() const {
    return attendant->check().state == server::CheckResult::State::ok;
  }
};

}  // namespace

TEST_CASE("where a child has to listen follows from the backends on this machine") {
  struct Row {
    char const* capability;
    std::vector<std::string> expected;
  };
  std::string const upstream = "server: {upstream: \"http://127.0.0.1:9000/base\"}\n";
  for (Row const& row : std::vector<Row>{
           {"{}", {"http://127.0.0.1:9000"}},
           {"{backend: {type: http, url: \"unix:///run/a.sock:/x\"}}", {"unix:///run/a.sock"}},
           {"{backend: {type: a2a, url: \"http://localhost:99\"}}", {"http://localhost:99"}},
           {"{backend: {type: http, url: \"https://elsewhere.example/x\"}}", {}},
           {"{backend: {type: exec, command: [\"true\"]}}", {}},
           {"{backend: {type: builtin, name: echo}}", {}}}) {
    CAPTURE(std::string(row.capability));
    std::string const inner(row.capability);
    auto const config = attended_config(
        "    - {name: work, description: x" +
        (inner.size() > 2 ? ", " + inner.substr(1, inner.size() - 2) : std::string()) + "}\n" +
        upstream);
    CHECK(child_addresses(config) == row.expected);
  }
}

TEST_CASE("an address takes connections when somebody listens there, of any kind") {
  testing::TempDir const scratch;
  auto const path = "unix://" + (scratch / "s").string();
  CHECK_FALSE(takes_connections(path));
  TakesConnections const local(path);
  CHECK(takes_connections(path));
  TakesConnections const v4("127.0.0.1:0");
  CHECK(takes_connections("http://" + v4.text));
  std::string const closed = [] {
    TakesConnections const gone("127.0.0.1:0");
    return "http://" + gone.text;
  }();
  CHECK_FALSE(takes_connections(closed));
  CHECK_FALSE(takes_connections("nonsense"));
  CHECK_FALSE(takes_connections("http://no.such.host:1"));
}

TEST_CASE("the agent is not ready before its child listens, and is while it does") {
  testing::TempDir const scratch;
  auto const path = "unix://" + (scratch / "s").string();
  Tended bench("sleep 600", {}, {path});
  CHECK_FALSE(bench.well());
  REQUIRE(bench.attendant->start().ok());
  CHECK(bench.attendant->step());
  CHECK_FALSE(bench.well());
  CHECK(bench.listened == 0);
  {
    TakesConnections const listener(path);
    bench.drive([&] { return bench.listened == 1; });
    CHECK(bench.well());
  }
  auto const end = bench.attendant->stop();
  REQUIRE(end.has_value());
  CHECK(end->how == backend::ChildEnd::How::asked);
  CHECK_FALSE(bench.well());
  CHECK_FALSE(bench.attendant->step());
}

TEST_CASE("a child without an address of its own is well as soon as it runs") {
  Tended bench("sleep 600", {}, {});
  REQUIRE(bench.attendant->start().ok());
  bench.drive([&] { return bench.well(); });
}

TEST_CASE("a child that never listens is over with a timeout, and does not stay") {
  Tended bench(
      "sleep 600",
      {.start_timeout = std::chrono::milliseconds(20), .stop_timeout = std::chrono::seconds(5)},
      {"unix:///nowhere/at/all"});
  REQUIRE(bench.attendant->start().ok());
  bench.drive([&] { return bench.attendant->over().has_value(); });
  REQUIRE_FALSE(bench.attendant->over()->ok());
  CHECK(bench.attendant->over()->error().code == Code::timeout);
  CHECK(bench.heard("does not listen on unix:///nowhere/at/all after 20ms"));
}

TEST_CASE("a child that ends is over with its status, or starts again as its policy says") {
  Tended once("exit 4", {}, {});
  REQUIRE(once.attendant->start().ok());
  once.drive([&] { return once.attendant->over().has_value(); });
  CHECK(once.attendant->over()->value() == 4);
  CHECK(once.heard("ended with status 4"));

  Tended again("echo x >> \"$NOTE\"; [ $(wc -l < \"$NOTE\") -ge 3 ]",
               {.restart = backend::Restart::on_failure}, {});
  REQUIRE(again.attendant->start().ok());
  again.drive([&] { return again.attendant->over().has_value(); });
  CHECK(again.attendant->over()->value() == 0);
  CHECK(fs::read_file(again.scratch / "note").value() == "x\nx\nx\n");
  CHECK(again.heard("restart 2"));
}

TEST_CASE("a program that cannot be started is an error, not a restart") {
  Tended bench("", {.restart = backend::Restart::always}, {});
  bench.attendant = std::make_unique<Attendant>(
      Attendant::Needs{.config = {.restart = backend::Restart::always},
                       .spec = {.command = {"/no/such/program"}, .environment = {}},
                       .addresses = {},
                       .clock = bench.clock,
                       .listening = [](pid_t, std::chrono::nanoseconds) {},
                       .say = [](std::string const&) {}});
  auto const started = bench.attendant->start();
  REQUIRE_FALSE(started.ok());
  CHECK(started.error().code == Code::backend_unreachable);
}

TEST_CASE("a new environment reaches a child that starts again for it") {
  Tended bench("echo \"$VALUE\" >> \"$NOTE\"; exec sleep 600", {}, {});
  auto const note = "NOTE=" + (bench.scratch / "note").string();
  REQUIRE(bench.attendant->start().ok());
  auto const text = [&] { return fs::read_file(bench.scratch / "note").value_or(std::string()); };
  bench.drive([&] { return text() == "\n"; });
  bench.attendant->set_environment({"PATH=/usr/bin:/bin", note, "VALUE=new"},
                                   Attendant::Again::now);
  bench.drive([&] { return text() == "\nnew\n"; });
  CHECK_FALSE(bench.attendant->over().has_value());
}
