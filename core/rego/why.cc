// SPDX-License-Identifier: Apache-2.0
#include "core/rego/why.h"

#include <algorithm>

#include "core/rego/suggest.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMostSuggestions = 24;  // of one rule
constexpr std::size_t kMostCandidates = 200;
constexpr std::size_t kMostFollowed = 4'000;  // rules

bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || digit(c); });
}

void append(std::vector<NearMiss>& to, std::vector<NearMiss> more) {
  for (auto& one : more) {
    bool const known =
        std::ranges::any_of(to, [&](NearMiss const& other) { return other.text == one.text; });
    if (!known && to.size() < kMostSuggestions) to.push_back(std::move(one));
  }
}

std::vector<std::pair<std::string, Value>> shown(std::vector<Operand> const& operands) {
  std::vector<std::pair<std::string, Value>> out;
  out.reserve(operands.size());
  for (auto const& operand : operands) out.emplace_back(operand.name, operand.value);
  return out;
}

bool is_membership(Statement const& s) {
  return s.kind == Statement::Kind::call && s.builtin != nullptr &&
         s.builtin->name == "internal.member_2";
}

std::string list_text(Value const& wanted) {
  constexpr std::size_t kMost = 5;
  if (!wanted.is(Kind::array) && !wanted.is(Kind::set)) return wanted.to_text();
  std::string out;
  for (Value const& item : wanted.items().subspan(0, std::min(wanted.size(), kMost))) {
    out += (out.empty() ? "" : ", ") + item.to_text();
  }
  return wanted.size() > kMost ? out + ", …" : out;
}

}  // namespace

std::string path_text(std::string_view root, std::span<const Value> steps) {
  std::string out(root);
  for (Value const& step : steps) {
    if (step.is(Kind::string) && is_name(step.as_string())) {
      out += "." + std::string(step.as_string());
    } else {
      out += "[" + step.to_text() + "]";
    }
  }
  return out;
}

WhyRecorder::WhyRecorder(Program const& program, PreparedQuery const& query) : program_(program) {
  if (query.is_path) {
    RuleNode const* node = &program.root;
    for (Value const& step : query.path) {
      RuleNode const* next =
          node->group == nullptr && step.is(Kind::string) ? node->child(step.as_string()) : nullptr;
      if (next == nullptr) break;
      node = next;
    }
    if (node != &program.root) follow_node(*node, false);
  } else {
    for_each_statement(query.plan.body, [&](Statement const& s) {
      if (s.node != nullptr && s.node != &program_.root) follow_node(*s.node, false);
    });
  }
  follow_asked();
}

// The rules that the followed ones ask, and so on; `order_` grows while it is walked.
void WhyRecorder::follow_asked() {
  for (std::size_t i = 0; i < order_.size() && order_.size() < kMostFollowed; ++i) {
    for_each_statement(order_[i]->body, [&](Statement const& s) {
      if (s.group != nullptr) follow_group(*s.group, true);
      if (s.node != nullptr && s.node != &program_.root) follow_node(*s.node, true);
    });
  }
}

void WhyRecorder::follow_group(Group const& group, bool helper) {
  for (RulePlan const& rule : group.rules) follow(rule, group, false, helper);
  if (group.fallback) follow(*group.fallback, group, true, helper);
}

void WhyRecorder::follow_node(RuleNode const& node, bool helper) {
  bool const asked = node.group != nullptr && (helper || node.group->kind != GroupKind::function);
  if (asked) follow_group(*node.group, helper);
  for (auto const& [name, child] : node.children) follow_node(*child, helper);
}

void WhyRecorder::follow(RulePlan const& rule, Group const& group, bool is_default, bool helper) {
  for (RulePlan const* at = &rule; at != nullptr; at = at->otherwise.get()) {
    Attempt attempt;
    attempt.group = &group;
    attempt.is_default = is_default;
    attempt.helper = helper;
    attempt.held.assign(at->exprs.size(), false);
    if (attempts_.emplace(at, std::move(attempt)).second) order_.push_back(at);
  }
}

bool WhyRecorder::wants(RulePlan const& rule, std::size_t at) const {
  Attempt const& attempt = attempts_.at(&rule);
  if (attempt.fired) return false;
  return !attempt.tried || at > attempt.reached ||
         (at == attempt.reached && attempt.makes_hold.size() < kMostSuggestions);
}

