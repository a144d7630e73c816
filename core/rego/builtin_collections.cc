// SPDX-License-Identifier: Apache-2.0
// Arrays, sets, membership and graphs.
#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>

#include "core/rego/builtin.h"

namespace aw::rego {
namespace {

struct Hash {
  std::size_t operator()(Value const& v) const { return v.hash(); }
};
using Seen = std::unordered_set<Value, Hash>;

Value array_concat(BuiltinCall& call) {
  if (!call.want(0, Kind::array) || !call.want(1, Kind::array)) return {};
  std::vector<Value> items(call[0].items().begin(), call[0].items().end());
  items.insert(items.end(), call[1].items().begin(), call[1].items().end());
  return Value::array(std::move(items));
}

Value array_slice(BuiltinCall& call) {
  std::int64_t from = 0;
  std::int64_t to = 0;
  if (!call.want(0, Kind::array) || !call.want_int(1, from) || !call.want_int(2, to)) return {};
  auto items = call[0].items();
  auto size = static_cast<std::int64_t>(items.size());
  from = std::clamp<std::int64_t>(from, 0, size);
  to = std::clamp<std::int64_t>(to, 0, size);
  if (to < from) to = from;
  return Value::array(std::vector<Value>(items.begin() + from, items.begin() + to));
}

Value array_reverse(BuiltinCall& call) {
  if (!call.want(0, Kind::array)) return {};
  return Value::array(std::vector<Value>(call[0].items().rbegin(), call[0].items().rend()));
}

Value array_flatten(BuiltinCall& call) {
  if (!call.want(0, Kind::array)) return {};
  std::vector<Value> items;
  for (Value const& item : call[0].items()) {
    if (item.is(Kind::array)) {
      items.insert(items.end(), item.items().begin(), item.items().end());
    } else {
      items.push_back(item);
    }
  }
  return Value::array(std::move(items));
}

Value set_and(BuiltinCall& call) {
  if (!call.want(0, Kind::set) || !call.want(1, Kind::set)) return {};
  std::vector<Value> both;
  for (Value const& item : call[0].items()) {
    if (call[1].find(item) != nullptr) both.push_back(item);
  }
  return Value::set(std::move(both));
}

Value set_or(BuiltinCall& call) {
  if (!call.want(0, Kind::set) || !call.want(1, Kind::set)) return {};
  std::vector<Value> all(call[0].items().begin(), call[0].items().end());
  all.insert(all.end(), call[1].items().begin(), call[1].items().end());
  return Value::set(std::move(all));
}

Value set_diff(BuiltinCall& call) {
  if (!call.want(0, Kind::set) || !call.want(1, Kind::set)) return {};
  std::vector<Value> left;
  for (Value const& item : call[0].items()) {
    if (call[1].find(item) == nullptr) left.push_back(item);
  }
  return Value::set(std::move(left));
}

bool want_sets(BuiltinCall& call) {
  if (!call.want(0, Kind::set)) return false;
  for (Value const& item : call[0].items()) {
    if (item.is(Kind::set)) continue;
    call.type_error("operand 1 must be set of sets but got set containing " +
                    std::string(kind_name(item.kind())));
    return false;
  }
  return true;
}

Value unite(BuiltinCall& call) {
  if (!want_sets(call)) return {};
  std::vector<Value> all;
  for (Value const& set : call[0].items()) {
    all.insert(all.end(), set.items().begin(), set.items().end());
  }
  return Value::set(std::move(all));
}

Value intersect(BuiltinCall& call) {
  if (!want_sets(call)) return {};
  auto sets = call[0].items();
  std::vector<Value> common;
  if (sets.empty()) return Value::set({});
  for (Value const& item : sets[0].items()) {
    bool everywhere =
        std::ranges::all_of(sets, [&](Value const& set) { return set.find(item) != nullptr; });
    if (everywhere) common.push_back(item);
  }
  return Value::set(std::move(common));
}

Value member_2(BuiltinCall& call) { return Value::boolean(call[1].holds(call[0])); }

Value member_3(BuiltinCall& call) {
  Value const* found = call[2].find(call[0]);
  return Value::boolean(found != nullptr && *found == call[1]);
}

// All paths of a document with what lies there; the path [] is the document itself.
void walk_into(Value const& value, std::vector<Value>& path, std::vector<Value>& out,
               std::size_t& left) {
  if (left == 0) return;
  --left;
  out.push_back(Value::array({Value::array(path), value}));
  auto below = [&](Value const& key, Value const& child) {
    path.push_back(key);
    walk_into(child, path, out, left);
    path.pop_back();
  };
  auto items = value.items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    below(value.is(Kind::array) ? Value::number(static_cast<std::int64_t>(i)) : items[i], items[i]);
  }
  for (Entry const& entry : value.entries()) below(entry.key, entry.value);
}

Value walk(BuiltinCall& call) {
  std::vector<Value> path;
  std::vector<Value> out;
  std::size_t most = call.context.options->limits.memory / 256;
  std::size_t left = most;
  walk_into(call[0], path, out, left);
  if (left == 0) return call.fatal("the document is too large");
  return Value::array(std::move(out));
}

std::span<const Value> neighbours(Value const& graph, Value const& node) {
  Value const* edges = graph.find(node);
  return edges == nullptr ? std::span<const Value>{} : edges->items();
}

Value reachable(BuiltinCall& call) {
  if (!call.want(0, Kind::object)) return {};
  if (!call.want(1, {Kind::array, Kind::set})) return {};
  Value const& graph = call[0];
  Seen seen;
  std::deque<Value> queue(call[1].items().begin(), call[1].items().end());
  std::vector<Value> found;
  while (!queue.empty()) {
    Value node = queue.front();
    queue.pop_front();
    if (graph.find(node) == nullptr || !seen.insert(node).second) continue;
    found.push_back(node);
    for (Value const& next : neighbours(graph, node)) queue.push_back(next);
  }
  return Value::set(std::move(found));
}

struct Paths {
  Value const& graph;
  std::vector<Value> found;
  std::size_t left;

