// SPDX-License-Identifier: Apache-2.0
// What values the variables of a body can have as far as its constants tell: `x := "a"`,
// `some x in ["a", "b"]`. For what is asked of a text alone, such as whether a rule needs itself.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/rego/plan.h"

namespace aw::rego {

// A value, copied where a closure begins: what is learned inside does not hold outside.
class PossibleValues {
 public:
  using Choices = std::optional<std::vector<Value>>;  // nothing: any value

  // To be called with the statements in the order in which they run; each is taken to hold.
  void learn(Statement const& s);
  [[nodiscard]] Choices of(Pattern const& pattern) const;
  // Of each step of a reference, at the time when its rules are chosen: what a step before binds is
  // not known then.
  [[nodiscard]] std::vector<Choices> of_steps(Statement const& ref) const;

 private:
  void bind(Pattern const& to, Choices values);
  [[nodiscard]] Choices found_in(Choices const& roots, std::vector<Pattern> const& steps) const;

  std::map<Slot, std::vector<Value>> known_;
};

// Whether a rule with these steps in its head can say something at a place whose steps, from `at`
// on, have these values.
[[nodiscard]] bool head_may_match(std::vector<Pattern> const& suffix,
                                  std::vector<PossibleValues::Choices> const& steps,
                                  std::size_t at);

}  // namespace aw::rego