void WhyRecorder::failed(RulePlan const& rule, Block const& block, std::size_t at,
                         std::vector<SeenExpr> seen) {
  Attempt& attempt = attempts_.at(&rule);
  bool const as_far = attempt.tried && at == attempt.reached;
  if (!as_far) {
    attempt.makes_hold.clear();
    attempt.depends_on.clear();
  }
  if (attempt.depends_on.size() > kMostSuggestions) attempt.depends_on.clear();
  auto ways = ways_to_hold(seen.back());
  for (auto const& operand : seen.back().operands) {
    bool const blind = operand.origin.root == Origin::Root::input && !operand.value.defined() &&
                       operand.wanted.empty();
    if (blind) attempt.depends_on.push_back(operand.origin.steps);
    for (auto const& path : operand.derives) {
      if (ways.empty()) attempt.depends_on.push_back(path);
    }
  }
  append(attempt.makes_hold, std::move(ways));
  if (as_far) return;
  attempt.tried = true;
  attempt.reached = at;
  attempt.failed_expr = block[at].expr;
  attempt.seen = std::move(seen);
  attempt.held.assign(attempt.held.size(), false);
  for (std::size_t i = 0; i < at; ++i) {
    if (block[i].expr != kNoExpr) attempt.held[block[i].expr] = true;
  }
  attempt.held[attempt.failed_expr] = false;
}

void WhyRecorder::gives(RulePlan const& rule, Origin key) {
  Attempt& attempt = attempts_.at(&rule);
  if (attempt.key.root == Origin::Root::none) attempt.key = std::move(key);
}

void WhyRecorder::fired(RulePlan const& rule, std::vector<SeenExpr> seen) {
  Attempt& attempt = attempts_.at(&rule);
  for (auto const& one : seen) append(attempt.breaks, ways_to_break(one));
  if (attempt.fired) return;
  attempt.fired = true;
  attempt.held.assign(attempt.held.size(), true);
  attempt.seen = std::move(seen);
}

