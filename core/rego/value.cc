// SPDX-License-Identifier: Apache-2.0
#include "core/rego/value.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <numeric>

#include "core/rego/number.h"
#include "core/rego/value_node.h"

namespace aw::rego {
namespace {

constexpr std::size_t kIndexFrom = 9;        // smaller collections are searched without an index
constexpr std::size_t kArrayIndexFrom = 24;  // smaller arrays never get one
constexpr std::uint32_t kSearches = 2;       // of an array without one

ValueNode* new_node(std::size_t bytes, std::size_t size) {
  auto* node = new (::operator new(sizeof(ValueNode) + bytes)) ValueNode;
  node->size = static_cast<std::uint32_t>(size);
  return node;
}

std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h ^= v + 0x9e3779b97f4a7c15ULL + (h << 12U) + (h >> 4U);
  return h * 0xff51afd7ed558ccdULL;
}

std::uint32_t mask_for(std::size_t size) {
  std::uint32_t slots = 16;
  while (slots < size * 2) slots *= 2;
  return slots - 1;
}

template <class Items, class KeyOf>
std::uint32_t* make_index(Items items, std::uint32_t mask, KeyOf key_of) {
  auto* index = new std::uint32_t[mask + 1]();
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    auto slot = static_cast<std::uint32_t>(key_of(items[i]).hash()) & mask;
    while (index[slot] != 0) slot = (slot + 1) & mask;
    index[slot] = i + 1;
  }
  return index;
}

template <class Items, class KeyOf>
void build_index(ValueNode* node, Items items, KeyOf key_of) {
  if (items.size() < kIndexFrom) return;
  node->mask = mask_for(items.size());
  node->index = make_index(items, node->mask, key_of);
}

Value const& itself(Value const& value) { return value; }  // NOLINT: only of what stands in a node

template <class Equal>
std::ptrdiff_t probe(std::uint32_t const* index, std::uint32_t mask, std::uint64_t hash,
                     Equal equal) {
  auto slot = static_cast<std::uint32_t>(hash) & mask;
  while (index[slot] != 0) {
    std::uint32_t at = index[slot] - 1;
    if (equal(at)) return at;
    slot = (slot + 1) & mask;
  }
  return -1;
}

// The index of an array that is searched often, made at one of the first searches; else nullptr.
std::uint32_t const* array_index(ValueNode const* node) {
  std::atomic_ref<std::uint32_t*> published(node->index);
  if (std::uint32_t* index = published.load(std::memory_order_acquire)) return index;
  std::atomic_ref<std::uint32_t> searches(node->mask);
  if (searches.fetch_add(1, std::memory_order_relaxed) < kSearches) return nullptr;
  std::uint32_t* made = make_index(values_of(node), mask_for(node->size), itself);
  std::uint32_t* expected = nullptr;
  if (published.compare_exchange_strong(expected, made, std::memory_order_acq_rel)) return made;
  delete[] made;  // another thread was faster
  return expected;
}

std::ptrdiff_t position(Value const& collection, Value const& key) {
  ValueNode const* node = collection.node();
  bool object = collection.is(Kind::object);
  auto key_at = [&](std::size_t i) -> Value const& {
    return object ? entries_of(node)[i].key : values_of(node)[i];
  };
  if (node->index != nullptr) {
    return probe(node->index, node->mask, key.hash(),
                 [&](std::uint32_t i) { return key_at(i) == key; });
  }
  for (std::size_t i = 0; i < node->size; ++i) {
    if (key_at(i) == key) return static_cast<std::ptrdiff_t>(i);
  }
  return -1;
}

bool equal_nodes(Value const& a, Value const& b) {
  ValueNode const* x = a.node();
  ValueNode const* y = b.node();
  if (x == y) return true;
  if (x->size != y->size) return false;
  auto hx = x->hash.load(std::memory_order_relaxed);
  auto hy = y->hash.load(std::memory_order_relaxed);
  if (hx != 0 && hy != 0 && hx != hy) return false;
  switch (a.kind()) {
    case Kind::string:
      return std::memcmp(x + 1, y + 1, x->size) == 0;
    case Kind::object:
      return std::ranges::equal(entries_of(x), entries_of(y), [](Entry const& l, Entry const& r) {
        return l.key == r.key && l.value == r.value;
      });
    default:
      return std::ranges::equal(values_of(x), values_of(y));
  }
}

// Equal keys keep their order.
void sort_entries(std::span<Entry> entries) {
  auto less = [](Entry const& a, Entry const& b) { return compare(a.key, b.key) < 0; };
  if (std::ranges::is_sorted(entries, less)) return;
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&](std::uint32_t a, std::uint32_t b) {
    int by_key = compare(entries[a].key, entries[b].key);
    return by_key != 0 ? by_key < 0 : a < b;
  });
  std::vector<Entry> sorted;
  sorted.reserve(entries.size());
  for (std::uint32_t at : order) sorted.push_back(std::move(entries[at]));
  std::ranges::move(sorted, entries.begin());
}

