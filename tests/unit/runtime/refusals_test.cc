// SPDX-License-Identifier: Apache-2.0
// What never becomes a request is refused by the codec, and what is cut before it is decided by the
// clock: both are on the record with who sent it.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/authz/authz.h"
#include "tests/unit/runtime/world.h"

using namespace aw;
using namespace aw::runtime::test;

namespace {

std::vector<nlohmann::json> refusals_in(World const& world) {
  std::vector<nlohmann::json> out;
  std::istringstream lines(fs::read_file(world.scratch / "audit.log").value_or(std::string()));
  for (std::string line; std::getline(lines, line);) {
    auto record = nlohmann::json::parse(line);
    if (record.value("decision", "") == "deny") out.push_back(std::move(record));
  }
  return out;
}

// The answer does not wait for its record, which is written at the end of the same turn.
std::vector<nlohmann::json> refusals_once_there_are(std::size_t count, World const& world) {
  auto out = refusals_in(world);
  for (auto const until = steady_now() + std::chrono::seconds(10);
       out.size() < count && steady_now() < until; out = refusals_in(world))
    std::this_thread::yield();
  return out;
}

// Thinks for ever, unless it is cut off.
class Undecided final : public authz::AuthorizationProvider {
 public:
  io::Task<authz::AuthzDecision> authorize(authz::AuthzContext const&) override {
    co_await io::sleep_until(SteadyTime::max());
    co_return authz::allow("never");
  }
  [[nodiscard]] authz::ProviderStatus status() const override {
    authz::ProviderStatus out;
    out.state = authz::ProviderStatus::State::ready;
    return out;
  }
};

runtime::Seams nobody_decides() {
  runtime::Seams seams;
  seams.authorization = std::make_unique<Undecided>();
  return seams;
}

std::string request_of(std::string_view body) {
  return "POST /a2a/v1/tasks HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
         "content-length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// Of one header of a whole answer.
std::string value_of(std::string const& answer, std::string const& name) {
  auto const at = answer.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  auto const from = at + name.size() + 4;
  return answer.substr(from, answer.find("\r\n", from) - from);
}

}  // namespace

TEST_CASE("a request whose time is over before it is decided is one denial, under one id") {
  World world(
      nobody_decides(),
      {"server.request_timeout_seconds=0.1", "agent.capabilities[0].name=echo",
       "agent.capabilities[0].description=echoes", "agent.capabilities[0].backend.type=builtin",
       "agent.capabilities[0].backend.name=echo"});
  auto const held = world.client(*world.own);
  auto const answer = held->answer_to(request_of(R"({"task_type":"echo","payload":{}})"));
  CHECK(answer.starts_with("HTTP/1.1 504 "));
  auto const id = value_of(answer, "x-agentweave-decision-id");
  REQUIRE(answer.find("\r\n\r\n") != std::string::npos);
  auto const body = nlohmann::json::parse(answer.substr(answer.find("\r\n\r\n")));
  CHECK(body.at("error").at("decision_id") == id);
  auto const records = refusals_once_there_are(1, world);
  REQUIRE(records.size() == 1);
  CHECK(records[0].at("decision_id") == id);
  CHECK(records[0].at("caller_id") == "spiffe://fault.test/client");
  CHECK(records[0].at("action") == "echo");
  CHECK(records[0].at("code") == body.at("error").at("code"));
  CHECK(records[0].at("reason") == "timed_out");
  CHECK(held->ends());
  CHECK(refusals_in(world).size() == 1);
}

TEST_CASE("what the codec refuses is in the audit log: who, from where, which code") {
  World world;
  struct Row {
    std::string request;
    std::string_view status;
    std::string_view code;
    std::string_view method;
  };
  for (auto const& row : {
           Row{"GET / HTTP/1.1\r\n\r\n", "400", "AW4001", ""},
           Row{"GET / HTTP/1.1\r\nhost: a\r\nx: " + std::string(40'000, 'x') + "\r\n\r\n", "431",
               "AW4007", ""},
           Row{"POST /a2a/v1/tasks HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999\r\n\r\n", "413",
               "AW4007", "POST /a2a/v1/tasks"},
       }) {
    CAPTURE(row.status);
    auto const before = refusals_in(world).size();
    auto const held = world.client(*world.own);
    CHECK(held->ask(row.request).starts_with("HTTP/1.1 " + std::string(row.status)));
    CHECK(held->ends());
    auto const records = refusals_once_there_are(before + 1, world);
    REQUIRE(records.size() == before + 1);
    auto const& record = records.back();
    CHECK(record.at("caller_id") == "spiffe://fault.test/client");
    CHECK(record.at("callee_spiffe_id") == "spiffe://fault.test/agent");
    CHECK(record.at("code") == std::string(row.code));
    CHECK(record.value("resource", "") == std::string(row.method));
    CHECK(record.at("remote_address").get<std::string>().starts_with("127.0.0.1:"));
    CHECK(world.log().find(record.at("decision_id").get<std::string>()) != std::string::npos);
  }
}