std::string WhyRecorder::one_line(Place const& place) const {
  std::string out;
  bool space = false;
  for (char c : program_.text(place)) {
    bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r';
    if (blank) {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

// The followed rules that the failed expression asks, by their place in the record.
std::vector<int> WhyRecorder::asks_of(Attempt const& attempt) const {
  std::vector<Group const*> groups;
  auto note = [&groups](Statement const& s) {
    if (s.group != nullptr) groups.push_back(s.group);
    if (s.node != nullptr && s.node->group != nullptr) groups.push_back(s.node->group);
  };
  for (SeenExpr const& seen : attempt.seen) {
    if (seen.statement->expr != attempt.failed_expr) continue;
    note(*seen.statement);
    for_each_statement(seen.statement->body, note);
  }
  std::vector<int> out;
  for (std::size_t i = 0; i < order_.size() && !groups.empty(); ++i) {
    Attempt const& other = attempts_.at(order_[i]);
    if (!other.is_default && std::ranges::find(groups, other.group) != groups.end()) {
      out.push_back(static_cast<int>(i));
    }
  }
  return out;
}

// x in permissions, where permissions is made of what data lists: the list is what may grow.
std::vector<NearMiss> WhyRecorder::given_elsewhere(Attempt const& attempt) const {
  std::vector<NearMiss> out;
  SeenExpr const& last = attempt.seen.back();
  bool const asks = is_membership(*last.statement) && last.operands.size() == 2 &&
                    last.operands[0].value.defined();
  if (!asks) return out;
  for (int const asked : asks_of(attempt)) {
    Origin const& key = attempts_.at(order_[static_cast<std::size_t>(asked)]).key;
    if (key.root != Origin::Root::none) out.push_back(add_member(key, last.operands[0].value));
  }
  return out;
}

RuleRecord WhyRecorder::record_of(RulePlan const& rule, Attempt const& attempt) const {
  RuleRecord record;
  record.location = program_.location(rule.place);
  record.path = attempt.group->path;
  record.text = program_.text(rule.place);
  record.fired = attempt.fired;
  record.is_default = attempt.is_default;
  record.helper = attempt.helper;
  for (std::size_t i = 0; i < rule.exprs.size(); ++i) {
    bool const failed = !attempt.fired && attempt.tried && attempt.failed_expr == i;
    if (rule.exprs[i].generated && !failed) continue;
    ExprRecord expr;
    expr.line = static_cast<int>(rule.exprs[i].place.line);
    expr.text = one_line(rule.exprs[i].place);
    expr.state = failed            ? ExprState::failed
                 : attempt.held[i] ? ExprState::held
                                   : ExprState::not_reached;
    for (SeenExpr const& seen : attempt.seen) {
      if (seen.statement->expr != i) continue;
      expr.values = shown(seen.operands);  // of its last statement: the one that decides
      expr.membership = is_membership(*seen.statement);
    }
    if (failed) expr.asks = asks_of(attempt);
    if (expr.state == ExprState::held) ++record.held;
    record.expressions.push_back(std::move(expr));
  }
  return record;
}

std::string WhyRecorder::place_name(RuleRecord const& record) {
  return record.location.file.substr(record.location.file.rfind('/') + 1) + ":" +
         std::to_string(record.location.line);
}

// Nearest rule first; what is asked before what only helps.
void WhyRecorder::gather_candidates(Why& why) const {
  std::vector<std::pair<std::size_t, std::size_t>> by_distance;  // open expressions, place
  for (std::size_t i = 0; i < order_.size(); ++i) {
    auto const& record = why.rules[i];
    auto const held = static_cast<std::size_t>(record.held);
    by_distance.emplace_back(record.expressions.size() - held, i);
  }
  std::ranges::sort(by_distance);
  auto add = [&why](std::vector<NearMiss> const& some) {
    for (auto const& one : some) {
      bool const known = std::ranges::any_of(
          why.candidates, [&](NearMiss const& other) { return other.text == one.text; });
      if (!known && why.candidates.size() < kMostCandidates) why.candidates.push_back(one);
    }
  };
  for (auto const& [open, i] : by_distance) {
    Attempt const& attempt = attempts_.at(order_[i]);
    if (attempt.fired || attempt.is_default || !attempt.tried) continue;
    add(attempt.makes_hold);
    add(given_elsewhere(attempt));
    for (auto const& path : attempt.depends_on) {
      bool const known = std::ranges::find(why.depends_on, path) != why.depends_on.end();
      if (!known) why.depends_on.push_back(path);
    }
  }
  for (RulePlan const* rule : order_) add(attempts_.at(rule).breaks);
}

void WhyRecorder::summarize(Why& why, std::size_t missing) const {
  RuleRecord const& record = why.rules[static_cast<std::size_t>(why.closest)];
  why.summary = "closest rule " + place_name(record);
  // Where it stopped may be a rule that it asks, and one that this asks.
  Why const& told = why;
  RuleRecord const* at = &record;
  ExprRecord const* failed = nullptr;
  for (int hops = 0; at != nullptr && hops < 8; ++hops) {
    auto const here = std::ranges::find(at->expressions, ExprState::failed, &ExprRecord::state);
    if (here == at->expressions.end()) break;
    failed = &*here;
    at = nullptr;
    for (int const asked : here->asks) {
      auto const& helper = told.rules[static_cast<std::size_t>(asked)];
      bool const stopped = std::ranges::find(helper.expressions, ExprState::failed,
                                             &ExprRecord::state) != helper.expressions.end();
      if (stopped && at == nullptr) at = &helper;
    }
  }
  if (failed == nullptr || failed->values.empty()) return;
  std::string name = failed->values[0].first;
  name = name.substr(name.rfind('.') + 1);
  why.summary += (missing == 1 ? " matches all but " : " stops at ") + name;
  if (failed->values.size() > 1 && failed->values[1].second.defined()) {
    why.summary += " (" + list_text(failed->values[1].second) + ")";
  }
}

std::unique_ptr<Why> WhyRecorder::finish() const {
  auto why = std::make_unique<Why>();
  std::size_t least = 0;
  bool decides =
      false;  // the closest so far is an `allow`: of a whole package, that is what counts
  for (RulePlan const* rule : order_) {
    Attempt const& attempt = attempts_.at(rule);
    why->rules.push_back(record_of(*rule, attempt));
    auto const& record = why->rules.back();
    bool const stopped = !attempt.fired && !attempt.is_default && attempt.tried;
    if (!stopped || attempt.helper) continue;
    std::size_t const missing = record.expressions.size() - static_cast<std::size_t>(record.held);
    bool const allow = record.path.ends_with(".allow");
    if (why->closest < 0 || allow > decides || (allow == decides && missing < least)) {
      least = missing;
      decides = allow;
      why->closest = static_cast<int>(why->rules.size()) - 1;
      why->remaining = rule->body.size() - std::min(rule->body.size(), attempt.reached);
    }
  }
  find_answer(*why);
  gather_candidates(*why);
  if (why->closest >= 0) summarize(*why, least);
  if (why->closest < 0 && why->answered >= 0) {
    auto const& record = why->rules[static_cast<std::size_t>(why->answered)];
    why->summary = "answered by " + place_name(record);
  }
  return why;
}

// Where an allow held, it is the deny beside it that answered; that other denies did not hold is no
// reason.
void WhyRecorder::find_answer(Why& why) const {
  int denied = -1;
  int held = -1;
  bool allowed = false;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    Attempt const& attempt = attempts_.at(order_[i]);
    if (!attempt.fired || attempt.is_default || attempt.helper) continue;
    auto const& path = why.rules[i].path;
    allowed = allowed || path.ends_with(".allow");
    if (held < 0) held = static_cast<int>(i);
    if (denied < 0 && path.ends_with(".deny")) denied = static_cast<int>(i);
  }
  if (allowed && denied >= 0) {
    why.answered = denied;
    why.closest = -1;
    why.remaining = 0;
  } else if (why.closest < 0) {
    why.answered = held;
  }
}

}  // namespace aw::rego