template <class Span, class Compare>
int compare_spans(Span a, Span b, Compare compare_one) {
  std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (int order = compare_one(a[i], b[i]); order != 0) return order;
  }
  if (a.size() == b.size()) return 0;
  return a.size() < b.size() ? -1 : 1;
}

int compare_objects(std::span<const Entry> a, std::span<const Entry> b) {
  return compare_spans(a, b, [](Entry const& x, Entry const& y) {
    if (int order = compare(x.key, y.key); order != 0) return order;
    return compare(x.value, y.value);
  });
}

}  // namespace

std::uint64_t hash_text(std::string_view text) {
  std::uint64_t hash = std::hash<std::string_view>{}(text);
  return hash == 0 ? 1 : hash;
}

ValueNode* new_text_node(std::string_view text) {
  ValueNode* node = new_node(text.size(), text.size());
  if (!text.empty()) std::memcpy(text_of(node), text.data(), text.size());
  return node;
}

Value Value::adopt(ValueNode* node, Kind kind) {
  Value value;
  value.word_.node = node;
  value.kind_ = kind;
  value.heap_ = true;
  return value;
}

void Value::retain() const noexcept { word_.node->refs.fetch_add(1, std::memory_order_relaxed); }

void Value::release() noexcept {
  ValueNode* node = word_.node;
  if (node->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (kind_ == Kind::array || kind_ == Kind::set) std::ranges::destroy(values_of(node));
  if (kind_ == Kind::object) std::ranges::destroy(entries_of(node));
  delete[] node->index;
  node->~ValueNode();
  ::operator delete(node);
}

Value Value::null() {
  Value value;
  value.kind_ = Kind::null;
  return value;
}

Value Value::boolean(bool flag) {
  Value value;
  value.kind_ = Kind::boolean;
  value.word_.integer = flag ? 1 : 0;
  return value;
}

Value Value::number(std::int64_t integer) {
  Value value;
  value.kind_ = Kind::number;
  value.word_.integer = integer;
  return value;
}

Value Value::string(std::string_view text) { return adopt(new_text_node(text), Kind::string); }

Value Value::array(std::vector<Value> items) { return array_of(items); }

Value Value::array_of(std::span<Value> items) {
  ValueNode* node = new_node(items.size() * sizeof(Value), items.size());
  std::uninitialized_move(items.begin(), items.end(), values_of(node).begin());
  return adopt(node, Kind::array);
}

Value Value::set(std::vector<Value> members) {
  auto less = [](Value const& a, Value const& b) { return compare(a, b) < 0; };
  if (!std::ranges::is_sorted(members, less)) std::ranges::sort(members, less);
  members.erase(std::ranges::unique(members).begin(), members.end());
  ValueNode* node = new_node(members.size() * sizeof(Value), members.size());
  std::uninitialized_move(members.begin(), members.end(), values_of(node).begin());
  build_index(node, values_of(node), itself);
  return adopt(node, Kind::set);
}

Value Value::object(std::vector<Entry> entries) { return object_of(entries); }

Value Value::object_of(std::span<Entry> entries) {
  sort_entries(entries);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    bool repeated = i + 1 < entries.size() && entries[i].key == entries[i + 1].key;
    if (repeated) continue;
    if (kept != i) entries[kept] = std::move(entries[i]);
    ++kept;
  }
  ValueNode* node = new_node(kept * sizeof(Entry), kept);
  std::uninitialized_move_n(entries.begin(), kept, entries_of(node).begin());
  build_index(node, entries_of(node), [](Entry const& e) -> Value const& { return e.key; });
  return adopt(node, Kind::object);
}

Value Value::object(std::initializer_list<std::pair<std::string_view, Value>> members) {
  std::vector<Entry> entries;
  entries.reserve(members.size());
  for (auto const& [key, value] : members) entries.push_back({string(key), value});
  return object(std::move(entries));
}

std::string_view Value::as_string() const {
  return kind_ == Kind::string ? text_of(static_cast<ValueNode const*>(word_.node))
                               : std::string_view{};
}

std::size_t Value::size() const {
  bool collection = kind_ == Kind::array || kind_ == Kind::object || kind_ == Kind::set;
  return collection ? word_.node->size : 0;
}

std::span<const Value> Value::items() const {
  if (kind_ != Kind::array && kind_ != Kind::set) return {};
  return values_of(static_cast<ValueNode const*>(word_.node));
}

std::span<const Entry> Value::entries() const {
  if (kind_ != Kind::object) return {};
  return entries_of(static_cast<ValueNode const*>(word_.node));
}

