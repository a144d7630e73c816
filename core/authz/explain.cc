// SPDX-License-Identifier: Apache-2.0
#include "core/authz/explain.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <string_view>

#include "core/base/text.h"

namespace aw::authz {
namespace {

constexpr std::size_t kMaxRules = 40;
constexpr std::size_t kMaxEvents = 400;
constexpr std::size_t kMaxValue = 160;
constexpr std::size_t kMarkColumn = 72;

double milliseconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// 0.8 ms, 0.06 ms
std::string duration_text(std::chrono::nanoseconds duration) {
  auto const value = milliseconds(duration);
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
  auto text = text::printable(value.to_text());
  if (text.size() <= kMaxValue) return text;
  // Not in the middle of a UTF-8 character.
  auto end = kMaxValue;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

std::string verdict_line(Explanation const& explanation) {
  auto const& decision = explanation.decision;
  std::string out = decision.allowed() ? "ALLOWED" : "DENIED ";
  if (decision.would_deny) out += " (log-only: would be denied)";
  out += "  reason " + text::printable(decision.reason) + "   policy " + explanation.policy_path;
  if (!decision.policy_digest.empty()) out += " @ " + short_digest(decision.policy_digest);
  if (!decision.decided_by.empty()) {
    out += decision.decided_by.find(':') == std::string::npos ? "  " : "  OPA ";
    out += decision.decided_by;
  }
  if (!decision.rule.empty()) out += "  rule " + decision.rule;
  return out + "  " + duration_text(decision.duration);
}

std::string mark_of(rego::ExprRecord const& expression) {
  switch (expression.state) {
    case rego::ExprState::held:
      return "✓";
    case rego::ExprState::not_reached:
      return "· not reached";
    case rego::ExprState::failed:
      break;
  }
  std::string out = "✗";
  for (auto const& [name, value] : expression.values) {
    if (value.to_text() == name) continue;  // a literal: it says so itself
    out += " " + name + " = " + (value.defined() ? value_text(value) : "undefined") + ",";
  }
  if (out.ends_with(',')) out.pop_back();
  return out;
}

// Policies are indented with tabs, which a terminal would not line up.
std::string source_line(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '\t') {
      out += "  ";
    } else {
      out += c;
    }
  }
  return text::printable(out);
}

// The rule as it is written, each line with what became of its expressions.
void append_rule(std::string& out, rego::RuleRecord const& rule, int number_width) {
  auto line = rule.location.line;
  for (auto const text : text::split(rule.text, '\n')) {
    auto number = std::to_string(line);
    number.insert(
        0, static_cast<std::size_t>(std::max(0, number_width - static_cast<int>(number.size()))),
        ' ');
    auto row = "  " + number + " │ " + source_line(text);
    std::string marks;
    for (auto const& expression : rule.expressions) {
      if (expression.line != line) continue;
      marks += (marks.empty() ? "" : "  ") + mark_of(expression);
    }
    if (!marks.empty()) {
      // The bar is three bytes and one column.
      if (row.size() < kMarkColumn + 2) row.append(kMarkColumn + 2 - row.size(), ' ');
      row += "  " + marks;
    }
    out += "\n" + row;
    ++line;
  }
}

void append_rules(std::string& out, rego::Why const& why) {
  std::string file;
  std::size_t shown = 0;
  for (auto const& rule : why.rules) {
    if (rule.is_default) continue;
    if (++shown > kMaxRules) {
      out += "\n  … more rules, see -o json";
      return;
    }
    if (rule.location.file != file) {
      file = rule.location.file;
      out += "\n  " + file;
    }
    append_rule(out, rule, 4);
  }
}

void append_flips(std::string& out, rego::Why const& why) {
  if (why.near_misses.empty()) return;
  out += "\nwhat would flip it (smallest first):";
  int number = 0;
  for (auto const& miss : why.near_misses) {
    out += "\n  " + std::to_string(++number) + ". " + text::printable(miss.text);
  }
}

void append_opa_events(std::string& out, rego::Value const& events) {
  std::size_t shown = 0;
  for (auto const& event : events.items()) {
    if (++shown > kMaxEvents) {
      out += "\n  … more, see -o json";
      return;
    }
    out += "\n  " + text::printable(event.as_string());
  }
}

json::Json to_json(rego::Value const& value) {
  if (!value.defined()) return nullptr;
  auto parsed = json::Json::parse(value.to_json(), nullptr, false);
  return parsed.is_discarded() ? json::Json(value.to_json()) : parsed;
}

std::string_view state_name(rego::ExprState state) {
  switch (state) {
    case rego::ExprState::held:
      return "held";
    case rego::ExprState::failed:
      return "failed";
    case rego::ExprState::not_reached:
      return "not_reached";
  }
  return "not_reached";
}

json::Json rule_json(rego::RuleRecord const& rule) {
  json::Json expressions = json::Json::array();
  for (auto const& expression : rule.expressions) {
    json::Json values = json::Json::object();
    for (auto const& [name, value] : expression.values) values[name] = to_json(value);
    expressions.push_back({{"line", expression.line},
                           {"text", expression.text},
                           {"state", state_name(expression.state)},
                           {"values", std::move(values)}});
  }
  return {{"path", rule.path},   {"rule", rule.location.text()},
          {"fired", rule.fired}, {"default", rule.is_default},
          {"held", rule.held},   {"expressions", std::move(expressions)}};
}

json::Json decision_json(AuthzDecision const& decision) {
  json::Json out = {{"allow", decision.allowed()},
                    {"decision", decision.allowed() ? "allow" : "deny"},
                    {"reason", decision.reason},
                    {"rule", decision.rule},
                    {"policy_id", decision.policy_id},
                    {"policy_digest", decision.policy_digest},
                    {"policy_generation", decision.generation},
                    {"decided_by", decision.decided_by},
                    {"cached", decision.cached},
                    {"would_deny", decision.would_deny},
                    {"duration_ms", milliseconds(decision.duration)}};
  if (!decision.allowed() || decision.would_deny) out["code"] = code_name(decision.code);
  if (decision.retry_after.count() > 0) out["retry_after"] = decision.retry_after.count();
  return out;
}

json::Json trace_json(Explanation const& explanation) {
  json::Json out = {{"rules_evaluated", json::Json::array()},
                    {"rule_matched", nullptr},
                    {"evaluation_time_ms", milliseconds(explanation.decision.duration)},
                    {"input", to_json(explanation.input)}};
  if (explanation.decision.allowed() && !explanation.decision.rule.empty()) {
    out["rule_matched"] = explanation.decision.rule;
  }
  if (explanation.why) {
    for (auto const& rule : explanation.why->rules) {
      out["rules_evaluated"].push_back(rule_json(rule));
    }
    out["closest_rule"] = explanation.why->summary;
    out["what_would_flip_it"] = json::Json::array();
    for (auto const& miss : explanation.why->near_misses) {
      out["what_would_flip_it"].push_back({{"path", miss.path},
                                           {"text", miss.text},
                                           {"adds", miss.adds},
                                           {"value", to_json(miss.value)}});
    }
  }
  if (!explanation.events.empty()) {
    out["events"] = json::Json::array();
    for (auto const& event : explanation.events) {
      out["events"].push_back({{"op", event.op},
                               {"depth", event.depth},
                               {"at", event.location.text()},
                               {"text", event.text}});
    }
  }
  if (explanation.opa_events.defined()) out["events"] = to_json(explanation.opa_events);
  if (explanation.opa_metrics.defined()) out["opa_metrics"] = to_json(explanation.opa_metrics);
  return out;
}

}  // namespace

std::string explanation_text(Explanation const& explanation) {
  auto out = verdict_line(explanation);
  if (explanation.why) {
    append_rules(out, *explanation.why);
    if (!explanation.decision.allowed()) append_flips(out, *explanation.why);
  }
  append_opa_events(out, explanation.opa_events);
  return out;
}

json::Json explanation_json(Explanation const& explanation) {
  return {{"decision", decision_json(explanation.decision)}, {"trace", trace_json(explanation)}};
}

std::string closest_rule(Explanation const& explanation) {
  return explanation.why ? explanation.why->summary : std::string();
}

}  // namespace aw::authz
