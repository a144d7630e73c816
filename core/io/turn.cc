// SPDX-License-Identifier: Apache-2.0
#include "core/io/turn.h"

namespace aw::io {
namespace {

Turn*& turn_of_this_thread() {
  static thread_local Turn* turn = nullptr;
  return turn;
}

}  // namespace

void Waiters::release() {
  // A coroutine that goes on may wait here again, so the list is taken first.
  releasing_.swap(waiting_);
  for (auto& resume : releasing_) resume();
  releasing_.clear();
}

Turn::Turn() { turn_of_this_thread() = this; }
Turn::~Turn() { turn_of_this_thread() = nullptr; }

Turn* Turn::current() { return turn_of_this_thread(); }

void Turn::defer(Stage stage, Work work) {
  stages_[static_cast<std::size_t>(stage)].push_back(std::move(work));
}

bool Turn::end() {
  // One pass: a peer that sends request after request must not keep the loop from its other peers.
  for (auto& stage : stages_) {
    running_.swap(stage);
    for (auto& work : running_) work();
    running_.clear();
  }
  return !stages_[0].empty() || !stages_[1].empty();
}

}  // namespace aw::io
