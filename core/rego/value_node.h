// SPDX-License-Identifier: Apache-2.0
// The heap side of a Value: one counted block, elements behind the head. Only value*.cc and
// number.cc look inside.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/rego/value.h"

namespace aw::rego {

// Immutable but for the caches in it. `refs` begins at one, which Value::adopt takes over; the
// last Value to go frees the block.
struct ValueNode {
  mutable std::atomic<std::uint32_t> refs{1};
  std::uint32_t size = 0;                      // bytes of text, or elements
  mutable std::atomic<std::uint64_t> hash{0};  // 0: not computed yet
  // Open addressing over the elements: position + 1; large ones only. Sets and objects have it from
  // the start; an array gets it when it is searched often, so there it is published atomically.
  mutable std::uint32_t* index = nullptr;
  mutable std::uint32_t mask = 0;  // slots of the index - 1; of an array: how often it was searched
};

// Views of what lies behind the head; which of them is right only the Value's kind tells. They
// live as long as the node.
inline char* text_of(ValueNode* node) {
  return reinterpret_cast<char*>(node + 1);  // NOLINT: the text lies behind the head
}
inline std::string_view text_of(ValueNode const* node) {
  return {reinterpret_cast<char const*>(node + 1), node->size};  // NOLINT
}
inline std::span<Value> values_of(ValueNode* node) {
  return {reinterpret_cast<Value*>(node + 1), node->size};  // NOLINT
}
inline std::span<Value const> values_of(ValueNode const* node) {
  return {reinterpret_cast<Value const*>(node + 1), node->size};  // NOLINT
}
inline std::span<Entry> entries_of(ValueNode* node) {
  return {reinterpret_cast<Entry*>(node + 1), node->size};  // NOLINT
}
inline std::span<Entry const> entries_of(ValueNode const* node) {
  return {reinterpret_cast<Entry const*>(node + 1), node->size};  // NOLINT
}

// A copy of the text with one reference, the caller's: for strings, and numbers as they are
// spelled.
[[nodiscard]] ValueNode* new_text_node(std::string_view text);
[[nodiscard]] std::uint64_t hash_text(std::string_view text);

}  // namespace aw::rego
