// SPDX-License-Identifier: Apache-2.0
// JSON documents: parts of them, patches, text.
#include <algorithm>
#include <map>

#include "core/base/text.h"
#include "core/rego/builtin.h"
#include "core/rego/number.h"

namespace aw::rego {
namespace {

using Path = std::vector<Value>;

std::string unescape(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    bool escape =
        step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
    out += escape ? (step[i + 1] == '0' ? '~' : '/') : step[i];
    if (escape) ++i;
  }
  return out;
}

Path path_of(std::string_view text) {
  Path path;
  if (text.empty()) return path;
  if (text.starts_with('/')) text.remove_prefix(1);
  for (std::string_view step : text::split(text, '/'))
    path.push_back(Value::string(unescape(step)));
  return path;
}

bool want_paths(BuiltinCall& call, std::vector<Path>& out) {
  if (!call.want(1, {Kind::set, Kind::array})) return false;
  for (Value const& item : call[1].items()) {
    if (item.is(Kind::string)) {
      std::string_view text = item.as_string();
      while (text.starts_with('/')) text.remove_prefix(1);
      out.push_back(text.empty() ? Path{Value::string("")} : path_of(text));
    } else if (item.is(Kind::array)) {
      out.emplace_back(item.items().begin(), item.items().end());
    } else {
      call.type_error(
          "operand 2 must be one of {set, array} containing string paths or array of path segments "
          "but got " +
          std::string(kind_name(item.kind())));
      return false;
    }
  }
  return true;
}

// What paths name, as a tree: a leaf stands for everything below.
struct Selection {
  bool all = false;
  std::vector<Value> keys;
  std::vector<Selection> below;  // of the key at the same place

  void add(std::span<const Value> path) {
    if (path.empty()) {
      all = true;
      return;
    }
    auto at = std::ranges::find(keys, path.front());
    auto place = static_cast<std::size_t>(at - keys.begin());
    if (at == keys.end()) {
      keys.push_back(path.front());
      below.emplace_back();
    }
    below[place].add(path.subspan(1));
  }

