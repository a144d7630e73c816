// SPDX-License-Identifier: Apache-2.0
#include "core/server/past_decision.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"

using namespace aw;
using namespace aw::server;
using decisions::Number;
using decisions::Text;

namespace {

// A store of one process, and the same seen from outside.
struct Kept {
  testing::ManualClock clock;
  testing::TempDir scratch;
  std::unique_ptr<log::Log> log = log::Log::silent();
  metrics::Registry registry;
  std::unique_ptr<decisions::Store> store;

  Kept() {
    auto opened = decisions::Store::open(
        scratch / "decisions", {},
        {.clock = clock, .log = *log, .metrics = registry, .input_of = [](auto const&) {
           return std::string("{}");
         }});
    REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  PastDecision explained(decisions::Entry entry) {
    auto reader = decisions::Reader::open(scratch / "decisions");
    REQUIRE(reader.ok());
    auto past = explain_past(std::move(entry), *reader, clock);
    REQUIRE(past.ok());
    return std::move(*past);
  }
};

decisions::Entry asked_entry(std::string digest) {
  decisions::Entry out;
  out.texts[static_cast<std::size_t>(Text::id)] = "d-1";
  out.texts[static_cast<std::size_t>(Text::policy_digest)] = std::move(digest);
  out.texts[static_cast<std::size_t>(Text::decided_by)] = "http://opa-1:8181";
  out.texts[static_cast<std::size_t>(Text::input_json)] = R"({"action":"refund"})";
  out.numbers[static_cast<std::size_t>(Number::flags)] = decisions::kAsked;
  out.numbers[static_cast<std::size_t>(Number::code)] =
      static_cast<std::uint64_t>(Code::denied_by_policy);
  return out;
}

}  // namespace

TEST_CASE("a decision that cannot be asked again says why, and is told all the same") {
  Kept kept;
  auto const remote = kept.explained(asked_entry(""));
  CHECK(remote.unexplained == "a remote decision point answered: http://opa-1:8181");
  auto const gone = kept.explained(asked_entry("sha256:gone"));
  CHECK(gone.unexplained == "the policy of that time is no longer kept: sha256:gone");
  auto never = asked_entry("");
  never.numbers[static_cast<std::size_t>(Number::flags)] = 0;
  auto const unasked = kept.explained(std::move(never));
  CHECK(unasked.unexplained == "policy was not asked");
  CHECK_FALSE(past_decision_json(unasked).contains("input"));
  auto const told = past_decision_json(gone);
  CHECK(told.at("decision_id") == "d-1");
  CHECK(told.at("code") == "AW3001");
  CHECK(told.at("allowed") == false);
  CHECK(told.at("input").at("action") == "refund");
  CHECK_FALSE(told.contains("then"));
}

TEST_CASE("an entry that says nothing reads as a denial") {
  auto const told = entry_json({});
  CHECK(told.at("allowed") == false);
  CHECK_FALSE(told.contains("code"));
}
