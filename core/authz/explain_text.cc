// SPDX-License-Identifier: Apache-2.0
// The explanation for a person: the rules as they are written, each line with what became of it.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <string_view>

#include "core/authz/explain.h"
#include "core/base/text.h"

namespace aw::authz {
namespace {

constexpr std::size_t kMaxRules = 40;
constexpr std::size_t kMaxEvents = 2'000;
constexpr std::size_t kMaxValue = 160;
constexpr std::size_t kMarkColumn = 76;  // marks of longer lines stand behind them
constexpr int kMaxHops = 8;

using rego::ExprRecord;
using rego::ExprState;
using rego::RuleRecord;

// 0.8 ms, 0.06 ms
std::string duration_text(std::chrono::nanoseconds duration) {
  auto const value = std::chrono::duration<double, std::milli>(duration).count();
  std::array<char, 32> digits{};
  auto const [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                          std::chars_format::fixed, value < 0.1 ? 2 : 1);
  return std::string(digits.data(), end) + " ms";
}

std::string short_digest(std::string const& digest) {
  constexpr std::size_t kKept = 11;  // "sha256:" and four digits
  return digest.size() > kKept ? digest.substr(0, kKept) + "…" : digest;
}

std::string value_text(rego::Value const& value) {
  if (!value.defined()) return "undefined";
  auto text = text::printable(value.to_text());
  if (text.size() <= kMaxValue) return text;
  // Not in the middle of a UTF-8 character.
  auto end = kMaxValue;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

// ["spiffe://corp.example/agent/planner"] -> ["…/planner"]: a path on one line. JSON has it whole.
std::string short_ids(std::string text) {
  constexpr std::string_view kHead = "[\"spiffe://";
  for (auto at = text.find(kHead); at != std::string::npos; at = text.find(kHead, at + 1)) {
    auto const end = text.find("\"]", at);
    if (end == std::string::npos) break;
    auto const slash = text.rfind('/', end);
    text.replace(at + 2, slash - (at + 2), "…");
  }
  return text;
}

// The last part of a SPIFFE ID; any other value as it is.
std::string short_name(rego::Value const& value) {
  auto const text = value.as_string();
  if (!text.starts_with("spiffe://")) return value_text(value);
  return text::printable(std::string(text.substr(text.rfind('/') + 1)));
}

bool is_literal(std::string const& name, rego::Value const& value) {
  return value.defined() && value.to_text() == name;
}

class Text {
 public:
  Text(Explanation const& explanation, Paint const& paint)
      : explanation_(explanation), why_(explanation.why.get()), paint_(paint) {}

  std::string run() {
    verdict();
    if (why_ != nullptr) {
      choose_rules();
      measure();
      std::string file;
      for (auto const index : shown_) rule(why_->rules[index], file);
      if (hidden_) out_ += "\n  … more rules, see -o json";
      if (!explanation_.decision.allowed()) flips();
    }
    events();
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string painted(Tone tone, std::string const& text) const {
    return paint_ ? paint_(tone, text) : text;
  }

  void verdict() {
    auto const& decision = explanation_.decision;
    out_ = decision.allowed() ? painted(Tone::good, "ALLOWED") : painted(Tone::bad, "DENIED") + " ";
    if (decision.would_deny) out_ += " (log-only: would be denied)";
    out_ +=
        "  reason " + text::printable(decision.reason) + "   policy " + explanation_.policy_path;
    if (!decision.policy_digest.empty()) out_ += " @ " + short_digest(decision.policy_digest);
    if (!decision.decided_by.empty()) {
      bool const remote = decision.decided_by.find(':') != std::string::npos;
      out_ += (remote ? "  OPA " : "  ") + decision.decided_by;
    }
    if (!decision.rule.empty()) out_ += "  rule " + decision.rule;
    out_ += "  " + duration_text(decision.duration);
  }

  // The rules that were asked (of a whole package: those that decide), and the helpers where these
  // stopped; as they stand in their files.
  void choose_rules() {
    bool decides = false;
    for (auto const& rule : why_->rules) decides = decides || deciding(rule);
    std::set<std::size_t> chosen;
    for (std::size_t i = 0; i < why_->rules.size(); ++i) {
      auto const& rule = why_->rules[i];
      bool const asked = !rule.helper && !rule.is_default;
      if (asked && (!decides || deciding(rule))) add_rule(chosen, i, 0);
    }
    shown_.assign(chosen.begin(), chosen.end());
    std::ranges::sort(shown_, [this](std::size_t a, std::size_t b) {
      auto const& x = why_->rules[a].location;
      auto const& y = why_->rules[b].location;
      return std::tie(x.file, x.line, a) < std::tie(y.file, y.line, b);
    });
    hidden_ = shown_.size() > kMaxRules;
    if (hidden_) shown_.resize(kMaxRules);
  }

  static bool deciding(RuleRecord const& rule) {
    return !rule.helper && !rule.is_default &&
           (rule.path.ends_with(".allow") || (rule.path.ends_with(".deny") && rule.fired));
  }

  void add_rule(std::set<std::size_t>& chosen, std::size_t index, int hops) const {
    if (hops > kMaxHops || !chosen.insert(index).second) return;
    for (auto const& expression : why_->rules[index].expressions) {
      for (auto const asked : expression.asks) {
        auto const index_asked = static_cast<std::size_t>(asked);
        if (stopped(why_->rules[index_asked])) add_rule(chosen, index_asked, hops + 1);
      }
    }
  }

  static bool stopped(RuleRecord const& rule) {
    return std::ranges::any_of(rule.expressions, [](ExprRecord const& expression) {
      return expression.state == ExprState::failed;
    });
  }

  // Marks line up behind the longest line that is not too long.
  void measure() {
    for (auto const index : shown_) {
      for (auto const line : text::split(why_->rules[index].text, '\n')) {
        auto const size = source_line(line).size();
        if (size <= kMarkColumn) column_ = std::max(column_, size);
      }
    }
  }

  // Policies are indented with tabs, which a terminal would not line up.
  static std::string source_line(std::string_view line) {
    std::string out;
    for (char const c : line) out += c == '\t' ? std::string("  ") : std::string(1, c);
    return text::printable(out);
  }

  void rule(RuleRecord const& rule, std::string& file) {
    if (rule.location.file != file) {
      file = rule.location.file;
      out_ += "\n  " + painted(Tone::dim, file);
    }
    auto line = rule.location.line;
    for (auto const text : text::split(rule.text, '\n')) {
      auto number = std::to_string(line);
      constexpr std::size_t kNumber = 4;
      if (number.size() < kNumber) number.insert(0, kNumber - number.size(), ' ');
      auto const source = source_line(text);
      auto const state = state_of(rule, line);
      out_ += "\n" + painted(Tone::dim, "  " + number + " │ ") + painted(state, source);
      auto const marks = marks_of(rule, line);
      if (!marks.empty()) {
        out_.append(source.size() < column_ ? column_ - source.size() : 0, ' ');
        out_ += "   " + marks;
      }
      ++line;
    }
  }

  static Tone state_of(RuleRecord const& rule, int line) {
    Tone out = Tone::plain;
    for (auto const& expression : rule.expressions) {
      if (expression.line != line) continue;
      if (expression.state == ExprState::failed) return Tone::bad;
      out = expression.state == ExprState::held ? Tone::good : Tone::dim;
    }
    return out;
  }

  [[nodiscard]] std::string marks_of(RuleRecord const& rule, int line) const {
    std::string out;
    for (auto const& expression : rule.expressions) {
      if (expression.line != line) continue;
      out += (out.empty() ? "" : "  ") + mark(expression);
    }
    return out;
  }

  [[nodiscard]] std::string mark(ExprRecord const& expression) const {
    switch (expression.state) {
      case ExprState::held:
        return painted(Tone::good, "✓" + held_note(expression));
      case ExprState::not_reached:
        return painted(Tone::dim, "· not reached");
      case ExprState::failed:
        break;
    }
    return painted(Tone::bad, "✗" + failed_note(expression));
  }

  static std::string held_note(ExprRecord const& expression) {
    auto const& values = expression.values;
    if (expression.membership && values.size() == 2 &&
        !is_literal(values[0].first, values[0].second)) {
      return " " + short_name(values[0].second) + " is listed";
    }
    for (auto const& [name, value] : values) {
      bool const local = name.find_first_of(".[(\" ") == std::string::npos;
      bool const scalar = value.is(rego::Kind::string) || value.is(rego::Kind::number);
      if (local && scalar && !is_literal(name, value))
        return " " + name + " = " + value_text(value);
    }
    return {};
  }

  // Where a helper stopped says more than that it has no value.
  [[nodiscard]] std::string failed_note(ExprRecord const& expression) const {
    ExprRecord const* at = &expression;
    RuleRecord const* where = nullptr;
    for (int hops = 0; hops < kMaxHops; ++hops) {
      auto const* deeper = stopped_below(*at, where);
      if (deeper == nullptr) break;
      at = deeper;
    }
    if (where == nullptr) return values_note(expression);
    std::string const line = "line " + std::to_string(at->line);
    return " " + line + ":" + values_note(*at);
  }

  [[nodiscard]] ExprRecord const* stopped_below(ExprRecord const& expression,
                                                RuleRecord const*& where) const {
    for (auto const asked : expression.asks) {
      auto const& rule = why_->rules[static_cast<std::size_t>(asked)];
      auto const stopped =
          std::ranges::find(rule.expressions, ExprState::failed, &ExprRecord::state);
      if (stopped == rule.expressions.end()) continue;
      where = &rule;
      return &*stopped;
    }
    return nullptr;
  }

  static std::string values_note(ExprRecord const& expression) {
    auto const& values = expression.values;
    if (expression.membership && values.size() == 2) {
      if (!values[1].second.defined()) return " " + short_ids(values[1].first) + " is undefined";
      return " " + value_text(values[0].second) + " is not in " + value_text(values[1].second);
    }
    std::string out;
    for (auto const& [name, value] : values) {
      if (is_literal(name, value)) continue;  // it says so itself
      out += (out.empty() ? " " : ", ") + short_ids(name) + " = " + value_text(value);
    }
    return out;
  }

  void flips() {
    if (why_->near_misses.empty()) return;
    out_ += "\nwhat would flip it (smallest first):";
    int number = 0;
    for (auto const& miss : why_->near_misses) {
      out_ += "\n  " + std::to_string(++number) + ". " + short_ids(text::printable(miss.text));
    }
  }

  void events() {
    auto lines = rego::event_lines(explanation_.events);
    for (auto const& event : explanation_.opa_events.items()) {
      lines.emplace_back(event.as_string());
    }
    if (lines.size() > kMaxEvents) {
      lines.resize(kMaxEvents);
      lines.emplace_back("… more, see -o json");
    }
    for (auto const& line : lines) out_ += "\n  " + text::printable(line);
  }

  Explanation const& explanation_;
  rego::Why const* const why_;
  Paint const& paint_;
  std::string out_;
  std::vector<std::size_t> shown_;
  std::size_t column_ = 0;
  bool hidden_ = false;
};

}  // namespace

std::string explanation_text(Explanation const& explanation, Paint const& paint) {
  return Text(explanation, paint).run();
}

}  // namespace aw::authz