  void follow(Value const& node, std::vector<Value>& path, Seen& seen) {
    if (left == 0) return;
    --left;
    if (graph.find(node) == nullptr || seen.contains(node)) {
      found.push_back(Value::array(path));
      return;
    }
    path.push_back(node);
    auto next = neighbours(graph, node);
    if (next.empty()) {
      found.push_back(Value::array(path));
    } else {
      seen.insert(node);
      for (Value const& neighbour : next) follow(neighbour, path, seen);
      seen.erase(node);
    }
    path.pop_back();
  }
};

Value reachable_paths(BuiltinCall& call) {
  if (!call.want(0, Kind::object)) return {};
  if (!call.want(1, {Kind::array, Kind::set})) return {};
  Paths paths{call[0], {}, 1'000'000};
  for (Value const& root : call[1].items()) {
    if (call[0].find(root) == nullptr) continue;
    std::vector<Value> path;
    Seen seen;
    paths.follow(root, path, seen);
  }
  if (paths.left == 0) return call.fatal("the graph has too many paths");
  return Value::set(std::move(paths.found));
}

constexpr Builtin kArrays[] = {
    {"array.concat", 2, array_concat},
    {"array.slice", 3, array_slice},
    {"array.reverse", 1, array_reverse},
    {"array.flatten", 1, array_flatten},
};

constexpr Builtin kSets[] = {
    {"and", 2, set_and},
    {"or", 2, set_or},
    {"set_diff", 2, set_diff},
    {"union", 1, unite},
    {"intersection", 1, intersect},
    {"internal.member_2", 2, member_2},
    {"internal.member_3", 3, member_3},
};

constexpr Builtin kGraphs[] = {
    {"walk", 1, walk, BuiltinKind::relation},
    {"graph.reachable", 2, reachable},
    {"graph.reachable_paths", 2, reachable_paths},
};

}  // namespace

std::span<const Builtin> array_builtins() { return kArrays; }
std::span<const Builtin> set_builtins() { return kSets; }
std::span<const Builtin> graph_builtins() { return kGraphs; }

}  // namespace aw::rego