Value const* Value::find(Value const& key) const {
  if (kind_ == Kind::array) {
    auto index = key.as_int();
    if (!index || *index < 0 || static_cast<std::size_t>(*index) >= size()) return nullptr;
    return &items()[static_cast<std::size_t>(*index)];
  }
  if (kind_ != Kind::object && kind_ != Kind::set) return nullptr;
  std::ptrdiff_t at = position(*this, key);
  if (at < 0) return nullptr;
  auto i = static_cast<std::size_t>(at);
  return kind_ == Kind::object ? &entries()[i].value : &items()[i];
}

Value const* Value::find(std::string_view key) const {
  if (kind_ != Kind::object) return nullptr;
  ValueNode const* node = word_.node;
  auto members = entries_of(node);
  if (node->index != nullptr) {
    std::ptrdiff_t at = probe(node->index, node->mask, hash_text(key), [&](std::uint32_t i) {
      return members[i].key.is(Kind::string) && members[i].key.as_string() == key;
    });
    return at < 0 ? nullptr : &members[static_cast<std::size_t>(at)].value;
  }
  for (Entry const& entry : members) {
    if (entry.key.is(Kind::string) && entry.key.as_string() == key) return &entry.value;
  }
  return nullptr;
}

bool Value::holds(Value const& item) const {
  if (kind_ == Kind::set) return find(item) != nullptr;
  if (kind_ == Kind::object) {
    return std::ranges::any_of(entries(), [&](Entry const& e) { return e.value == item; });
  }
  auto all = items();
  auto const* index = all.size() < kArrayIndexFrom ? nullptr : array_index(node());
  if (index == nullptr) return std::ranges::find(all, item) != all.end();
  return probe(index, mask_for(all.size()), item.hash(),
               [&](std::uint32_t i) { return all[i] == item; }) >= 0;
}

Value Value::get(std::initializer_list<std::string_view> path) const {
  Value const* at = this;
  for (std::string_view step : path) {
    at = at->find(step);
    if (at == nullptr) return {};
  }
  return *at;
}

std::uint64_t Value::hash() const {
  if (!heap_) {
    if (kind_ == Kind::number) return hash_number(*this);
    return mix(static_cast<std::uint64_t>(kind_) + 1, static_cast<std::uint64_t>(word_.integer));
  }
  ValueNode const* node = word_.node;
  std::uint64_t hash = node->hash.load(std::memory_order_relaxed);
  if (hash != 0) return hash;
  switch (kind_) {
    case Kind::string:
      hash = hash_text(text_of(node));
      break;
    case Kind::number:
      hash = hash_number(*this);
      break;
    case Kind::object:
      hash = 7;
      for (Entry const& e : entries_of(node)) hash = mix(mix(hash, e.key.hash()), e.value.hash());
      break;
    default:
      hash = static_cast<std::uint64_t>(kind_) + 11;
      for (Value const& v : values_of(node)) hash = mix(hash, v.hash());
  }
  if (hash == 0) hash = 1;
  node->hash.store(hash, std::memory_order_relaxed);
  return hash;
}

bool operator==(Value const& a, Value const& b) {
  if (a.kind_ != b.kind_) return false;
  if (a.kind_ == Kind::number) {
    if (!a.heap_ && !b.heap_) return a.word_.integer == b.word_.integer;
    return compare_numbers(a, b) == 0;
  }
  if (!a.heap_) return a.word_.integer == b.word_.integer;
  return equal_nodes(a, b);
}

int compare(Value const& a, Value const& b) {
  if (a.kind() != b.kind()) return a.kind() < b.kind() ? -1 : 1;
  switch (a.kind()) {
    case Kind::boolean:
      return static_cast<int>(a.is_true()) - static_cast<int>(b.is_true());
    case Kind::number:
      return compare_numbers(a, b);
    case Kind::string: {
      int order = a.as_string().compare(b.as_string());
      return order < 0 ? -1 : static_cast<int>(order > 0);
    }
    case Kind::array:
    case Kind::set:
      return compare_spans(a.items(), b.items(), compare);
    case Kind::object:
      return compare_objects(a.entries(), b.entries());
    case Kind::null:
    case Kind::undefined:
      break;
  }
  return 0;
}

Value merge(Value const& a, Value const& b) {
  if (!b.defined()) return a;
  if (!a.is(Kind::object) || !b.is(Kind::object)) return b;
  std::vector<Entry> merged;
  merged.reserve(a.size() + b.size());
  for (Entry const& entry : a.entries()) {
    Value const* over = b.find(entry.key);
    merged.push_back({entry.key, over == nullptr ? entry.value : merge(entry.value, *over)});
  }
  for (Entry const& entry : b.entries()) {
    if (a.find(entry.key) == nullptr) merged.push_back(entry);
  }
  return Value::object(std::move(merged));
}

}  // namespace aw::rego
