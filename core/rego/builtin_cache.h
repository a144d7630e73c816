// SPDX-License-Identifier: Apache-2.0
// Compiled regular expressions, by their text. Shared by all evaluations of a program: any thread.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace aw::rego {

// At most 4 096 expressions, the first that came; none is dropped.
class BuiltinCache {
 public:
  // Never null; not ok() when the expression is none. The cache is bounded: beyond it, each call
  // compiles its own.
  [[nodiscard]] std::shared_ptr<const re2::RE2> regex(std::string_view pattern);
  // The regular expression of a glob, or nullptr.
  [[nodiscard]] std::shared_ptr<const re2::RE2> find(std::string const& key);
  // What is there already stays.
  void keep(std::string const& key, std::shared_ptr<const re2::RE2> const& compiled);

 private:
  std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const re2::RE2>> compiled_;
};

}  // namespace aw::rego
