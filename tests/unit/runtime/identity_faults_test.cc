// SPDX-License-Identifier: Apache-2.0
// What becomes of connections that are open when the identity below them changes: a real process'
// composer, a real Workload API that does what it is told, real TLS clients that stay connected.
#include <doctest/doctest.h>

#include <future>

#include "tests/unit/runtime/world.h"

using namespace aw;
using namespace aw::runtime;
using namespace aw::runtime::test;
using identity::CaStage;

TEST_CASE("an entry that is deleted ends every connection and lets nobody in, until it is back") {
  World world;
  auto const held = world.client(*world.own);
  REQUIRE(held->ask().starts_with("HTTP/1.1 4"));  // served: no such route
  world.api.refuse(FakeWorkloadApi::Answer::permission_denied);
  CHECK(held->ends());
  CHECK(world.becomes(*world.own, false));
  world.api.serve(world.agents_state());
  CHECK(world.becomes(*world.own, true));
}

TEST_CASE("a bundle that shrinks ends the connections of the domain it lost, and no other") {
  World world;
  auto const theirs = world.client(*world.partner);
  auto const ours = world.client(*world.own);
  REQUIRE(theirs->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(ours->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->remove_federated(domain("partner.test")).ok());
  world.api.serve(world.agents_state());
  CHECK(theirs->ends());
  CHECK(world.client(*world.partner)->ask().empty());
  CHECK(ours->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->add_federated(world.partner->bundle()).ok());
  world.api.serve(world.agents_state());
  CHECK(world.becomes(*world.partner, true));
}

TEST_CASE("an authority that leaves the bundle takes its connections along, the next one's stay") {
  World world;
  auto const old_state = world.client(*world.own);
  REQUIRE(old_state->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->rotate_ca().ok());  // the next authority stands in the bundle
  world.api.serve(world.agents_state());
  REQUIRE(world.own->advance_ca().ok());  // and signs; the old one is still believed
  world.api.serve(world.agents_state());
  auto const new_state = world.served(*world.own);
  CHECK(old_state->ask().starts_with("HTTP/1.1 4"));
  REQUIRE(world.own->advance_ca().ok());  // the old one is gone
  REQUIRE(world.own->ca_stage() == CaStage::steady);
  world.api.serve(world.agents_state());
  CHECK(old_state->ends());
  CHECK(new_state->ask().starts_with("HTTP/1.1 4"));
}

TEST_CASE("a Workload API that goes away changes nothing for who is connected or comes") {
  World world;
  auto const held = world.client(*world.own);
  REQUIRE(held->ask().starts_with("HTTP/1.1 4"));
  world.api.down();
  CHECK(held->ask().starts_with("HTTP/1.1 4"));
  CHECK(world.client(*world.own)->ask().starts_with("HTTP/1.1 4"));
  world.api.up();
  REQUIRE(world.own->renew().ok());
  world.api.serve(world.agents_state());
  CHECK(held->ask().starts_with("HTTP/1.1 4"));
}

TEST_CASE("an agent that starts before its entry is there waits for it") {
  World world;
  world.agent.reset();
  world.api.refuse(FakeWorkloadApi::Answer::permission_denied);
  auto const before = world.api.streams_opened();
  auto starting = std::async(std::launch::async, [&world] { return world.start(); });
  while (world.api.streams_opened() < before + 2) std::this_thread::yield();  // it asks again
  world.api.serve(world.agents_state());
  world.agent = starting.get();
  CHECK(world.client(*world.own)->ask().starts_with("HTTP/1.1 4"));
}
