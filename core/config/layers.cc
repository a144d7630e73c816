// SPDX-License-Identifier: Apache-2.0
// Environment and flags over files.
#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/text.h"
#include "core/config/schema.h"
#include "core/config/values.h"

namespace aw::config {
namespace {

NodePtr scalar(std::string text, Origin at) {
  auto node = std::make_shared<Node>();
  node->kind = NodeKind::scalar;
  node->text = std::move(text);
  node->expanded = true;  // a list may be written a,b,c
  node->at = std::move(at);
  return node;
}

Origin outside(Rank rank, std::string name) {
  Origin at;
  at.rank = rank;
  at.name = std::move(name);
  return at;
}

void erase_items(Values& values, std::string const& list) {
  const std::string prefix = list + '[';
  std::erase_if(values, [&prefix](auto const& value) { return value.first.starts_with(prefix); });
}

// A key as people type it on a command line.
struct Target {
  std::string key;  // "peers[0].id"
  std::string row;  // "peers[].id"
  std::size_t index = 0;
  bool one_item = false;  // KEY[3] of a plain list
};

std::optional<Target> parse_target(std::string_view text) {
  Target out{std::string(text), std::string(text), 0, false};
  const auto open = text.find('[');
  if (open == std::string_view::npos) return out;
  const auto close = text.find(']', open);
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(open + 1, close - open - 1);
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.index);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (out.index > kMaxNodes) return std::nullopt;
  out.one_item = close + 1 == text.size();
  out.row = out.one_item
                ? std::string(text.substr(0, open))
                : std::string(text.substr(0, open)) + "[]" + std::string(text.substr(close + 1));
  if (out.one_item) out.key = out.row;
  return out;
}

// Makes sure that item `index` of a list of mappings exists; the next free one may be added.
bool reach_item(Values& values, Target const& target, Origin const& at) {
  const std::string list = target.row.substr(0, target.row.find("[]"));
  auto [found, added] = values.try_emplace(list);
  Entry& entry = found->second;
  if (added) entry = {scalar({}, at), at, find_field(list), 0, 0};
  if (target.index > entry.count) return false;
  entry.count = std::max(entry.count, target.index + 1);
  return true;
}

// A copy of the list given so far, with one item set or added.
NodePtr with_item(Values const& values, Target const& target, std::string text, Origin const& at) {
  auto list = std::make_shared<Node>();
  list->kind = NodeKind::list;
  list->at = at;
  const auto found = values.find(target.key);
  if (found != values.end() && found->second.value->kind == NodeKind::list) {
    list->items = found->second.value->items;
  }
  if (target.index > list->items.size()) return nullptr;
  if (target.index == list->items.size()) list->items.emplace_back();
  list->items[target.index] = scalar(std::move(text), at);
  return list;
}

// The levels given so far, with one more or another: names are free and may have dots.
void set_level(Values& values, Field const& field, std::string name, std::string level,
               Origin const& at) {
  auto map = std::make_shared<Node>();
  map->kind = NodeKind::map;
  map->at = at;
  const auto found = values.find(field.key);
  if (found != values.end() && found->second.value->kind == NodeKind::map)
    map->members = found->second.value->members;
  std::erase_if(map->members, [&name](Member const& member) { return member.name == name; });
  map->members.push_back({std::move(name), at, scalar(std::move(level), at)});
  values.insert_or_assign(field.key, Entry{std::move(map), at, &field, 0, 0});
}

// The row of levels that `key` names one of.
Field const* levels_above(std::string_view key) {
  const auto row = std::ranges::find_if(all_fields(), [key](Field const& field) {
    return field.type == Type::levels && key.size() > field.key.size() + 1 &&
           key.starts_with(field.key) && key[field.key.size()] == '.';
  });
  return row == all_fields().end() ? nullptr : &*row;
}

void set(Values& values, Field const& field, NodePtr value, Origin const& at) {
  values.insert_or_assign(field.key, Entry{std::move(value), at, &field, 0, 0});
}

}  // namespace

void merge(Values& base, Values over) {
  for (auto const& [key, entry] : over) {
    if (entry.field->type == Type::maps) erase_items(base, key);
  }
  for (auto& [key, entry] : over) base.insert_or_assign(key, std::move(entry));
}

