// SPDX-License-Identifier: Apache-2.0
// What bodies that wait for their callers may take together, requests that are not whole yet or
// answers that are not read, and how much of it each caller: one that opens many connections and
// ends nothing leaves room for the others.
//
// Any thread. Only `share_of` takes a lock, once a connection at most.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace aw::http {

class HeldBodies {
 public:
  // What one caller holds; its connections share it.
  using Share = std::atomic<std::uint64_t>;

  // Room for kAtOnce bodies of the largest size.
  explicit HeldBodies(std::size_t max_body) : max_body_(max_body) {}

  // Null for an empty name: a caller who is nobody in particular has no limit of its own.
  [[nodiscard]] std::shared_ptr<Share> share_of(std::string_view caller);

  // Somebody held `before` bytes and holds `after`. False: that is more than it may have, and
  // counts all the same until it says that it holds less. A caller may have a quarter of the room;
  // of the last quarter each may have one body only, so that several that fill theirs leave some
  // too.
  [[nodiscard]] bool change(Share* share, std::uint64_t before, std::uint64_t after);

 private:
  static constexpr std::uint64_t kAtOnce = 64;

  std::uint64_t const max_body_;
  std::atomic<std::uint64_t> all_{0};
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Share>, std::less<>> shares_;  // guarded by mutex_
  std::size_t crowded_ = 64;  // so many, and those who left are forgotten; guarded by mutex_
};

// What one connection holds of it; given back with it. One thread.
class Holding {
 public:
  explicit Holding(HeldBodies& all) : all_(all) {}
  ~Holding() { let_go(); }
  Holding(Holding const&) = delete;
  Holding& operator=(Holding const&) = delete;

  // It holds so much now, for `caller`, who stays the same. False: that is more than it may, and
  // counts until it holds less.
  [[nodiscard]] bool hold(std::size_t bytes, std::string_view caller);
  void let_go();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  HeldBodies& all_;
  std::shared_ptr<HeldBodies::Share> share_;  // from the first bytes on
  std::size_t bytes_ = 0;
};

}  // namespace aw::http
