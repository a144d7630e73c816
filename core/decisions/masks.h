// SPDX-License-Identifier: Apache-2.0
// What of a decision's input nobody shall read later: taken out before anything is written.
//
// As the masks of OPA's decision log: JSON pointers below /input; a member they name is removed and
// the pointer stands in `erased`. Immutable; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"

namespace aw::decisions {

class Masks {
 public:
  Masks() = default;
  // Error: config_out_of_range for what is no pointer below /input.
  static Result<Masks> parse(std::vector<std::string> const& pointers);

  [[nodiscard]] bool empty() const { return pointers_.empty(); }

  struct Masked {
    std::string input;   // JSON
    std::string erased;  // JSON array of pointers; empty when none applied
  };
  // `input`: the JSON text of the input. What is no JSON is erased whole.
  // A member is removed; an array's item becomes null, so that the others keep their places.
  [[nodiscard]] Masked apply(std::string const& input) const;

 private:
  std::vector<std::string> pointers_;  // below /input, with their leading slash
};

}  // namespace aw::decisions
