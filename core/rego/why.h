// SPDX-License-Identifier: Apache-2.0
// Remembers, for each rule asked (and each rule those ask in turn), how far it came and what it saw
// when it stopped; then says which rule missed by least. One evaluation's own.
//
// What would have made an expression hold is only suggested here (suggest.h); near_miss.h tries it.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/rego/compile.h"
#include "core/rego/plan.h"

namespace aw::rego {

// Where in the given documents a value was found; `element`: it is one of the members there.
struct Origin {
  enum class Root : std::uint8_t { none, input, data };
  Root root = Root::none;
  bool element = false;
  std::vector<Value> steps;
};

// What an expression looked at, named as the author wrote it.
struct Operand {
  std::string name;
  Value value;
  Origin origin;
  std::vector<Operand> items;               // of a collection written out
  std::vector<Value> wanted;                // what later expressions ask of a value that is missing
  bool inside = false;                      // a part of the element at `origin`, not the element
  std::vector<std::vector<Value>> derives;  // paths below input that it was computed from
};

// One expression's statement, and what it looked at.
struct SeenExpr {
  Statement const* statement = nullptr;
  std::vector<Operand> operands;
  std::vector<SeenExpr> inner;  // of a negation: what was not to hold
};

// The evaluator tells it what happens; it holds pointers into the program, which must outlive it.
// At most some 4 000 rules are followed, and 24 suggestions kept of each.
class WhyRecorder {
 public:
  // Follows the rules of the groups that a question names, and all that those ask.
  WhyRecorder(Program const& program, PreparedQuery const& query);

  // Precondition of all below: the rule is followed.
  [[nodiscard]] bool follows(RulePlan const* rule) const { return attempts_.contains(rule); }
  // Is a stop at `at` of the rule's body news: further than any attempt came, or as far?
  [[nodiscard]] bool wants(RulePlan const& rule, std::size_t at) const;
  // The statement at `at` of the rule's body failed; `seen` has it last, and what held before it.
  void failed(RulePlan const& rule, Block const& block, std::size_t at, std::vector<SeenExpr> seen);
  // Where the members that the rule gives come from.
  void gives(RulePlan const& rule, Origin key);
  // The rule held, with all that it looked at. The first time counts for the record.
  void fired(RulePlan const& rule, std::vector<SeenExpr> seen);

  // Never null. near_misses is empty: it takes find_near_misses to fill.
  [[nodiscard]] std::unique_ptr<Why> finish() const;

 private:
  // One rule's best: how far it came, and what it saw there.
  struct Attempt {
    Group const* group = nullptr;
    bool is_default = false;
    bool helper = false;
    bool fired = false;
    bool tried = false;
    std::size_t reached = 0;  // statements that held
    std::uint32_t failed_expr = kNoExpr;
    std::vector<bool> held;      // by expression
    std::vector<SeenExpr> seen;  // the last failed, unless it fired
    std::vector<NearMiss> makes_hold;
    std::vector<NearMiss> breaks;
    std::vector<std::vector<Value>> depends_on;
    Origin key;  // of a multi-value rule
  };

  void follow(RulePlan const& rule, Group const& group, bool is_default, bool helper);
  void follow_group(Group const& group, bool helper);
  void follow_node(RuleNode const& node, bool helper);
  void follow_asked();
  [[nodiscard]] RuleRecord record_of(RulePlan const& rule, Attempt const& attempt) const;
  [[nodiscard]] std::vector<int> asks_of(Attempt const& attempt) const;
  [[nodiscard]] std::vector<NearMiss> given_elsewhere(Attempt const& attempt) const;
  void gather_candidates(Why& why) const;
  void find_answer(Why& why) const;
  void summarize(Why& why, std::size_t missing) const;
  [[nodiscard]] static std::string place_name(RuleRecord const& record);
  [[nodiscard]] std::string one_line(Place const& place) const;

  Program const& program_;
  std::vector<RulePlan const*> order_;
  std::unordered_map<RulePlan const*, Attempt> attempts_;
};

// `input.action`, `data.actions["spiffe://…"]`: a path as Rego writes it.
[[nodiscard]] std::string path_text(std::string_view root, std::span<const Value> steps);

}  // namespace aw::rego
