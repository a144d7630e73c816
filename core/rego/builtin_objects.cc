// SPDX-License-Identifier: Apache-2.0
// Objects, types and casts.
#include <algorithm>

#include "core/rego/builtin.h"

namespace aw::rego {
namespace {

Value object_get(BuiltinCall& call) {
  if (!call.want(0, Kind::object)) return {};
  if (!call[1].is(Kind::array)) {
    Value const* found = call[0].find(call[1]);
    return found == nullptr ? call[2] : *found;
  }
  Value const* at = &call[0];
  for (Value const& step : call[1].items()) {
    at = at->find(step);
    if (at == nullptr) return call[2];
  }
  return *at;
}

Value object_keys(BuiltinCall& call) {
  if (!call.want(0, Kind::object)) return {};
  std::vector<Value> keys;
  for (Entry const& entry : call[0].entries()) keys.push_back(entry.key);
  return Value::set(std::move(keys));
}

// The keys that an object, array or set names.
bool want_keys(BuiltinCall& call, std::vector<Value>& keys) {
  if (!call.want(1, {Kind::object, Kind::set, Kind::array})) return false;
  for (Value const& item : call[1].items()) keys.push_back(item);
  for (Entry const& entry : call[1].entries()) keys.push_back(entry.key);
  return true;
}

Value object_remove(BuiltinCall& call) {
  std::vector<Value> keys;
  if (!call.want(0, Kind::object) || !want_keys(call, keys)) return {};
  Value gone = Value::set(std::move(keys));
  std::vector<Entry> left;
  for (Entry const& entry : call[0].entries()) {
    if (gone.find(entry.key) == nullptr) left.push_back(entry);
  }
  return Value::object(std::move(left));
}

Value object_filter(BuiltinCall& call) {
  std::vector<Value> keys;
  if (!call.want(0, Kind::object) || !want_keys(call, keys)) return {};
  std::vector<Entry> left;
  for (Value const& key : keys) {
    if (Value const* found = call[0].find(key)) left.push_back({key, *found});
  }
  return Value::object(std::move(left));
}

Value object_union(BuiltinCall& call) {
  if (!call.want(0, Kind::object) || !call.want(1, Kind::object)) return {};
  return merge(call[0], call[1]);
}

Value object_union_n(BuiltinCall& call) {
  if (!call.want(0, Kind::array)) return {};
  Value all = Value::object(std::vector<Entry>{});
  for (Value const& item : call[0].items()) {
    if (!item.is(Kind::object)) {
      return call.type_error("operand 1 must be array of objects but got array containing " +
                             std::string(kind_name(item.kind())));
    }
    all = merge(all, item);
  }
  return all;
}

bool array_within(std::span<const Value> all, std::span<const Value> part) {
  if (part.empty()) return true;
  return !std::ranges::search(all, part).empty();
}

bool subset_of(Value const& all, Value const& part) {
  if (all.is(Kind::object) && part.is(Kind::object)) {
    return std::ranges::all_of(part.entries(), [&](Entry const& e) {
      Value const* found = all.find(e.key);
      if (found == nullptr) return false;
      bool nested = found->is(Kind::object) && e.value.is(Kind::object);
      bool sets = found->is(Kind::set) && e.value.is(Kind::set);
      bool arrays = found->is(Kind::array) && e.value.is(Kind::array);
      return nested || sets || arrays ? subset_of(*found, e.value) : *found == e.value;
    });
  }
  if (all.is(Kind::array) && part.is(Kind::array)) return array_within(all.items(), part.items());
  bool any_order = part.is(Kind::set) && (all.is(Kind::set) || all.is(Kind::array));
  return any_order && std::ranges::all_of(part.items(), [&](Value const& item) {
           return std::ranges::find(all.items(), item) != all.items().end();
         });
}

Value object_subset(BuiltinCall& call) {
  bool fits = (call[0].kind() == call[1].kind() &&
               (call[0].is(Kind::object) || call[0].is(Kind::array) || call[0].is(Kind::set))) ||
              (call[0].is(Kind::array) && call[1].is(Kind::set));
  if (!fits) {
    return call.type_error(
        "both arguments object.subset must be of the same type or array and set");
  }
  return Value::boolean(subset_of(call[0], call[1]));
}

template <Kind kKind>
Value is_kind(BuiltinCall& call) {
  return Value::boolean(call[0].is(kKind));
}

Value type_name(BuiltinCall& call) { return Value::string(kind_name(call[0].kind())); }

template <Kind kKind>
Value cast(BuiltinCall& call) {
  if (kKind == Kind::array && call[0].is(Kind::set)) {
    return Value::array(std::vector<Value>(call[0].items().begin(), call[0].items().end()));
  }
  if (kKind == Kind::set && call[0].is(Kind::array)) {
    return Value::set(std::vector<Value>(call[0].items().begin(), call[0].items().end()));
  }
  if (kKind == Kind::array || kKind == Kind::set) {
    return call.want(0, {kKind == Kind::array ? Kind::array : Kind::set,
                         kKind == Kind::array ? Kind::set : Kind::array})
               ? call[0]
               : Value{};
  }
  return call.want(0, kKind) ? call[0] : Value{};
}

constexpr Builtin kObjects[] = {
    {"object.get", 3, object_get},       {"object.keys", 1, object_keys},
    {"object.remove", 2, object_remove}, {"object.filter", 2, object_filter},
    {"object.union", 2, object_union},   {"object.union_n", 1, object_union_n},
    {"object.subset", 2, object_subset},
};

constexpr Builtin kTypeBuiltins[] = {
    {"is_null", 1, is_kind<Kind::null>},     {"is_boolean", 1, is_kind<Kind::boolean>},
    {"is_number", 1, is_kind<Kind::number>}, {"is_string", 1, is_kind<Kind::string>},
    {"is_array", 1, is_kind<Kind::array>},   {"is_object", 1, is_kind<Kind::object>},
    {"is_set", 1, is_kind<Kind::set>},       {"type_name", 1, type_name},
    {"cast_array", 1, cast<Kind::array>},    {"cast_boolean", 1, cast<Kind::boolean>},
    {"cast_null", 1, cast<Kind::null>},      {"cast_object", 1, cast<Kind::object>},
    {"cast_set", 1, cast<Kind::set>},        {"cast_string", 1, cast<Kind::string>},
};

}  // namespace

std::span<const Builtin> object_builtins() { return kObjects; }
std::span<const Builtin> type_builtins() { return kTypeBuiltins; }

}  // namespace aw::rego
