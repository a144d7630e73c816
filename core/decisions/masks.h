// SPDX-License-Identifier: Apache-2.0
// What of a decision's input nobody shall read later: taken out, or something else put in its
// place, before anything is written.
//
// As the masks of OPA's decision log: JSON pointers below /input. What is removed stands in
// `erased`, what was put in place of something (or where nothing was) in `masked`. An array's
// member that is removed leaves null behind, so that the others keep their places. Immutable; any
// thread.
#pragma once

#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/decisions/config.h"

namespace aw::decisions {

class Masks {
 public:
  Masks() = default;
  // Error: config_out_of_range for what is no pointer below /input, a value that is no JSON, a
  // value to remove.
  static Result<Masks> parse(Config const& config);

  [[nodiscard]] bool empty() const { return rules_.empty(); }

  struct Masked {
    std::string input;   // JSON
    std::string erased;  // JSON array of pointers; empty when none applied
    std::string masked;  // likewise
  };
  // `input`: the JSON text of the input. What is no JSON is erased whole.
  // A member is removed; an array's item becomes null, so that the others keep their places.
  [[nodiscard]] Masked apply(std::string const& input) const;

 private:
  std::vector<MaskRule> rules_;  // paths below /input, with their leading slash
};

}  // namespace aw::decisions
