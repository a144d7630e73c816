// SPDX-License-Identifier: Apache-2.0
// Remembers, for each rule asked, how far it came and what it saw when it stopped; then says which
// rule missed by least and what would have made it hold. One evaluation's own.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "core/rego/compile.h"
#include "core/rego/plan.h"

namespace aw::rego {

class WhyRecorder {
 public:
  // Follows the rules of the groups that a question names, and of no other.
  WhyRecorder(Program const& program, PreparedQuery const& query);

  [[nodiscard]] bool follows(RulePlan const* rule) const { return attempts_.contains(rule); }
  // The statement at `at` of the rule's block failed with these values.
  void failed(RulePlan const& rule, Block const& block, std::size_t at,
              std::vector<std::pair<std::string, Value>> values);
  void fired(RulePlan const& rule);

  [[nodiscard]] std::unique_ptr<Why> finish() const;

 private:
  struct Attempt {
    Group const* group = nullptr;
    bool is_default = false;
    bool fired = false;
    bool seen = false;
    std::size_t reached = 0;  // statements that held
    std::uint32_t failed_expr = kNoExpr;
    std::vector<bool> held;  // by expression
    std::vector<std::pair<std::string, Value>> values;
    Statement const* statement = nullptr;
  };

  void follow(RulePlan const& rule, Group const& group, bool is_default);
  void follow_node(RuleNode const& node);
  [[nodiscard]] RuleRecord record_of(RulePlan const& rule, Attempt const& attempt) const;
  void near_misses(Why& why, RulePlan const& rule, Attempt const& attempt) const;
  [[nodiscard]] std::string one_line(Place const& place) const;

  Program const& program_;
  std::vector<RulePlan const*> order_;
  std::unordered_map<RulePlan const*, Attempt> attempts_;
};

// `input.action`, `data.actions["spiffe://…"]`: a path as Rego writes it.
[[nodiscard]] std::string path_text(std::string_view root, std::span<const Value> steps);

}  // namespace aw::rego
