// SPDX-License-Identifier: Apache-2.0
#include "core/http/held_bodies.h"

#include <doctest/doctest.h>

#include <array>
#include <list>

#include "tests/unit/http/h2_frames.h"
#include "tests/unit/http/site.h"

using namespace aw::http;
using namespace aw::http::testing;

namespace {

constexpr std::uint64_t kLargest = 1000;

// Holds bodies of the largest size until there is no more room for it; how many.
int fill(HeldBodies& held, HeldBodies::Share* share) {
  for (int count = 0;; ++count) {
    if (held.change(share, 0, kLargest)) continue;
    CHECK(held.change(share, kLargest, 0));
    return count;
  }
}

}  // namespace

TEST_CASE("a caller may hold a quarter of the room, and all together leave one body to each") {
  HeldBodies held(kLargest);
  std::array const many = {held.share_of("a"), held.share_of("b"), held.share_of("c"),
                           held.share_of("d")};
  CHECK(fill(held, many[0].get()) == 16);
  CHECK(fill(held, many[1].get()) == 16);
  CHECK(fill(held, many[2].get()) == 16);
  CHECK(fill(held, many[3].get()) == 1);
  // Others of the first have no room either: they are the same caller.
  CHECK(fill(held, held.share_of("a").get()) == 0);
  for (int i = 0; i < 15; ++i) {
    auto const one = held.share_of("e" + std::to_string(i));
    CHECK(fill(held, one.get()) == 1);
  }
  CHECK(fill(held, held.share_of("late").get()) == 0);
  // What is given back is there again.
  for (auto const i : {0U, 1U}) CHECK(held.change(many[i].get(), 16 * kLargest, 0));
  CHECK(fill(held, held.share_of("late").get()) == 16);
}

TEST_CASE("callers who are nobody share the whole room, and those who left leave nothing behind") {
  HeldBodies held(kLargest);
  CHECK(held.share_of("") == nullptr);
  CHECK(fill(held, nullptr) == 64);
  CHECK(held.change(nullptr, 64 * kLargest, 0));
  for (int i = 0; i < 1000; ++i) {
    auto const share = held.share_of("caller " + std::to_string(i));
    CHECK(fill(held, share.get()) == 16);
    CHECK(held.change(share.get(), 16 * kLargest, 0));
  }
}

TEST_CASE("a caller with many half bodies leaves room for those of others") {
  Limits limits;
  limits.max_body_bytes = 40'000;
  Site site(Wired::plain, echo, limits);
  site.namer = [](ConnectionInfo const& info) {
    return info.remote_address.substr(0, info.remote_address.find(':'));
  };
  auto const head = std::string("POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 40000\r\n\r\n");
  auto const half_h2 = [] {
    std::string out = hello() + frame(headers, kEndHeaders, 1,
                                      field(":method", "POST") + field(":scheme", "http") +
                                          field(":path", "/x") + field(":authority", "a"));
    for (int i = 0; i < 3; ++i) out += frame(data, 0, 1, std::string(13'000, 'x'));
    return out;
  }();
  std::list<Raw> held;
  // 16 of the largest fit into a quarter.
  for (int i = 0; i < 8; ++i) {
    held.emplace_back(site.server().port(), 2).send(head + std::string(39'000, 'x'));
    held.emplace_back(site.server().port(), 2).send(half_h2);
  }
  CHECK(eventually([&] {
    held.emplace_back(site.server().port(), 2).send(head + std::string(39'000, 'x'));
    return site.server().stats().rejected > 0;
  }));
  for (std::uint8_t host = 3; host < 13; ++host) {
    auto& h1 = held.emplace_back(site.server().port(), host);
    h1.send(head + std::string(39'000, 'x'));
    h1.send(std::string(1'000, 'x'));
    CHECK(h1.read_until("200 OK").ends_with("200 OK"));
    auto& h2 = held.emplace_back(site.server().port(), host);
    h2.send(half_h2);
    h2.send(frame(data, kEndStream, 1, std::string(1'000, 'x')));
    CHECK(h2.read_until("POST /x").ends_with("POST /x"));
  }
}
