// SPDX-License-Identifier: Apache-2.0
#include "core/rego/pattern_set.h"

#include <re2/set.h>

namespace aw::rego {
namespace {

re2::RE2::Options set_options() {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(32 << 20);
  return options;
}

}  // namespace

struct PatternSet::Inside {
  re2::RE2::Set set{set_options(), re2::RE2::UNANCHORED};
};

PatternSet::PatternSet() : inside_(std::make_unique<Inside>()) {}
PatternSet::~PatternSet() = default;

bool PatternSet::add(std::string const& expression) {
  return inside_->set.Add(expression, nullptr) >= 0;
}

std::string literal_expression(std::string_view text) {
  return re2::RE2::QuoteMeta(re2::StringPiece(text.data(), text.size()));
}

bool PatternSet::seal() { return inside_->set.Compile(); }

bool PatternSet::match(std::string_view text, std::vector<int>& matched) const {
  re2::RE2::Set::ErrorInfo info{};
  bool any = inside_->set.Match(re2::StringPiece(text.data(), text.size()), &matched, &info);
  return any || info.kind == re2::RE2::Set::kNoError;
}

}  // namespace aw::rego
