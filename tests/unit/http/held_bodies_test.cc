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

constexpr std::size_t kMebibyte = 1U << 20;

// Its own address's last number is who a caller is.
void name_by_address(Site& site) {
  site.namer = [](ConnectionInfo const& info) {
    return info.remote_address.substr(0, info.remote_address.find(':'));
  };
}

// /NAME/N: N mebibytes, whole or in one piece of a stream.
aw::io::Task<void> large(Request& request, ResponseWriter& writer) {
  auto const size = std::stoul(request.target.substr(request.target.rfind('/') + 1)) * kMebibyte;
  writer.add_header("x-of", "answer");
  if (!request.target.starts_with("/streamed/")) {
    co_await writer.respond(text_response(std::string(size, 'x')));
  } else if ((co_await writer.start(200, {})).ok() &&
             (co_await writer.write(std::string(size, 'x'))).ok()) {
    static_cast<void>(co_await writer.finish());
  }
}

std::string get_h1(std::string const& target) {
  return "GET " + target + " HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
}

std::string answer_of(Site& site, std::string const& target, std::uint8_t host) {
  Raw caller(site.server().port(), host);
  caller.send(get_h1(target));
  return caller.read_all();
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
  name_by_address(site);
  auto const head = std::string("POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 40000\r\n\r\n");
  auto const half_h2 = half_post();
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

TEST_CASE("a caller who reads no answers is given no more large ones, and others are") {
  Limits limits;
  limits.max_body_bytes = kMebibyte;
  Site site(Wired::plain, large, limits);
  name_by_address(site);
  std::list<Raw> held;
  SUBCASE("HTTP/2, behind windows of zero") {
    for (int part = 0; part < 2; ++part) {
      std::string asked(kPreface);
      asked += frame(settings, 0, 0, std::string("\0\4\0\0\0\0", 6));
      for (std::uint32_t i = 0; i < 10; ++i)
        asked += frame(headers, kEndHeaders | kEndStream, 1 + 2 * i, get("/whole/1"));
      held.emplace_back(site.server().port(), 2).send(asked);
    }
    CHECK(eventually([&] { return site.server().stats().rejected == 4; }));  // 16 are a quarter
  }
  std::string target;
  SUBCASE("HTTP/1.1") { target = "/whole/8"; }
  SUBCASE("in pieces") { target = "/streamed/8"; }
  if (!target.empty()) {
    for (int i = 0; i < 6; ++i) held.emplace_back(site.server().port(), 2).send(get_h1(target));
    CHECK(eventually([&] { return site.server().stats().rejected == 4; }));  // two are a quarter
  }
  auto const refused = answer_of(site, "/whole/8", 2);
  CHECK(refused.starts_with("HTTP/1.1 503 "));
  CHECK(refused.find("x-of") == std::string::npos);  // of the answer that is not given
  CHECK_FALSE(answer_of(site, "/streamed/8", 2).ends_with("0\r\n\r\n"));
  CHECK(answer_of(site, "/whole/0", 2).starts_with("HTTP/1.1 200 "));
  CHECK(answer_of(site, "/whole/8", 3).size() > 8 * kMebibyte);
  CHECK(answer_of(site, "/streamed/8", 3).ends_with("0\r\n\r\n"));
  held.clear();
  CHECK(eventually([&] { return answer_of(site, "/whole/8", 2).size() > 8 * kMebibyte; }));
}
