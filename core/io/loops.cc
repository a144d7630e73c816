// SPDX-License-Identifier: Apache-2.0
#include "core/io/loops.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <string>

#include "core/io/turn.h"

namespace aw::io {
namespace {

// So many handlers at most before what they left for the turn's end is done.
constexpr int kMostATurn = 128;

void serve(boost::asio::io_context& context) {
  Turn turn;
  bool more = false;
  while (!context.stopped()) {
    if (!more && context.run_one() == 0) break;
    for (int i = 0; i < kMostATurn && context.poll_one() != 0; ++i) {
    }
    more = turn.end();
  }
}

}  // namespace

Loops::Loops(std::size_t count) {
  loops_.reserve(std::max<std::size_t>(count, 1));
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i) {
    loops_.push_back(std::make_unique<Loop>());
    Loop& loop = *loops_.back();
    loop.thread = std::thread([&loop, i] {
      pthread_setname_np(pthread_self(), ("aw-loop-" + std::to_string(i)).c_str());
      serve(loop.context);
    });
  }
}

Loops::~Loops() { stop(); }

void Loops::post_all(std::function<void(std::size_t)> work) {
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    boost::asio::post(loops_[i]->context, [work, i] { work(i); });
  }
}

void Loops::stop() {
  for (auto& loop : loops_) loop->context.stop();
  for (auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

}  // namespace aw::io
