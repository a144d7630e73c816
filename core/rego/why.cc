// SPDX-License-Identifier: Apache-2.0
#include "core/rego/why.h"

#include <algorithm>

namespace aw::rego {
namespace {

bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || digit(c); });
}

constexpr std::size_t kMaxNearMisses = 8;

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
    if (node != &program.root) follow_node(*node);
    return;
  }
  for_each_statement(query.plan.body, [&](Statement const& s) {
    if (s.node != nullptr && s.node != &program_.root) follow_node(*s.node);
  });
}

void WhyRecorder::follow_node(RuleNode const& node) {
  if (node.group != nullptr && node.group->kind != GroupKind::function) {
    for (RulePlan const& rule : node.group->rules) follow(rule, *node.group, false);
    if (node.group->fallback) follow(*node.group->fallback, *node.group, true);
  }
  for (auto const& [name, child] : node.children) follow_node(*child);
}

void WhyRecorder::follow(RulePlan const& rule, Group const& group, bool is_default) {
  for (RulePlan const* at = &rule; at != nullptr; at = at->otherwise.get()) {
    Attempt attempt;
    attempt.group = &group;
    attempt.is_default = is_default;
    attempt.held.assign(at->exprs.size(), false);
    if (attempts_.emplace(at, std::move(attempt)).second) order_.push_back(at);
  }
}

void WhyRecorder::failed(RulePlan const& rule, Block const& block, std::size_t at,
                         std::vector<std::pair<std::string, Value>> values) {
  Attempt& attempt = attempts_.at(&rule);
  if (attempt.seen && at <= attempt.reached) return;
  attempt.seen = true;
  attempt.reached = at;
  attempt.statement = &block[at];
  attempt.failed_expr = block[at].expr;
  attempt.values = std::move(values);
  attempt.held.assign(attempt.held.size(), false);
  for (std::size_t i = 0; i < at; ++i) {
    if (block[i].expr != kNoExpr) attempt.held[block[i].expr] = true;
  }
  attempt.held[attempt.failed_expr] = false;
}

void WhyRecorder::fired(RulePlan const& rule) {
  Attempt& attempt = attempts_.at(&rule);
  attempt.fired = true;
  attempt.held.assign(attempt.held.size(), true);
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

RuleRecord WhyRecorder::record_of(RulePlan const& rule, Attempt const& attempt) const {
  RuleRecord record;
  record.location = program_.location(rule.place);
  record.path = attempt.group->path;
  record.text = program_.text(rule.place);
  record.fired = attempt.fired;
  record.is_default = attempt.is_default;
  for (std::size_t i = 0; i < rule.exprs.size(); ++i) {
    if (rule.exprs[i].generated) continue;
    ExprRecord expr;
    expr.line = static_cast<int>(rule.exprs[i].place.line);
    expr.text = one_line(rule.exprs[i].place);
    bool failed = !attempt.fired && attempt.seen && attempt.failed_expr == i;
    expr.state = failed            ? ExprState::failed
                 : attempt.held[i] ? ExprState::held
                                   : ExprState::not_reached;
    if (failed) expr.values = attempt.values;
    if (expr.state == ExprState::held) ++record.held;
    record.expressions.push_back(std::move(expr));
  }
  return record;
}

// One failed comparison of an input or data reference with something known gives a change that
// makes it hold: the input becomes a member, or the member joins the collection.
void WhyRecorder::near_misses(Why& why, RulePlan const& rule, Attempt const& attempt) const {
  std::size_t open = 0;
  for (std::size_t i = 0; i < rule.exprs.size(); ++i) {
    if (!rule.exprs[i].generated && !attempt.held[i]) ++open;
  }
  if (open != 1 || attempt.values.size() < 2) return;
  auto const& [left_text, left] = attempt.values[0];
  auto const& [right_text, right] = attempt.values[1];
  auto last_step = [](std::string const& path) {
    std::size_t dot = path.rfind('.');
    return dot == std::string::npos ? path : path.substr(dot + 1);
  };
  auto add = [&](NearMiss miss) {
    if (why.near_misses.size() < kMaxNearMisses) why.near_misses.push_back(std::move(miss));
  };
  bool member = attempt.statement->builtin != nullptr &&
                attempt.statement->builtin->name == "internal.member_2";
  bool collection = right.is(Kind::array) || right.is(Kind::set);
  if (member && collection && right_text.starts_with("data.") && left.defined()) {
    add({NearMiss::Kind::data, right_text, right_text + " += " + left.to_text(), left, true});
  }
  if (member && collection && left_text.starts_with("input.")) {
    for (Value const& item : right.items().subspan(0, std::min<std::size_t>(right.size(), 2))) {
      add({NearMiss::Kind::input, left_text,
           last_step(left_text) + " " + item.to_text() + " instead of " +
               (left.defined() ? left.to_text() : "nothing"),
           item, false});
    }
  }
  if (!member && left_text.starts_with("input.") && right.defined() && !(left == right)) {
    add({NearMiss::Kind::input, left_text,
         last_step(left_text) + " " + right.to_text() + " instead of " +
             (left.defined() ? left.to_text() : "nothing"),
         right, false});
  }
}

std::unique_ptr<Why> WhyRecorder::finish() const {
  auto why = std::make_unique<Why>();
  RulePlan const* closest = nullptr;
  std::size_t least = 0;
  for (RulePlan const* rule : order_) {
    Attempt const& attempt = attempts_.at(rule);
    why->rules.push_back(record_of(*rule, attempt));
    if (attempt.fired || attempt.is_default || !attempt.seen) continue;
    auto const& exprs = why->rules.back().expressions;
    auto held = static_cast<std::size_t>(why->rules.back().held);
    std::size_t missing = exprs.size() - held;
    if (closest == nullptr || missing < least) {
      closest = rule;
      least = missing;
      why->closest = static_cast<int>(why->rules.size()) - 1;
    }
  }
  for (RulePlan const* rule : order_) {
    Attempt const& attempt = attempts_.at(rule);
    if (!attempt.fired && !attempt.is_default && attempt.seen) near_misses(*why, *rule, attempt);
  }
  if (closest == nullptr) return why;
  Attempt const& attempt = attempts_.at(closest);
  RuleRecord const& record = why->rules[static_cast<std::size_t>(why->closest)];
  std::string file = record.location.file.substr(record.location.file.rfind('/') + 1);
  why->summary = "closest rule " + file + ":" + std::to_string(record.location.line);
  if (attempt.values.empty()) return why;
  std::string name = attempt.values[0].first;
  name = name.substr(name.rfind('.') + 1);
  why->summary += (least == 1 ? " matches all but " : " stops at ") + name;
  if (attempt.values.size() > 1 && attempt.values[1].second.defined()) {
    Value const& wanted = attempt.values[1].second;
    std::string list;
    if (wanted.is(Kind::array) || wanted.is(Kind::set)) {
      for (Value const& item : wanted.items().subspan(0, std::min<std::size_t>(wanted.size(), 5))) {
        list += (list.empty() ? "" : ", ") + item.to_text();
      }
      if (wanted.size() > 5) list += ", …";
    } else {
      list = wanted.to_text();
    }
    why->summary += " (" + list + ")";
  }
  return why;
}

}  // namespace aw::rego
