// SPDX-License-Identifier: Apache-2.0
#include "core/rego/near_miss.h"

#include <algorithm>
#include <limits>
#include <queue>
#include <set>
#include <span>
#include <utility>

#include "core/rego/near_miss_pool.h"
#include "core/rego/tester.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMoreTries = 50;
constexpr std::size_t kMostTriedPaths = 80;
constexpr std::uint32_t kSourceStride = 1U << 20;  // keeps places of different sources apart

Value without(Value const& collection, Value const& member) {
  std::vector<Value> kept;
  for (auto const& item : collection.items()) {
    if (!(item == member)) kept.push_back(item);
  }
  return collection.is(Kind::set) ? Value::set(std::move(kept)) : Value::array(std::move(kept));
}

Value with_member(Value const& collection, Value const& member) {
  if (collection.is(Kind::set) || collection.is(Kind::array)) {
    std::vector<Value> items(collection.items().begin(), collection.items().end());
    items.push_back(member);
    return collection.is(Kind::set) ? Value::set(std::move(items)) : Value::array(std::move(items));
  }
  return Value::array({member});
}

// The document with what `change` says at `steps`; undefined takes a member away.
Value changed(Value const& root, std::span<const Value> steps, NearMiss const& change) {
  if (steps.empty()) {
    if (change.adds) return with_member(root, change.value);
    if (change.removes) return change.value.defined() ? without(root, change.value) : Value();
    return change.value;
  }
  if (root.is(Kind::array)) {
    std::vector<Value> items(root.items().begin(), root.items().end());
    auto const at = steps.front().as_int();
    if (!at || *at < 0 || static_cast<std::size_t>(*at) >= items.size()) return root;
    auto& item = items[static_cast<std::size_t>(*at)];
    item = changed(item, steps.subspan(1), change);
    return Value::array(std::move(items));
  }
  if (root.defined() && !root.is(Kind::object)) return root;
  Value const* there = root.find(steps.front());
  Value made = changed(there == nullptr ? Value() : *there, steps.subspan(1), change);
  std::vector<Entry> entries;
  for (auto const& entry : root.entries()) {
    if (!(entry.key == steps.front())) entries.push_back(entry);
  }
  if (made.defined()) entries.push_back({steps.front(), std::move(made)});
  return Value::object(std::move(entries));
}

void apply_one(NearMiss const& change, Situation& to) {
  Value& document = change.kind == NearMiss::Kind::data ? to.data : to.input;
  document = changed(document, change.steps, change);
  // Both documents stay there, whatever is taken away.
  if (!document.defined()) document = Value::object(std::vector<Entry>{});
}

// How far the nearest rule that was asked is from holding.
std::size_t open_expressions(Why const& why) {
  if (why.closest < 0) return 0;
  auto const& rule = why.rules[static_cast<std::size_t>(why.closest)];
  return rule.expressions.size() - static_cast<std::size_t>(rule.held);
}

struct MissNode {
  std::vector<NearMiss> changes;
  Situation situation;
  std::vector<NearMiss> candidates;
  std::vector<std::vector<Value>> depends_on;
  std::size_t open = 0;
  std::size_t remaining = 0;
  std::size_t order = 0;

  [[nodiscard]] std::pair<std::size_t, std::size_t> distance() const { return {open, remaining}; }

  [[nodiscard]] std::size_t cost() const { return changes.size() + open; }
};

struct DearerMiss {
  bool operator()(MissNode const& a, MissNode const& b) const {
    return std::pair(a.cost(), a.order) > std::pair(b.cost(), b.order);
  }
};

class MissSearch {
 public:
  MissSearch(NearMissQuestion const& question, std::function<bool(Outcome const&)> const& flips,
             NearMissLimits const& limits)
      : question_(question), flips_(flips), limits_(limits) {
    question_.options.print = nullptr;
    if (auto const* clock = question_.options.clock; clock != nullptr) began_ = clock->steady();
  }

