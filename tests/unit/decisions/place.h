// SPDX-License-Identifier: Apache-2.0
// A directory for a decision store, a clock that stands, and a decision to keep. The directory goes
// with the Place, so stores that it opened go first.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "core/base/json.h"
#include "core/decisions/store.h"
#include "core/testing/manual_clock.h"
#include "tests/support/temp_dir.h"

namespace aw::decisions::test {

struct Place {
  testing::TempDir directory;
  testing::ManualClock clock;
  std::unique_ptr<log::Log> quiet = log::Log::silent();
  metrics::Registry registry;

  [[nodiscard]] std::unique_ptr<Store> open(Config const& config = {}) {
    auto store = Store::open(
        directory / "decisions", config,
        {.clock = clock, .log = *quiet, .metrics = registry, .input_of = [](Entry const& entry) {
           return R"({"action":")" + entry.text(Text::action) + R"(","context":)" +
                  entry.text(Text::context_json) + "}";
         }});
    return store.ok() ? std::move(*store) : nullptr;
  }
};

inline Fields decision(std::string_view id, std::string_view action = "refund",
                       std::string_view context = "{}") {
  Fields out;
  out.set(Text::id, id);
  out.set(Text::caller, "spiffe://corp.example/agent/planner");
  out.set(Text::action, action);
  out.set(Text::context_json, context);
  out.set(Text::reason, "no_matching_rule");
  out.set(Number::code, 3001);
  out.set(Number::time, 1'800'000'000'000'000'000U);
  out.set(Number::flags, kAsked);
  return out;
}

inline Result<void> keep(Store& store, Fields const& fields) {
  Ticket ticket;
  store.keep(fields, ticket);
  CHECK(ticket.written);
  return ticket.outcome;
}

inline json::Json result_of(Store& store, std::size_t most = 100) {
  return json::parse(store.document(most, "billing"))->at("result");
}

}  // namespace aw::decisions::test
