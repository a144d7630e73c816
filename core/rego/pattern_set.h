// SPDX-License-Identifier: Apache-2.0
// Many regular expressions over one text, answered in one pass: which of them match.
//
// Built by one thread, then immutable: any thread may match.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/rego/value.h"

namespace aw::rego {

class PatternSet {
 public:
  PatternSet();
  ~PatternSet();
  PatternSet(PatternSet const&) = delete;
  PatternSet& operator=(PatternSet const&) = delete;

  // False when the expression is none; otherwise it gets the next number, from 0.
  // In RE2's syntax, found anywhere in the text unless anchored. Precondition: not sealed.
  bool add(std::string const& expression);
  // No further add. False: too large to be of use.
  // Must come before the first match. Bound: 32 MiB.
  bool seal();
  // Appends the numbers of those that match. False when the answer is not known (memory).
  bool match(std::string_view text, std::vector<int>& matched) const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

// The regular expression of a glob; `delimiters` are its second argument, null or an array of
// characters. Empty when either is malformed.
[[nodiscard]] std::string glob_expression(std::string_view glob, Value const& delimiters);
// What matches exactly this text.
[[nodiscard]] std::string literal_expression(std::string_view text);

}  // namespace aw::rego