  [[nodiscard]] Selection const* find(Value const& key) const {
    auto at = std::ranges::find(keys, key);
    return at == keys.end() ? nullptr : &below[static_cast<std::size_t>(at - keys.begin())];
  }
};

Selection selection_of(std::vector<Path> const& paths) {
  Selection out;
  for (Path const& path : paths) out.add(path);
  return out;
}

Value index_text(std::size_t i) { return Value::string(std::to_string(i)); }

Selection const* find_index(Selection const& selection, std::size_t i) {
  return selection.find(index_text(i));  // a number names a member of an object or a set alone
}

Value filter_by(Value const& value, Selection const& selection) {
  if (selection.all) return value;
  if (value.is(Kind::object)) {
    std::vector<Entry> entries;
    for (Entry const& e : value.entries()) {
      Selection const* below = selection.find(e.key);
      if (below == nullptr) continue;
      Value kept = filter_by(e.value, *below);
      if (kept.defined()) entries.push_back({e.key, kept});
    }
    return Value::object(std::move(entries));
  }
  if (value.is(Kind::array)) {
    std::vector<Value> items;
    for (std::size_t i = 0; i < value.size(); ++i) {
      Selection const* below = find_index(selection, i);
      if (below == nullptr) continue;
      Value kept = filter_by(value.items()[i], *below);
      if (kept.defined()) items.push_back(kept);
    }
    return Value::array(std::move(items));
  }
  if (value.is(Kind::set)) {
    std::vector<Value> items;
    for (Value const& item : value.items()) {
      Selection const* below = selection.find(item);
      if (below != nullptr) items.push_back(item);
    }
    return Value::set(std::move(items));
  }
  return value;
}

Value remove_by(Value const& value, Selection const& selection) {
  if (value.is(Kind::object)) {
    std::vector<Entry> entries;
    for (Entry const& e : value.entries()) {
      Selection const* below = selection.find(e.key);
      if (below != nullptr && below->all) continue;
      entries.push_back({e.key, below == nullptr ? e.value : remove_by(e.value, *below)});
    }
    return Value::object(std::move(entries));
  }
  if (value.is(Kind::array)) {
    std::vector<Value> items;
    for (std::size_t i = 0; i < value.size(); ++i) {
      Selection const* below = find_index(selection, i);
      if (below != nullptr && below->all) continue;
      items.push_back(below == nullptr ? value.items()[i] : remove_by(value.items()[i], *below));
    }
    return Value::array(std::move(items));
  }
  if (value.is(Kind::set)) {
    std::vector<Value> items;
    for (Value const& item : value.items()) {
      Selection const* below = selection.find(item);
      if (below != nullptr && below->all) continue;
      items.push_back(below == nullptr ? item : remove_by(item, *below));
    }
    return Value::set(std::move(items));
  }
  return value;
}

Value json_filter(BuiltinCall& call) {
  std::vector<Path> paths;
  if (!call.want(0, Kind::object) || !want_paths(call, paths)) return {};
  if (paths.empty()) return Value::object(std::vector<Entry>{});
  return filter_by(call[0], selection_of(paths));
}

Value json_remove(BuiltinCall& call) {
  std::vector<Path> paths;
  if (!call.want(0, Kind::object) || !want_paths(call, paths)) return {};
  return remove_by(call[0], selection_of(paths));
}

std::optional<std::size_t> index_of(Value const& step, std::size_t size, bool append) {
  if (append && step.is(Kind::string) && step.as_string() == "-") return size;
  bool plain = std::ranges::all_of(step.as_string(), [](char c) { return c >= '0' && c <= '9'; });
  if (step.is(Kind::string) && !plain) return std::nullopt;
  Value number = step.is(Kind::string) ? Value::number_text(step.as_string()) : step;
  auto index = number.as_int();
  std::size_t most = append ? size + 1 : size;
  if (!index || *index < 0 || static_cast<std::size_t>(*index) >= most) return std::nullopt;
  return static_cast<std::size_t>(*index);
}

enum class Edit { add, remove, replace };

// The document with the change made; undefined when the path leads nowhere.
Value edit(Value const& at, std::span<const Value> path, Edit how, Value const& value) {
  if (path.empty()) return how == Edit::remove ? Value{} : value;
  Value const& step = path.front();
  bool last = path.size() == 1;
  if (at.is(Kind::object)) {
    std::vector<Entry> entries(at.entries().begin(), at.entries().end());
    auto found = std::ranges::find_if(entries, [&](Entry const& e) { return e.key == step; });
    bool there = found != entries.end();
    if (last && how == Edit::add && !there) {
      entries.push_back({step, value});
    } else if (!there) {
      return {};
    } else if (last && how == Edit::remove) {
      entries.erase(found);
    } else {
      found->value = edit(found->value, path.subspan(1), how, value);
      if (!found->value.defined()) return {};
    }
    return Value::object(std::move(entries));
  }
  if (at.is(Kind::set)) {
    std::vector<Value> items(at.items().begin(), at.items().end());
    auto found = std::ranges::find(items, step);
    if (last && how == Edit::add) {
      if (!(step == value)) return {};
      items.push_back(value);
      return Value::set(std::move(items));
    }
    if (found == items.end()) return {};
    Value const old = std::move(*found);
    items.erase(found);
    if (!(last && how == Edit::remove)) {
      Value made = edit(old, path.subspan(1), how, value);
      if (!made.defined() || (last && !(made == step))) return {};
      items.push_back(std::move(made));
    }
    return Value::set(std::move(items));
  }
  if (!at.is(Kind::array)) return {};
  std::vector<Value> items(at.items().begin(), at.items().end());
  auto index = index_of(step, items.size(), last && how == Edit::add);
  if (!index) return {};
  auto place = items.begin() + static_cast<std::ptrdiff_t>(*index);
  if (last && how == Edit::add) {
    items.insert(place, value);
  } else if (last && how == Edit::remove) {
    items.erase(place);
  } else {
    *place = edit(*place, path.subspan(1), how, value);
    if (!place->defined()) return {};
  }
  return Value::array(std::move(items));
}

Value lookup(Value const& at, std::span<const Value> path) {
  Value here = at;
  for (Value const& step : path) {
    Value const* next = nullptr;
    if (here.is(Kind::array)) {
      auto index = index_of(step, here.size(), false);
      next = index ? &here.items()[*index] : nullptr;
    } else {
      next = here.find(step);
    }
    if (next == nullptr) return {};
    Value held = *next;
    here = held;
  }
  return here;
}

bool patch_path(Value const& patch, std::string_view name, Path& out) {
  Value const* given = patch.find(name);
  if (given == nullptr) return false;
  if (given->is(Kind::string)) {
    out = path_of(given->as_string());
    return true;
  }
  out.assign(given->items().begin(), given->items().end());
  return given->is(Kind::array);
}

Value apply(Value const& document, Value const& patch) {
  std::string op(patch.get("op").as_string());
  Path path;
  Path from;
  if (!patch_path(patch, "path", path)) return {};
  Value value = patch.get("value");
  if ((op == "add" || op == "replace" || op == "test") && !value.defined()) return {};
  if (op == "add") return edit(document, path, Edit::add, value);
  if (op == "replace") return edit(document, path, Edit::replace, value);
  if (op == "remove") return edit(document, path, Edit::remove, {});
  if (op == "test") return lookup(document, path) == value ? document : Value{};
  if ((op != "move" && op != "copy") || !patch_path(patch, "from", from)) return {};
  Value moved = lookup(document, from);
  if (!moved.defined()) return {};
  Value rest = op == "move" ? edit(document, from, Edit::remove, {}) : document;
  if (op == "move" && from.empty()) rest = Value::null();
  return rest.defined() ? edit(rest, path, Edit::add, moved) : Value{};
}

Value json_patch(BuiltinCall& call) {
  if (!call.want(1, Kind::array)) return {};
  Value document = call[0];
  for (Value const& patch : call[1].items()) {
    if (!patch.is(Kind::object)) {
      return call.type_error("operand 2 must be array of objects but got array containing " +
                             std::string(kind_name(patch.kind())));
    }
    document = apply(document, patch);
    if (!document.defined()) return call.fail("cannot be applied: " + patch.to_json());
  }
  return document;
}

// As Go's encoder: <, > and & are escaped too.
std::string go_json(Value const& value) {
  std::string raw = value.to_json();
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '<')
      out += "\\u003c";
    else if (raw[i] == '>')
      out += "\\u003e";
    else if (raw[i] == '&')
      out += "\\u0026";
    else if (raw.compare(i, 3, "\xE2\x80\xA8") == 0)
      out += "\\u2028", i += 2;
    else if (raw.compare(i, 3, "\xE2\x80\xA9") == 0)
      out += "\\u2029", i += 2;
    else
      out += raw[i];
  }
  return out;
}