  std::vector<NearMiss> run() {
    MissNode first;
    first.situation = {question_.input, question_.policy.data()};
    nearest_ = first;
    if (try_node(first)) return {};  // there is nothing to flip
    queue_.push(first);
    nearest_ = std::move(first);
    search();
    // Values for what the policy asks of the input; each that brings a rule nearer is gone on from.
    while (found_.empty() && left()) {
      MissNode const from = nearest_;
      for (auto const& path : paths_of(from.situation.input)) try_values(from, path);
      search();
      if (from.order == nearest_.order) break;  // nothing came nearer
    }
    return finish();
  }

 private:
  void search() {
    while (!queue_.empty() && found_.size() < limits_.most && left()) {
      MissNode node = queue_.top();
      queue_.pop();
      expand(node);
    }
  }

  // Those that rules name, and what lies below one that is passed on whole.
  [[nodiscard]] std::vector<std::vector<Value>> paths_of(Value const& input) const {
    std::vector<std::vector<Value>> out;
    for (auto const& path : asked_input_paths(question_.policy.program())) {
      out.push_back(path);
      for (auto const& entry : value_at(input, path).entries()) {
        if (out.size() >= kMostTriedPaths) break;
        out.push_back(path);
        out.back().push_back(entry.key);
      }
    }
    return out;
  }

  // A node nearer to the end is where to go on when suggestions lead nowhere.
  void remember(MissNode const& node) {
    auto const rank = [](MissNode const& one) { return std::pair(one.open, one.changes.size()); };
    if (node.open > 0 && rank(node) < rank(nearest_)) nearest_ = node;
  }

  [[nodiscard]] bool left() const {
    auto const* clock = question_.options.clock;
    bool const late = clock != nullptr && clock->steady() > began_ + limits_.time;
    return spent_ < enough_ && steps_ < limits_.steps && !late;
  }

  // `way`: where in the sources the evaluation went, one number a statement.
  Outcome evaluate(Situation const& situation, TraceLevel trace,
                   std::vector<std::uint32_t>* way = nullptr) {
    ++spent_;
    EvalOptions options = question_.options;
    options.trace = trace;
    options.data = situation.data;
    if (way != nullptr) options.begin = Begin::all;
    std::vector<Place> covered;
    auto outcome = evaluate_covered(question_.policy, question_.query, situation.input, options,
                                    way == nullptr ? nullptr : &covered);
    steps_ += outcome.steps;
    for (Place const& place : covered) way->push_back(place.file * kSourceStride + place.offset);
    return outcome;
  }

  bool try_node(MissNode& node) {
    auto outcome = evaluate(node.situation, TraceLevel::why);
    if (outcome.ok() && flips_(outcome)) return true;
    if (outcome.why) {
      node.open = open_expressions(*outcome.why);
      node.remaining = outcome.why->remaining;
      node.candidates = std::move(outcome.why->candidates);
      node.depends_on = std::move(outcome.why->depends_on);
    }
    return false;
  }

  // Once there is an answer, others are worth no more than as much work again, and none that is
  // larger by more than a change.
  void keep(std::vector<NearMiss> changes) {
    found_.push_back(least(std::move(changes)));
    smallest_ = std::min(smallest_, found_.back().size());
    if (found_.size() == 1) enough_ = std::min(limits_.evaluations, 2 * spent_ + kMoreTries);
  }

  void expand(MissNode const& from) {
    if (from.changes.size() >= limits_.changes || from.changes.size() > smallest_) return;
    for (auto const& candidate : from.candidates) {
      if (found_.size() >= limits_.most || !left()) return;
      MissNode next = after(from, candidate);
      if (!is_new(next)) continue;
      if (try_node(next)) {
        keep(std::move(next.changes));
        continue;
      }
      remember(next);
      queue_.push(std::move(next));
    }
    if (!found_.empty() && !from.changes.empty()) return;
    for (auto const& path : from.depends_on) try_values(from, path);
  }

  MissNode after(MissNode const& from, NearMiss change) {
    MissNode next;
    next.situation = from.situation;
    apply_one(change, next.situation);
    next.changes = from.changes;
    next.changes.push_back(std::move(change));
    next.order = ++order_;
    return next;
  }

