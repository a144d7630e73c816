// SPDX-License-Identifier: Apache-2.0
#include "core/base/secret.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

using namespace aw;

// Only `reveal` lets the bytes out: nothing prints, copies or converts one by accident.
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>);

TEST_CASE("secrets compare by value and do not print") {
  Secret a(std::string("hunter2"));
  CHECK(a == Secret(std::string("hunter2")));
  CHECK_FALSE(a == Secret(std::string("hunter3")));
  Secret const b = std::move(a);
  CHECK(b.reveal() == "hunter2");
}

TEST_CASE("a secret that was moved from holds nothing, short or long") {
  for (std::size_t const size :
       {std::size_t{0}, std::size_t{7}, std::size_t{15}, std::size_t{4000}}) {
    CAPTURE(size);
    Secret first(std::string(size, 's'));
    Secret second(std::move(first));
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that it is empty is the point
    CHECK(second.reveal() == std::string(size, 's'));
    Secret third(std::string("older"));
    third = std::move(second);
    CHECK(second.empty());  // NOLINT(bugprone-use-after-move)
    CHECK(third.reveal().size() == size);
    auto& same = third;
    third = std::move(same);
    CHECK(third.reveal().size() == size);
  }
}

TEST_CASE("a clone is a second set of the same bytes") {
  Secret original(std::string("token"));
  auto const copy = original.clone();
  CHECK(copy == original);
  CHECK(copy.reveal().data() != original.reveal().data());
  original = Secret(std::string("other"));
  CHECK(copy.reveal() == "token");
}

TEST_CASE("bytes that are wiped are zeros") {
  std::string bytes = "private key";
  wipe(bytes);
  CHECK(std::ranges::all_of(bytes, [](char c) { return c == '\0'; }));
  wipe({});
}

TEST_CASE("texts are equal in constant time only when every byte is, and the length") {
  CHECK(equal_constant_time("", ""));
  CHECK(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0b", 3)));
  CHECK_FALSE(equal_constant_time(std::string_view("a\0b", 3), std::string_view("a\0c", 3)));
  CHECK_FALSE(equal_constant_time("token", "tokens"));
  CHECK_FALSE(equal_constant_time("token", ""));
  std::string const one(64, 'x');
  for (std::size_t at = 0; at < one.size(); ++at) {
    auto other = one;
    other[at] = static_cast<char>(other[at] ^ 0x80);
    CHECK_FALSE(equal_constant_time(one, other));
  }
}