void apply_environment(Values& values, EnvLookup const& env) {
  if (!env) return;
  if (const auto debug = env("AGENTWEAVE_DEBUG");
      debug && !debug->empty() && *debug != "0" && !text::equal_ignoring_case(*debug, "false")) {
    const Origin at = outside(Rank::environment, "AGENTWEAVE_DEBUG");
    set(values, *find_field("observability.logging.level"), scalar("DEBUG", at), at);
  }
  for (Field const& field : all_fields()) {
    std::vector<std::string> names = field.variables;
    // The most specific name counts first, but for the environment, whose documented variable may
    // not be outdone by a derived one.
    if (const std::string derived = derived_variable(field); !derived.empty()) {
      names.insert(field.key == "agent.environment" ? names.end() : names.begin(), derived);
    }
    for (std::string const& name : names) {
      auto text = env(name);
      if (!text || text->empty()) continue;
      const Origin at = outside(Rank::environment, name);
      set(values, field, scalar(std::move(*text), at), at);
      break;
    }
  }
}

void apply_override(Values& values, std::string_view text, std::string_view flag,
                    std::vector<Diagnostic>& found) {
  const auto equals = text.find('=');
  const std::string_view written = text::trim(text.substr(0, equals));
  const Origin at =
      outside(Rank::flag, flag.empty() ? "--set " + std::string(written) : std::string(flag));
  const auto fail = [&found, &at, written](Code code, std::string message, std::string hint) {
    found.push_back(problem(code, at.place(), std::move(message), std::move(hint)));
    found.back().key = written;
  };
  auto target = parse_target(written);
  if (equals == std::string_view::npos || written.empty() || !target) {
    return fail(Code::usage, "expected KEY=VALUE, got \"" + std::string(text) + '"', "");
  }
  const auto alias = std::ranges::find(all_aliases(), written, &Alias::old);
  std::string value(equals == std::string_view::npos ? "" : text.substr(equals + 1));
  if (alias != all_aliases().end()) {
    target->key = target->row = alias->now;
    value = as_now(std::move(value), alias->value);
  }
  Field const* field = find_field(target->row);
  if (field == nullptr) {
    if (Field const* levels = levels_above(target->key))
      return set_level(values, *levels, target->key.substr(levels->key.size() + 1),
                       std::move(value), at);
    if (is_section(target->row))
      return fail(Code::config_unknown_key, std::string(written) + " is a section",
                  "set " + std::string(written) + ".KEY=VALUE");
    std::vector<std::string_view> keys;
    for (Field const& row : all_fields()) keys.emplace_back(row.key);
    const auto near = text::nearest(target->row, keys);
    return fail(Code::config_unknown_key, "unknown key \"" + std::string(written) + '"',
                near ? "did you mean \"" + std::string(*near) + "\"?" : "");
  }
  if (field->type == Type::maps || field->type == Type::levels) {
    return fail(
        Code::config_wrong_type, std::string(written) + " cannot be set in one piece",
        "set " + field->key + (field->type == Type::maps ? "[0].NAME=VALUE" : ".NAME=LEVEL"));
  }
  NodePtr node = target->one_item ? with_item(values, *target, std::move(value), at)
                                  : scalar(std::move(value), at);
  const bool reached = node != nullptr && (!field->is_item() || reach_item(values, *target, at));
  if (!reached) {
    return fail(Code::config_out_of_range, std::string(written) + " leaves a gap in the list",
                "the next free number may be added");
  }
  const std::size_t index = field->is_item() ? target->index : 0;
  values.insert_or_assign(target->key, Entry{std::move(node), at, field, index, 0});
}

void settle_pairs(Values& values) {
  struct Pair {
    std::string_view one;
    std::string_view list;
  };
  for (const Pair pair :
       {Pair{"authorization.opa_endpoint", "authorization.opa_endpoints"},
        Pair{"authorization.audit.destination", "authorization.audit.destinations"}}) {
    const auto one = values.find(pair.one);
    const auto list = values.find(pair.list);
    if (one == values.end() || list == values.end()) continue;
    values.erase(one->second.at.rank > list->second.at.rank ? list : one);
  }
}

}  // namespace aw::config