  bool is_new(MissNode const& node) {
    return seen_.insert({node.situation.input.hash(), node.situation.data.hash()}).second;
  }

  // The first value at the path that flips the decision or brings a rule nearer; five spellings of
  // one change tell no more than one.
  void try_values(MissNode const& from, std::vector<Value> const& path) {
    Origin const at{.root = Origin::Root::input, .element = false, .steps = path};
    Value const before = value_at(from.situation.input, path);
    std::set<std::vector<std::uint32_t>> ways;  // that evaluations went which led nowhere
    for (auto const& value : fitting_values(pool(), before)) {
      if (found_.size() >= limits_.most || !left()) return;
      if (value == before) continue;
      MissNode next = after(from, set_value(at, before, value));
      if (!is_new(next)) continue;
      std::vector<std::uint32_t> way;
      auto const plain = evaluate(next.situation, TraceLevel::off, &way);
      if (plain.ok() && flips_(plain)) return keep(std::move(next.changes));
      // What went the same way stopped at the same places: a record would say so again.
      if (!ways.insert(std::move(way)).second || try_node(next)) continue;
      // Where nothing is open and the answer is still the same, no rule came nearer.
      if (next.open == 0 || next.distance() >= from.distance()) continue;
      remember(next);
      queue_.push(std::move(next));
      return;
    }
  }

  std::vector<Value> const& pool() {
    if (pool_.empty()) {
      pool_ =
          mentioned_values(question_.policy.program(), {question_.input, question_.policy.data()});
    }
    return pool_;
  }

  [[nodiscard]] bool flips(std::vector<NearMiss> const& changes) {
    Situation situation{question_.input, question_.policy.data()};
    for (auto const& change : changes) apply_one(change, situation);
    auto const outcome = evaluate(situation, TraceLevel::off);
    return outcome.ok() && flips_(outcome);
  }

  // Leaves out what is not needed after all.
  std::vector<NearMiss> least(std::vector<NearMiss> changes) {
    for (std::size_t i = 0; changes.size() > 1 && i < changes.size();) {
      auto fewer = changes;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (flips(fewer)) {
        changes = std::move(fewer);
      } else {
        ++i;
      }
    }
    return changes;
  }

  std::vector<NearMiss> finish() {
    std::vector<std::pair<std::size_t, std::size_t>> by_size;  // and by when it was found
    by_size.reserve(found_.size());
    for (std::size_t i = 0; i < found_.size(); ++i) by_size.emplace_back(found_[i].size(), i);
    std::ranges::sort(by_size);
    std::vector<NearMiss> out;
    for (auto const& [size, i] : by_size) {
      auto const& changes = found_[i];
      NearMiss one = changes.front();
      one.also.assign(changes.begin() + 1, changes.end());
      for (auto const& other : one.also) one.text += ", and " + other.text;
      bool const known =
          std::ranges::any_of(out, [&](NearMiss const& o) { return o.text == one.text; });
      if (!known) out.push_back(std::move(one));
    }
    return out;
  }

  NearMissQuestion question_;
  std::function<bool(Outcome const&)> const& flips_;
  NearMissLimits const limits_;
  std::priority_queue<MissNode, std::vector<MissNode>, DearerMiss> queue_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
  std::vector<std::vector<NearMiss>> found_;
  MissNode nearest_;
  std::vector<Value> pool_;
  std::size_t spent_ = 0;
  std::size_t enough_ = limits_.evaluations;
  std::size_t smallest_ = std::numeric_limits<std::size_t>::max();
  std::uint64_t steps_ = 0;
  SteadyTime began_{};
  std::size_t order_ = 0;
};

}  // namespace

Situation apply(NearMiss const& change, Situation const& to) {
  Situation out = to;
  apply_one(change, out);
  for (auto const& other : change.also) apply_one(other, out);
  return out;
}

std::vector<NearMiss> find_near_misses(NearMissQuestion const& question,
                                       std::function<bool(Outcome const&)> const& flips,
                                       NearMissLimits const& limits) {
  return MissSearch(question, flips, limits).run();
}

}  // namespace aw::rego
