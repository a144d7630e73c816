// SPDX-License-Identifier: Apache-2.0
// Orders the statements of a block so that each reads only what is bound, as OPA's safety rules
// have it, and marks which occurrence of a variable binds it.
#include <algorithm>
#include <utility>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

void collect(Pattern const& pattern, Vars& into) {
  if (pattern.kind == Pattern::Kind::var) into[pattern.slot] = true;
  for (Pattern const& item : pattern.items) collect(item, into);
}

bool all_bound(Pattern const& pattern, Vars const& bound) {
  if (pattern.kind == Pattern::Kind::var) return bound[pattern.slot];
  return std::ranges::all_of(pattern.items, [&](Pattern const& p) { return all_bound(p, bound); });
}

// May a value be held against the shape? Members of sets and keys of objects cannot be found by it.
bool bindable(Pattern const& pattern, Vars const& bound) {
  if (pattern.kind == Pattern::Kind::set) return all_bound(pattern, bound);
  for (std::size_t i = 0; i < pattern.items.size(); ++i) {
    bool key = pattern.kind == Pattern::Kind::object && i % 2 == 0;
    bool ok = key ? all_bound(pattern.items[i], bound) : bindable(pattern.items[i], bound);
    if (!ok) return false;
  }
  return true;
}

void mark(Pattern& pattern, Vars& bound) {
  pattern.ground = true;
  if (pattern.kind == Pattern::Kind::var) {
    pattern.binds = !bound[pattern.slot];
    pattern.ground = !pattern.binds;
    bound[pattern.slot] = true;
  }
  for (Pattern& item : pattern.items) {
    mark(item, bound);
    pattern.ground = pattern.ground && item.ground;
  }
}

void collect_targets(Statement const& s, Vars& into) {
  for (WithTarget const& target : s.targets) {
    collect(target.value, into);
    for (Pattern const& step : target.steps) collect(step, into);
  }
}

bool is_closure(Statement const& s) {
  using Kind = Statement::Kind;
  return s.kind == Kind::comprehension || s.kind == Kind::every || s.kind == Kind::conjunction ||
         s.kind == Kind::disjunction || (s.kind == Kind::negation && !s.implicit);
}

// Variables of a block; those inside closures only when asked for.
void collect_block(Block const& block, Vars& into, bool closures) {
  for (Statement const& s : block) {
    bool closed = is_closure(s);
    bool head_is_inner = s.kind == Statement::Kind::comprehension;
    if (s.root == Statement::Root::slot && s.kind == Statement::Kind::ref) into[s.slot] = true;
    if (!head_is_inner || closures) collect(s.left, into);
    bool inner_steps = head_is_inner || s.kind == Statement::Kind::every;
    if (!inner_steps || closures) {
      for (Pattern const& step : s.steps) collect(step, into);
    }
    if (s.kind != Statement::Kind::every || closures) collect(s.out, into);
    collect_targets(s, into);
    if (!closed || closures) {
      collect_block(s.body, into, closures);
      collect_block(s.other, into, closures);
    }
  }
}

}  // namespace

bool RuleCompiler::closure_ready(Block const& block, std::initializer_list<Pattern const*> patterns,
                                 Vars const& bound, Vars const& enclosing) const {
  Vars used(vars_.size(), false);
  collect_block(block, used, true);
  for (Pattern const* pattern : patterns) collect(*pattern, used);
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] && enclosing[i] && !bound[i]) return false;
  }
  return true;
}

bool RuleCompiler::order(Block& block, Vars& bound, Vars const& enclosing) {
  Vars around = enclosing;
  collect_block(block, around, false);
  Block ordered;
  ordered.reserve(block.size());
  std::vector<bool> placed(block.size(), false);
  std::size_t left = block.size();
  for (bool moved = true; moved && left > 0;) {
    moved = false;
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (placed[i] || !try_place(block[i], bound, around)) continue;
      ordered.push_back(std::move(block[i]));
      placed[i] = true;
      moved = true;
      --left;
    }
  }
  if (left > 0) {
    Block stuck;
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (!placed[i]) stuck.push_back(block[i]);
    }
    if (!quiet_) report_unsafe(stuck, bound);
    for (std::size_t i = 0, at = 0; i < block.size(); ++i) {
      if (placed[i]) block[i] = ordered[at++];
    }
    return false;
  }
  block = std::move(ordered);
  return true;
}