Value marshal(BuiltinCall& call) { return Value::string(go_json(call[0])); }

// Puts JSON text into lines: no strings are looked into.
std::string indented(std::string_view json, std::string_view prefix, std::string_view indent) {
  std::string out(prefix);
  int depth = 0;
  bool text = false;
  auto line = [&] {
    out += '\n';
    out += prefix;
    for (int i = 0; i < depth; ++i) out += indent;
  };
  for (std::size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (text) {
      out += c;
      if (c == '\\') out += json[++i];
      text = c != '"';
      continue;
    }
    bool empty = i + 1 < json.size() &&
                 ((c == '{' && json[i + 1] == '}') || (c == '[' && json[i + 1] == ']'));
    if (empty) {
      out += json.substr(i++, 2);
    } else if (c == '{' || c == '[') {
      out += c;
      ++depth;
      line();
    } else if (c == '}' || c == ']') {
      --depth;
      line();
      out += c;
    } else {
      text = c == '"';
      out += c;
      if (c == ',') line();
      if (c == ':') out += ' ';
    }
  }
  return out;
}

Value marshal_with_options(BuiltinCall& call) {
  if (!call.want(1, Kind::object)) return {};
  std::string prefix;
  std::string indent = "\t";
  bool pretty = call[1].size() > 0 && call[1].find("pretty") == nullptr;
  for (Entry const& option : call[1].entries()) {
    std::string_view name = option.key.as_string();
    if (name == "pretty" && option.value.is(Kind::boolean)) {
      pretty = option.value.is_true();
    } else if (name == "prefix" && option.value.is(Kind::string)) {
      prefix = option.value.as_string();
    } else if (name == "indent" && option.value.is(Kind::string)) {
      indent = option.value.as_string();
    } else if (name == "pretty" || name == "prefix" || name == "indent") {
      return call.type_error("key \"" + std::string(name) + "\" failed cast to " +
                             (name == "pretty" ? "bool" : "string"));
    } else {
      return call.type_error("object contained unknown key \"" + std::string(name) + "\"");
    }
  }
  std::string json = go_json(call[0]);
  return Value::string(pretty ? indented(json, prefix, indent) : json);
}

Value unmarshal(BuiltinCall& call) {
  if (!call.want(0, Kind::string)) return {};
  auto parsed = parse_json(call.text(0));
  return parsed.ok() ? *parsed : call.fail(parsed.error().message);
}

Value is_valid(BuiltinCall& call) {
  return Value::boolean(call[0].is(Kind::string) && parse_json(call.text(0)).ok());
}

constexpr Builtin kJson[] = {
    {"json.filter", 2, json_filter},
    {"json.remove", 2, json_remove},
    {"json.patch", 2, json_patch},
    {"json.marshal", 1, marshal},
    {"json.marshal_with_options", 2, marshal_with_options},
    {"json.unmarshal", 1, unmarshal},
    {"json.is_valid", 1, is_valid},
};

}  // namespace

std::span<const Builtin> json_builtins() { return kJson; }

}  // namespace aw::rego
