// SPDX-License-Identifier: Apache-2.0
// What `bundle watch --agents` tells of a rotation.
#include <doctest/doctest.h>

#include "commands/support/rotation_tally.h"

using aw::commands::RotationTally;

TEST_CASE("a rotation is told agent by agent, and when all are over, with what failed meanwhile") {
  RotationTally tally;
  CHECK(tally.next({{"a", "old"}, {"b", "old"}}, "old", 1).moves.empty());
  CHECK(tally.next({{"a", "old"}, {"b", ""}}, "old", 2).settled.empty());  // prepared
  auto const half = tally.next({{"a", "new"}, {"b", "old"}}, "new", 2);
  REQUIRE(half.moves.size() == 1);
  CHECK(half.moves[0].agent == "a");
  CHECK(half.moves[0].from == "old");
  CHECK(half.moves[0].to == "new");
  CHECK(half.settled.empty());
  auto const whole = tally.next({{"a", "new"}, {"b", "new"}}, "new", 2);
  REQUIRE(whole.moves.size() == 1);
  CHECK(whole.moves[0].agent == "b");
  REQUIRE(whole.settled.size() == 1);
  CHECK(whole.settled[0].agents == 2);
  CHECK(whole.settled[0].asked == 6);
  CHECK(whole.settled[0].failed == 1);
}

TEST_CASE("nothing is told while nothing moves, whoever is silent") {
  RotationTally tally;
  for (int i = 0; i < 3; ++i) {
    auto const news = tally.next({{"a", "x"}, {"b", i == 1 ? "" : "x"}}, "x", 1);
    CHECK(news.moves.empty());
    CHECK(news.settled.empty());
  }
}

TEST_CASE("an agent that is silent keeps a rotation open, and is told when it comes back") {
  RotationTally tally;
  static_cast<void>(tally.next({{"a", "old"}, {"b", "old"}}, "old", 2));
  CHECK(tally.next({{"a", "new"}, {"b", ""}}, "new", 2).settled.empty());
  auto const back = tally.next({{"a", "new"}, {"b", "new"}}, "new", 2);
  REQUIRE(back.moves.size() == 1);
  CHECK(back.moves[0].agent == "b");
  CHECK(back.settled.size() == 1);
}

TEST_CASE("the next rotation counts anew") {
  RotationTally tally;
  static_cast<void>(tally.next({{"a", "1"}}, "1", 2));
  CHECK(tally.next({{"a", "2"}}, "2", 2).settled.at(0).asked == 2);
  CHECK(tally.next({{"a", "3"}}, "3", 2).settled.at(0).asked == 1);
}
