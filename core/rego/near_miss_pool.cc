// SPDX-License-Identifier: Apache-2.0
#include "core/rego/near_miss_pool.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "core/base/clock.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMostValues = 400;
constexpr std::size_t kMostPoolPaths = 40;

struct PoolOrder {
  bool operator()(Value const& a, Value const& b) const { return compare(a, b) < 0; }
};

class MentionPool {
 public:
  void add(Value const& value) {
    bool const scalar = value.is(Kind::string) || value.is(Kind::number) || value.is(Kind::boolean);
    if (!scalar || values.size() >= kMostValues) return;
    if (known_.insert(value).second) values.push_back(value);
  }
  void add_pattern(Pattern const& pattern) {
    if (pattern.kind == Pattern::Kind::constant) add_tree(pattern.value);
    for (auto const& item : pattern.items) add_pattern(item);
  }
  void add_tree(Value const& value, int depth = 0) {
    add(value);
    if (depth > 8 || values.size() >= kMostValues) return;
    for (auto const& item : value.items()) add_tree(item, depth + 1);
    for (auto const& entry : value.entries()) {
      add(entry.key);
      add_tree(entry.value, depth + 1);
    }
  }
  std::vector<Value> values;

 private:
  std::set<Value, PoolOrder> known_;
};

void for_each_rule(Program const& program, auto const& visit) {
  for (auto const& group : program.groups) {
    for (auto const& rule : group->rules) {
      for (auto const* at = &rule; at != nullptr; at = at->otherwise.get()) visit(*at);
    }
  }
}

}  // namespace

std::vector<Value> mentioned_values(Program const& program, Situation const& situation) {
  MentionPool pool;
  for_each_rule(program, [&](RulePlan const& rule) {
    for_each_statement(rule.body, [&](Statement const& s) {
      pool.add_pattern(s.left);
      pool.add_pattern(s.out);
      bool const path = s.kind == Statement::Kind::ref;
      for (auto const& step : s.steps) {
        if (!path) pool.add_pattern(step);
      }
    });
  });
  pool.add_tree(situation.data);
  pool.add_tree(situation.input);
  return std::move(pool.values);
}

std::vector<std::vector<Value>> asked_input_paths(Program const& program) {
  std::vector<std::vector<Value>> out;
  for_each_rule(program, [&](RulePlan const& rule) {
    for_each_statement(rule.body, [&](Statement const& s) {
      bool const input = s.kind == Statement::Kind::ref && s.root == Statement::Root::input;
      if (!input || s.steps.empty() || out.size() >= kMostPoolPaths) return;
      std::vector<Value> path;
      for (auto const& step : s.steps) {
        if (step.kind != Pattern::Kind::constant) return;
        path.push_back(step.value);
      }
      if (std::ranges::find(out, path) == out.end()) out.push_back(std::move(path));
    });
  });
  return out;
}

Value value_at(Value const& root, std::vector<Value> const& path) {
  Value const* at = &root;
  for (auto const& step : path) {
    at = at->find(step);
    if (at == nullptr) return {};
  }
  return *at;
}

std::vector<Value> fitting_values(std::vector<Value> const& pool, Value const& before) {
  std::vector<Value> out;
  for (auto const& value : pool) {
    if (!before.defined() || value.kind() == before.kind()) out.push_back(value);
  }
  if (!before.is(Kind::string)) return out;
  // The same thing of another house: a name with another authority.
  std::string const text(before.as_string());
  auto const host = text.find("://");
  auto const path = host == std::string::npos ? host : text.find('/', host + 3);
  if (path != std::string::npos) {
    out.push_back(Value::string(text.substr(0, host) + "://other.example" + text.substr(path)));
  }
  auto const time = parse_rfc3339(before.as_string());
  if (!time) return out;
  auto const midnight = std::chrono::floor<std::chrono::days>(*time);
  std::vector<Value> hours;
  for (int day = 0; day < 7; ++day) {
    for (int hour = 0; hour < 24; ++hour) {
      auto const then = midnight + std::chrono::days(day) + std::chrono::hours(hour);
      hours.push_back(Value::string(format_rfc3339(then)));
    }
  }
  out.insert(out.begin(), hours.begin(), hours.end());
  return out;
}

}  // namespace aw::rego
