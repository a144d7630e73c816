// SPDX-License-Identifier: Apache-2.0
#include "core/base/random.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <vector>

using namespace aw;

TEST_CASE("random bytes are as many as asked for and no two draws are alike") {
  std::set<std::string> seen;
  for (std::size_t const size :
       {std::size_t{16}, std::size_t{32}, std::size_t{33}, std::size_t{5000}}) {
    for (int i = 0; i < 100; ++i) {
      auto const bytes = random_bytes(size);
      CHECK(bytes.size() == size);
      CHECK(seen.insert(bytes).second);
    }
  }
  CHECK(random_bytes(0).empty());
}

TEST_CASE("as many random bytes are written in hexadecimal as are asked for") {
  for (std::size_t const count :
       {std::size_t{0}, std::size_t{1}, std::size_t{32}, std::size_t{33}, std::size_t{200}}) {
    auto const text = random_hex(count);
    CHECK(text.size() == 2 * count);
    CHECK(text.find_first_not_of("0123456789abcdef") == std::string::npos);
  }
  CHECK(random_hex(64).substr(0, 64) != random_hex(64).substr(64));
}

TEST_CASE("threads draw numbers of their own") {
  std::array<std::set<std::uint64_t>, 4> drawn;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : drawn) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < 1000; ++i) mine.insert(random_u64());
      });
    }
  }
  std::set<std::uint64_t> all;
  for (auto const& mine : drawn) all.insert(mine.begin(), mine.end());
  CHECK(all.size() == 4000);
}

TEST_CASE("a child of fork repeats nothing that its parent draws") {
  (void)random_bytes(8);  // so that numbers are drawn ahead
  std::array<int, 2> pipe{};
  REQUIRE(::pipe(pipe.data()) == 0);
  auto const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto const bytes = random_bytes(32);
    auto const put = ::write(pipe[1], bytes.data(), bytes.size());
    ::_exit(put == 32 ? 0 : 1);
  }
  std::string theirs(32, '\0');
  CHECK(::read(pipe[0], theirs.data(), theirs.size()) == 32);
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(theirs != random_bytes(32));
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TEST_CASE("ids of later milliseconds sort behind earlier ones, and tell nothing but their time") {
  WallTime const begin{std::chrono::milliseconds(1'800'000'000'000)};
  std::string before;
  for (int i = 0; i < 100; ++i) {
    auto const id = time_ordered_id(begin + std::chrono::milliseconds(i));
    CHECK(id.size() == 26);
    CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos);
    CHECK(before < id);
    before = id;
  }
  auto const one = time_ordered_id(begin);
  auto const other = time_ordered_id(begin);
  CHECK(one.substr(0, 10) == other.substr(0, 10));
  CHECK(one.substr(10) != other.substr(10));
}

TEST_CASE("a random UUID says that it is one of version 4") {
  for (int i = 0; i < 64; ++i) {
    auto const uuid = random_uuid();
    REQUIRE(uuid.size() == 36);
    for (std::size_t const at : {8U, 13U, 18U, 23U}) CHECK(uuid[at] == '-');
    CHECK(uuid[14] == '4');
    CHECK(std::string_view("89ab").find(uuid[19]) != std::string_view::npos);
    CHECK(std::ranges::count(uuid, '-') == 4);
  }
}
