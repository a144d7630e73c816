// SPDX-License-Identifier: Apache-2.0
#include "core/rego/compile_possible.h"

#include <algorithm>
#include <utility>

namespace aw::rego {
namespace {

constexpr std::size_t kMostPossible = 64;

}  // namespace

PossibleValues::Choices PossibleValues::of(Pattern const& pattern) const {
  if (pattern.kind == Pattern::Kind::constant) return std::vector<Value>{pattern.value};
  if (pattern.kind != Pattern::Kind::var) return std::nullopt;
  auto found = known_.find(pattern.slot);
  return found == known_.end() ? Choices{} : found->second;
}

std::vector<PossibleValues::Choices> PossibleValues::of_steps(Statement const& ref) const {
  std::vector<Choices> made;
  bool bound = true;
  for (Pattern const& step : ref.steps) {
    bool const constant = step.kind == Pattern::Kind::constant;
    bound = bound && step.ground;
    made.push_back(constant || bound ? of(step) : Choices{});
  }
  return made;
}

void PossibleValues::bind(Pattern const& to, Choices values) {
  if (to.kind == Pattern::Kind::var && values) known_.try_emplace(to.slot, std::move(*values));
}

// The values that steps lead to, from any of the roots; a step of any value goes through all.
PossibleValues::Choices PossibleValues::found_in(Choices const& roots,
                                                 std::vector<Pattern> const& steps) const {
  Choices here = roots;
  for (Pattern const& step : steps) {
    if (!here) return here;
    Choices const keys = of(step);
    std::vector<Value> next;
    for (Value const& value : *here) {
      if (value.size() > kMostPossible || next.size() > kMostPossible) return std::nullopt;
      if (!keys) {
        for (Value const& item : value.items()) next.push_back(item);
        for (Entry const& entry : value.entries()) next.push_back(entry.value);
        continue;
      }
      for (Value const& key : *keys) {
        if (Value const* found = value.find(key)) next.push_back(*found);
      }
    }
    here = std::move(next);
  }
  return here && here->size() <= kMostPossible ? here : Choices{};
}

void PossibleValues::learn(Statement const& s) {
  if (s.kind == Statement::Kind::unify && !s.closed) {
    bind(s.out, of(s.left));
    bind(s.left, of(s.out));
  }
  if (s.kind == Statement::Kind::ref && s.root == Statement::Root::slot) {
    auto root = known_.find(s.slot);
    if (root != known_.end()) bind(s.out, found_in(root->second, s.steps));
  }
  if (s.kind == Statement::Kind::with) {
    for (Statement const& inner : s.body) learn(inner);
  }
}

bool head_may_match(std::vector<Pattern> const& suffix,
                    std::vector<PossibleValues::Choices> const& steps, std::size_t at) {
  for (std::size_t i = 0; i < suffix.size() && at + i < steps.size(); ++i) {
    auto const& wanted = steps[at + i];
    if (!wanted || suffix[i].kind != Pattern::Kind::constant) continue;
    if (std::ranges::find(*wanted, suffix[i].value) == wanted->end()) return false;
  }
  return true;
}

}  // namespace aw::rego
