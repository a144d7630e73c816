// SPDX-License-Identifier: Apache-2.0
// The story of an evaluation, event by event, as OPA's `--explain full` tells it: Enter, Eval,
// Fail, Exit, Note. One Eval an expression as written; bounded.
#include "core/rego/eval.h"
#include "core/rego/why.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMostEvents = 100'000;

}  // namespace

void Evaluator::narrate(std::vector<TraceEvent>* events, PreparedQuery const& query) {
  events_ = events;
  told_query_ = &query;
  tell_query("Enter", 0);
  event_depth_ = 1;
}

void Evaluator::end_story(Outcome const& out) {
  tell_query(out.value.defined() ? "Exit" : "Fail", 1);
  events_ = nullptr;
}

void Evaluator::tell_query(std::string_view op, int depth) {
  auto const& query = *told_query_;
  std::string text = query.is_path ? path_text("data", query.path) + " = _" : "";
  if (!query.is_path && !query.sources.empty()) text = query.sources.front().text;
  Location const here{.file = "query", .line = 1, .column = 1};
  events_->push_back({.op = std::string(op), .depth = depth, .location = here, .text = text});
}

// The text at a place, on one line.
std::string Evaluator::source_of(Place const& place) const {
  std::string out;
  bool space = false;
  for (char const c : program_.text(place)) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      space = !out.empty();
      continue;
    }
    if (space) out += ' ';
    space = false;
    out += c;
  }
  return out;
}

void Evaluator::event(std::string_view op, Place const& place, std::string text) {
  if (events_->size() >= kMostEvents || place.line == 0) return;
  events_->push_back({.op = std::string(op),
                      .depth = event_depth_,
                      .location = location(place),
                      .text = std::move(text)});
}

// The whole expression that a statement is part of, as it was written.
void Evaluator::tell_expression(std::string_view op, Statement const& s, Frame const& frame) {
  bool const known = frame.rule != nullptr && s.expr < frame.rule->exprs.size();
  Place const& place = known ? frame.rule->exprs[s.expr].place : s.place;
  event(op, place, source_of(place));
}

void Evaluator::note_eval(Block const& block, std::size_t at, Frame const& frame) {
  Statement const& s = block[at];
  bool const of_query = told_query_ != nullptr && frame.rule == &told_query_->plan;
  if (s.expr == kNoExpr || of_query || frame.rule == nullptr) return;
  if (at == 0 || block[at - 1].expr != s.expr) tell_expression("Eval", s, frame);
  bool const note = s.kind == Statement::Kind::call && s.builtin != nullptr &&
                    s.builtin->name == "trace" && !s.steps.empty();
  if (note) {
    auto const message = build(s.steps[0], frame);
    event("Note", s.place, std::string(message.as_string()));
  }
}

void Evaluator::Narration::enter(Group const& group, RulePlan const& rule) {
  entered_ = true;
  evaluator_.event("Enter", rule.head_place, group.path);
  ++evaluator_.event_depth_;
}

}  // namespace aw::rego