// Places the statement if all it reads is bound: marks its patterns and adds what it binds.
bool RuleCompiler::try_place(Statement& s, Vars& bound, Vars const& enclosing) {
  switch (s.kind) {
    case Statement::Kind::fail:
      return true;
    case Statement::Kind::unify: {
      // What is only looked at binds nothing.
      bool reads = s.closed || s.out.kind == Pattern::Kind::none;
      if (reads && !(all_bound(s.left, bound) && all_bound(s.out, bound))) return false;
      if (s.one_way || !(all_bound(s.left, bound) && bindable(s.out, bound))) {
        if (!(all_bound(s.out, bound) && bindable(s.left, bound))) return false;
        std::swap(s.left, s.out);
      }
      mark(s.left, bound);
      mark(s.out, bound);
      return true;
    }
    case Statement::Kind::ref:
      return place_ref(s, bound);
    case Statement::Kind::call:
      for (Pattern const& arg : s.steps) {
        if (!all_bound(arg, bound)) return false;
      }
      if (s.closed ? !all_bound(s.out, bound) : !bindable(s.out, bound)) return false;
      for (Pattern& arg : s.steps) mark(arg, bound);
      mark(s.out, bound);
      return true;
    case Statement::Kind::negation:
      return place_negation(s, bound, enclosing);
    case Statement::Kind::every:
      return place_every(s, bound, enclosing);
    case Statement::Kind::comprehension:
      return place_comprehension(s, bound, enclosing);
    case Statement::Kind::with:
      return place_with(s, bound, enclosing);
    case Statement::Kind::conjunction:
    case Statement::Kind::disjunction:
      return place_logic(s, bound, enclosing);
  }
  return false;
}

bool RuleCompiler::place_ref(Statement& s, Vars& bound) {
  if (s.root == Statement::Root::slot && !bound[s.slot]) return false;
  Vars after = bound;
  for (Pattern const& step : s.steps) {
    if (s.still ? !all_bound(step, bound) : !bindable(step, after)) return false;
    collect(step, after);
  }
  if (s.closed ? !all_bound(s.out, after) : !bindable(s.out, after)) return false;
  s.iterates = false;
  for (Pattern& step : s.steps) {
    mark(step, bound);
    s.iterates = s.iterates || !step.ground;
  }
  mark(s.out, bound);
  return true;
}

bool RuleCompiler::place_negation(Statement& s, Vars& bound, Vars const& enclosing) {
  if (s.implicit) {
    Vars used(vars_.size(), false);
    collect_block(s.body, used, false);
    for (std::size_t i = 0; i < used.size(); ++i) {
      bool generated = vars_[i].name.empty();
      if (used[i] && !bound[i] && !generated) return false;
    }
    if (!closure_ready(s.body, {}, bound, enclosing)) {
      // Generated variables inside may stay unbound; they are made there.
      Vars needed(vars_.size(), false);
      collect_block(s.body, needed, true);
      for (std::size_t i = 0; i < needed.size(); ++i) {
        if (needed[i] && enclosing[i] && !bound[i] && !vars_[i].name.empty()) return false;
      }
    }
  } else if (!closure_ready(s.body, {}, bound, enclosing)) {
    return false;
  }
  if (s.still) {
    Vars used(vars_.size(), false);
    collect_block(s.body, used, false);
    for (std::size_t i = 0; i < used.size(); ++i) {
      if (used[i] && !bound[i] && !vars_[i].name.empty()) return false;
    }
  }
  Vars inner = bound;
  if (!s.implicit) return order(s.body, inner, enclosing);
  // What it is made of may not be there yet, which is no fault of what is inside.
  Block trial = s.body;
  bool const was_quiet = std::exchange(quiet_, true);
  bool const ok = order(trial, inner, enclosing);
  quiet_ = was_quiet;
  if (ok) s.body = std::move(trial);
  return ok;
}

bool RuleCompiler::place_every(Statement& s, Vars& bound, Vars const& enclosing) {
  if (!all_bound(s.left, bound)) return false;
  if (!closure_ready(s.body, {}, bound, enclosing)) return false;
  mark(s.left, bound);
  Vars inner = bound;
  for (Pattern& step : s.steps) mark(step, inner);
  mark(s.out, inner);
  return order(s.body, inner, enclosing);
}

bool RuleCompiler::place_comprehension(Statement& s, Vars& bound, Vars const& enclosing) {
  Pattern none;
  Pattern const* second = s.steps.empty() ? &none : s.steps.data();
  if (!closure_ready(s.body, {&s.left, second}, bound, enclosing)) return false;
  if (s.closed ? !all_bound(s.out, bound) : !bindable(s.out, bound)) return false;
  Vars inner = bound;
  if (!order(s.body, inner, enclosing)) return false;
  bool ready = all_bound(s.left, inner) && (s.steps.empty() || all_bound(s.steps[0], inner));
  if (!ready) {
    if (!quiet_) {
      Block head(1);
      head[0].kind = Statement::Kind::unify;
      head[0].left = s.left;
      head[0].steps = s.steps;
      report_unsafe(head, inner);
    }
    return false;
  }
  mark(s.left, inner);
  for (Pattern& step : s.steps) mark(step, inner);
  mark(s.out, bound);
  return true;
}

