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

// Reads a glob as OPA's library does, and finds the same faults at the same places.
class PatternParser {
 public:
  explicit PatternParser(std::string_view text) : text_(text), runes_(to_runes(text)) {}

  Result<std::vector<Part>> parse() {
    std::vector<Part> parts;
    while (at_ < runes_.size() && problem_.empty()) {
      Part part;
      if (!parse_part(part)) break;
      if (at_ < runes_.size() && (runes_[at_] == '*' || runes_[at_] == '+')) {
        part.repeats = true;
        part.optional = runes_[at_++] == '*';
      }
      parts.push_back(std::move(part));
      if (parts.size() > kMaxParts) return make_error(Code::policy_builtin, "pattern is too long");
    }
    if (!problem_.empty()) return make_error(Code::policy_builtin, problem_);
    return parts;
  }

 private:
  bool fail(std::string_view what) {
    problem_ = "input:" + std::string(text_) + ", pos:" + std::to_string(at_) + ", " +
               std::string(what) + ": the input provided is invalid";
    return false;
  }

  // The next character, and whether it was escaped. Precondition: there is one.
  bool rune(Rune& out, bool& escaped) {
    escaped = runes_[at_] == '\\';
    if (escaped && at_ + 1 == runes_.size()) {
      return fail("input ends with a \\ (escape) character");
    }
    at_ += escaped ? 1 : 0;
    out = runes_[at_++];
    return true;
  }

  bool parse_part(Part& part) {
    Rune c = 0;
    bool escaped = false;
    if (!rune(c, escaped)) return false;
    if (!escaped && c == '[') return parse_class(part);
    if (!escaped && c == ']') return fail("set-close ']' with no preceding '['");
    if (!escaped && (c == '*' || c == '+')) {
      return fail("flag '" + std::string(1, static_cast<char>(c)) +
                  "' must be preceded by a non-flag");
    }
    part.ranges = {{c, c}};
    if (!escaped && c == '.') part.ranges = {{0, 0x10FFFF}};
    return true;
  }

  bool parse_class(Part& part) {
    bool open_range = false;  // the last range is one character, which `-` may widen
    while (at_ < runes_.size()) {
      Rune c = 0;
      bool escaped = false;
      if (!rune(c, escaped)) return false;
      if (!escaped && c == ']') return true;
      if (!escaped && c == '-') {
        if (!open_range) return fail("range character '-' must be preceded by a Unicode character");
        if (!widen(part.ranges.back())) return false;
        open_range = false;
        continue;
      }
      part.ranges.push_back({c, c});
      open_range = true;
    }
    return fail("found [ without matching ]");
  }

  bool widen(Range& range) {
    if (at_ + 1 >= runes_.size()) {
      return fail("range character '-' must be followed by a Unicode character");
    }
    bool escaped = false;
    Rune to = 0;
    if (!rune(to, escaped)) return false;
    if (!escaped && (to == ']' || to == '-')) {
      return fail("range character '-' cannot be followed by a special symbol");
    }
    if (to < range.from) {
      std::string words = "range is out of order: '";
      append_utf8(words, to);
      words += "' comes before '";
      append_utf8(words, range.from);
      return fail(words + "' in Unicode");
    }
    range.to = to;
    return true;
  }

  std::string_view text_;
  std::vector<Rune> runes_;
  std::size_t at_ = 0;
  std::string problem_;
};

constexpr std::size_t kMostPlaces = 4'000'000;

}  // namespace

// Walks both as automata side by side.
Result<bool> globs_intersect(std::string_view left, std::string_view right,
                             std::function<bool()> const& interrupted) {
  AW_TRY(auto a, PatternParser(left).parse());
  AW_TRY(auto b, PatternParser(right).parse());
  std::set<std::pair<std::size_t, std::size_t>> seen;
  std::vector<std::pair<std::size_t, std::size_t>> open;
  auto reach = [&](std::size_t i, std::size_t j) {
    if (seen.insert({i, j}).second) open.emplace_back(i, j);
  };
  // A place is "before part i"; a repeated part that has matched once is before i again, with the
  // right to leave it: places are doubled to tell the two apart.
  auto optional_at = [](std::vector<Part> const& parts, std::size_t place) {
    return place % 2 == 1 || parts[place / 2].optional;
  };
  reach(0, 0);
  while (!open.empty()) {
    // An answer that was not found out would be a wrong one.
    if (seen.size() > kMostPlaces || (seen.size() % 4096 == 0 && interrupted()))
      return make_error(Code::timeout, "the patterns are too large to compare");
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
