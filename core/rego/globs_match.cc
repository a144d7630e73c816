// SPDX-License-Identifier: Apache-2.0
#include "core/rego/globs_match.h"

#include <algorithm>
#include <set>
#include <vector>

#include "core/rego/utf8.h"

namespace aw::rego {
namespace {

constexpr std::size_t kMaxParts = 2'000;

struct Range {
  Rune from;
  Rune to;
};

// One character out of ranges; `repeats`: may come again; `optional`: may be left out.
struct Part {
  std::vector<Range> ranges;
  bool repeats = false;
  bool optional = false;
};

bool overlap(Part const& a, Part const& b) {
  for (Range const& x : a.ranges) {
    for (Range const& y : b.ranges) {
      if (x.from <= y.to && y.from <= x.to) return true;
    }
  }
  return false;
}

class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : runes_(to_runes(text)) {}

  Result<std::vector<Part>> parse() {
    std::vector<Part> parts;
    while (at_ < runes_.size()) {
      Part part;
      Rune c = runes_[at_++];
      if (c == '[') {
        if (!parse_class(part))
          return make_error(Code::policy_builtin, "input is not a valid pattern");
      } else if (c == '.') {
        part.ranges = {{0, 0x10FFFF}};
      } else if (c == '*' || c == '+' || c == ']') {
        return make_error(Code::policy_builtin, "input is not a valid pattern");
      } else {
        if (c == '\\' && at_ < runes_.size()) c = runes_[at_++];
        part.ranges = {{c, c}};
      }
      if (at_ < runes_.size() && (runes_[at_] == '*' || runes_[at_] == '+')) {
        part.repeats = true;
        part.optional = runes_[at_++] == '*';
      }
      parts.push_back(std::move(part));
      if (parts.size() > kMaxParts) return make_error(Code::policy_builtin, "pattern is too long");
    }
    return parts;
  }

 private:
  bool parse_class(Part& part) {
    while (at_ < runes_.size() && runes_[at_] != ']') {
      Rune from = runes_[at_++];
      if (from == '\\' && at_ < runes_.size()) from = runes_[at_++];
      Rune to = from;
      if (at_ + 1 < runes_.size() && runes_[at_] == '-' && runes_[at_ + 1] != ']') {
        ++at_;
        to = runes_[at_++];
        if (to == '\\' && at_ < runes_.size()) to = runes_[at_++];
      }
      if (to < from) return false;
      part.ranges.push_back({from, to});
    }
    if (at_ >= runes_.size()) return false;
    ++at_;
    return !part.ranges.empty();
  }

  std::vector<Rune> runes_;
  std::size_t at_ = 0;
};

}  // namespace

// Walks both as automata side by side.
Result<bool> globs_intersect(std::string_view left, std::string_view right) {
  AW_TRY(auto a, PatternParser(left).parse());
  AW_TRY(auto b, PatternParser(right).parse());
  std::set<std::pair<std::size_t, std::size_t>> seen;
  std::vector<std::pair<std::size_t, std::size_t>> open;
  auto reach = [&](std::size_t i, std::size_t j) {
    if (seen.size() < 4'000'000 && seen.insert({i, j}).second) open.emplace_back(i, j);
  };
  // A place is "before part i"; a repeated part that has matched once is before i again, with the
  // right to leave it: places are doubled to tell the two apart.
  auto optional_at = [](std::vector<Part> const& parts, std::size_t place) {
    return place % 2 == 1 || parts[place / 2].optional;
  };
  reach(0, 0);
  while (!open.empty()) {
    auto [i, j] = open.back();
    open.pop_back();
    bool end_a = i / 2 >= a.size();
    bool end_b = j / 2 >= b.size();
    if (end_a && end_b) return true;
    if (!end_a && optional_at(a, i)) reach((i / 2 + 1) * 2, j);
    if (!end_b && optional_at(b, j)) reach(i, (j / 2 + 1) * 2);
    if (end_a || end_b || !overlap(a[i / 2], b[j / 2])) continue;
    std::size_t next_i = a[i / 2].repeats ? i / 2 * 2 + 1 : (i / 2 + 1) * 2;
    std::size_t next_j = b[j / 2].repeats ? j / 2 * 2 + 1 : (j / 2 + 1) * 2;
    reach(next_i, next_j);
  }
  return false;
}

}  // namespace aw::rego