bool RuleCompiler::place_with(Statement& s, Vars& bound, Vars const& enclosing) {
  for (WithTarget const& target : s.targets) {
    if (!all_bound(target.value, bound)) return false;
    for (Pattern const& step : target.steps) {
      if (!all_bound(step, bound)) return false;
    }
  }
  Vars inner = bound;
  Block trial = s.body;
  bool was_quiet = quiet_;
  quiet_ = true;
  bool ok = order(trial, inner, enclosing);
  quiet_ = was_quiet;
  if (!ok) return false;
  for (WithTarget& target : s.targets) mark(target.value, bound);
  s.body = std::move(trial);
  bound = std::move(inner);
  return true;
}

bool RuleCompiler::place_logic(Statement& s, Vars& bound, Vars const& enclosing) {
  if (!closure_ready(s.body, {}, bound, enclosing)) return false;
  if (!closure_ready(s.other, {}, bound, enclosing)) return false;
  Vars left = bound;
  Vars right = bound;
  return order(s.body, left, enclosing) && order(s.other, right, enclosing);
}

void RuleCompiler::report_var(Slot slot) {
  Variable const& var = vars_[slot];
  if (!reported_.insert(slot).second) return;
  if (var.printed_only) {
    faults_.add("rego_compile_error", var.place, "var " + var.name + " is undeclared");
    return;
  }
  faults_.add("rego_unsafe_var_error", var.place, "var " + var.name + " is unsafe",
              "bind it with `:=`, `some … in`, or a reference that has it as a key");
}

void RuleCompiler::report_unsafe(Block const& block, Vars const& bound) {
  Vars used(vars_.size(), false);
  collect_block(block, used, true);
  bool any = false;
  for (Slot i = 0; i < used.size(); ++i) {
    if (!used[i] || bound[i] || vars_[i].name.empty()) continue;
    report_var(i);
    any = true;
  }
  bool known = any || !faults_.empty() || block.empty();
  if (!known) {
    faults_.add("rego_unsafe_var_error", block.front().place, "expression is unsafe");
  }
}

void RuleCompiler::finish_rule(RulePlan& out, Block&& block, Vars const& initially) {
  Vars bound = initially;
  for (Pattern& arg : out.args) mark(arg, bound);
  Vars enclosing(vars_.size(), false);
  for (Pattern const& arg : out.args) collect(arg, enclosing);
  for (Pattern const& step : out.suffix) collect(step, enclosing);
  collect(out.key, enclosing);
  collect(out.value, enclosing);
  if (!order(block, bound, enclosing)) return;
  auto check = [&](Pattern& pattern) {
    if (all_bound(pattern, bound)) {
      mark(pattern, bound);
      return;
    }
    Vars used(vars_.size(), false);
    collect(pattern, used);
    for (Slot i = 0; i < used.size(); ++i) {
      if (used[i] && !bound[i]) report_var(i);
    }
  };
  for (Pattern& step : out.suffix) check(step);
  check(out.key);
  check(out.value);
  for (Slot i = 0; i < vars_.size(); ++i) {
    if (!vars_[i].name.empty() && vars_[i].name != "_") out.names.emplace_back(vars_[i].name, i);
  }
  out.body = std::move(block);
}

// The variant for a known first key; false when that order does not work out.
bool RuleCompiler::finish_keyed(RulePlan& out, Block block, Pattern entry) {
  Vars bound(vars_.size(), false);
  if (!bindable(entry, bound)) return false;
  mark(entry, bound);
  Vars enclosing(vars_.size(), false);
  for (Pattern const& step : out.suffix) collect(step, enclosing);
  collect(out.key, enclosing);
  collect(out.value, enclosing);
  bool was_quiet = quiet_;
  quiet_ = true;
  bool ok = order(block, bound, enclosing);
  quiet_ = was_quiet;
  bool ready =
      ok && all_bound(out.key, bound) && all_bound(out.value, bound) &&
      std::ranges::all_of(out.suffix, [&](Pattern const& p) { return all_bound(p, bound); });
  if (!ready) return false;
  out.entry = std::move(entry);
  out.keyed_body = std::move(block);
  return true;
}

}  // namespace aw::rego
