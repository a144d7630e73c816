// SPDX-License-Identifier: Apache-2.0
// What a compiler knows of the variables of one body, and how operands are held against each other.
//
// OPA's rules, in its order. A type may be known in parts only: a variable that nothing is known
// of has none, and an empty set has no member type, which OPA takes for the same. Such a side
// learns from the other one, whatever its own shape. Owned by one check; nothing blocks.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/rego/plan.h"
#include "core/rego/types.h"

namespace aw::rego {

// One side of an equation: an operand, or what a reference, a comprehension or a call gives.
struct Side {
  enum class Form : std::uint8_t { pattern, reference, comprehension, call };
  Form form = Form::pattern;
  Pattern pattern;  // of a pattern
  TypeRef type;     // of the others
};

class TypeMatch {
 public:
  enum class Grow : std::uint8_t { no, yes };  // yes: a variable may also be what is found

  void reset(Slot slots) {
    slots_.assign(slots, nullptr);
    sources_.clear();
  }
  [[nodiscard]] TypeRef& at(Slot slot) { return slots_[slot]; }
  // All that is known, to be put back where what was learnt inside stays inside.
  [[nodiscard]] std::vector<TypeRef> known() const { return slots_; }
  void restore(std::vector<TypeRef> known) { slots_ = std::move(known); }

  [[nodiscard]] TypeRef type_of(Pattern const& pattern) const;
  // Holds an operand against a type; variables that nothing is known of become known by it.
  bool fit(Pattern const& pattern, TypeRef const& type, Grow grow);
  // As an argument: what is known of it as a whole must fit, and each of its parts.
  bool fit_argument(Pattern const& pattern, TypeRef const& type);
  // The slot, which has no name, stands for what `side` gives: in an equation that counts itself.
  void stand_for(Slot slot, Side side);
  // `=`: may both sides be equal? Unknown variables of each learn from the other.
  bool equal(Side const& a, Side const& b);
  // A shape with references or comprehensions in it is evaluated before it is a rule's value: what
  // is not known in it may then be anything.
  void settle(Pattern const& pattern);
  // Variables of a pattern that nothing is known of may be anything.
  void open_up(Pattern const& pattern);

 private:
  [[nodiscard]] TypeRef type_of(Side const& side) const;
  [[nodiscard]] TypeRef type_of_object(Pattern const& pattern) const;
  bool fit(Side const& side, TypeRef const& type);
  bool fit_set(Pattern const& pattern, TypeRef const& type, Grow grow);
  bool fit_array(Pattern const& pattern, TypeRef const& type, Grow grow);
  bool fit_object(Pattern const& pattern, TypeRef const& type, Grow grow);
  bool equal_unknown(Side const& a, Side const& b);
  bool equal_shape(Side const& shape, Side const& other);
  bool equal_arrays(Pattern const& a, Pattern const& b);
  bool equal_objects(Pattern const& a, Pattern const& b);

  [[nodiscard]] bool is_evaluated(Pattern const& pattern) const;
  [[nodiscard]] Side seen_through(Side const& side) const;

  std::vector<TypeRef> slots_;  // null: nothing known
  std::map<Slot, Side> sources_;
};

}  // namespace aw::rego
