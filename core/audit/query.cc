// SPDX-License-Identifier: Apache-2.0
#include "core/audit/query.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/base/text.h"

namespace aw::audit {
namespace {

constexpr std::size_t kMaxTerms = 64;

constexpr auto kShortNames = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"t", "timestamp"},
    {"time", "timestamp"},
    {"caller", "caller_spiffe_id"},
    {"callee", "callee_spiffe_id"},
    {"peer", "callee_spiffe_id"},
    {"target", "callee_spiffe_id"},
    {"type", "event_type"},
    {"trace", "trace_id"},
});

// What a record may have: its chain's members, the event's (event.cc), a checkpoint's.
constexpr auto kMembers = std::to_array<std::string_view>({"seq",
                                                           "prev_hash",
                                                           "hash",
                                                           "event_type",
                                                           "timestamp",
                                                           "agent_name",
                                                           "audit_id",
                                                           "decision_id",
                                                           "trace_id",
                                                           "span_id",
                                                           "caller_id",
                                                           "caller_spiffe_id",
                                                           "peer_id",
                                                           "action",
                                                           "callee_spiffe_id",
                                                           "resource",
                                                           "capability",
                                                           "direction",
                                                           "decision",
                                                           "cached",
                                                           "mode",
                                                           "would_deny",
                                                           "shadow",
                                                           "outcome",
                                                           "reason",
                                                           "code",
                                                           "rule",
                                                           "policy_id",
                                                           "duration",
                                                           "policy_digest",
                                                           "duration_ms",
                                                           "policy_generation",
                                                           "remote_address",
                                                           "request_id",
                                                           "receipt",
                                                           "task_id",
                                                           "context",
                                                           "checkpoint",
                                                           "signature"});

// Members whose values are words of ours. Everything else is somebody's name, and names that differ
// in case are two names (SPIFFE-ID §2.2).
constexpr auto kOurWords =
    std::to_array<std::string_view>({"decision", "outcome", "event_type", "direction", "mode",
                                     "code", "shadow", "cached", "would_deny"});

bool same_value(std::string_view field, std::string_view a, std::string_view b) {
  return std::ranges::find(kOurWords, field) == kOurWords.end() ? a == b
                                                                : text::equal_ignoring_case(a, b);
}

std::optional<std::string> value_of(json::Json const& record, std::string const& field) {
  auto const found = record.find(field);
  if (found == record.end()) return std::nullopt;
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string text_of(json::Json const& record, std::string const& field) {
  return value_of(record, field).value_or("");
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  auto const* const end = text.end();
  auto const [rest, error] = std::from_chars(text.begin(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

int compare(std::string const& a, std::string const& b) {
  auto const x = number_of(a);
  auto const y = number_of(b);
  if (x && y) return *x < *y ? -1 : (*x > *y ? 1 : 0);
  return a.compare(b);
}

// The end of a value, honouring double quotes; npos when a quote is not closed.
std::size_t end_of_term(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && text.substr(i, 2) == "&&") return i;
  }
  return quoted ? std::string_view::npos : text.size();
}

Error bad_term(std::string_view term, std::string_view why) {
  return make_error(Code::usage,
                    "query term \"" + text::printable(term) + "\": " + std::string(why),
                    "for example: 'caller==spiffe://corp.example/agent/planner && t>=2026-11-22'");
}

}  // namespace

Result<std::string> field_name(std::string_view name) {
  for (auto const& [brief, full] : kShortNames) {
    if (brief == name) return std::string(full);
  }
  if (std::ranges::find(kMembers, name) != kMembers.end()) return std::string(name);
  std::vector<std::string_view> known(kMembers.begin(), kMembers.end());
  for (auto const& [brief, full] : kShortNames) known.push_back(brief);
  auto const near = text::nearest(name, known);
  return make_error(Code::usage, "no audit record has a field \"" + text::printable(name) + '"',
                    near ? "did you mean \"" + std::string(*near) + "\"?"
                         : "for example: t, caller, callee, action, decision, code, reason, rule, "
                           "trace, decision_id");
}

Result<Filter::Term> Filter::parse_term(std::string_view text) {
  constexpr auto kOps = std::to_array<std::pair<std::string_view, Op>>({
      {"==", Op::equal},
      {"!=", Op::unequal},
      {"<=", Op::less_equal},
      {">=", Op::greater_equal},
      {"=", Op::equal},
      {"<", Op::less},
      {">", Op::greater},
      {"~", Op::contains},
  });
  auto const at = text.find_first_of("=!<>~");
  if (at == std::string_view::npos) return bad_term(text, "no comparison");
  auto const field = text::trim(text.substr(0, at));
  if (field.empty()) return bad_term(text, "no field");
  for (auto const& [sign, op] : kOps) {
    if (text.substr(at, sign.size()) != sign) continue;
    auto value = text::trim(text.substr(at + sign.size()));
    // =~ and <> are comparisons elsewhere; here they would look for a value that begins so, find
    // nothing, and pass for an answer.
    if (!value.empty() && std::string_view("=~<>").contains(value.front())) {
      return bad_term(text, "no such comparison; quote a value that begins with it");
    }
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    AW_TRY(auto name, field_name(field));
    return Term{.field = std::move(name), .op = op, .value = std::string(value)};
  }
  return bad_term(text, "no comparison");
}

Result<Filter> Filter::parse(std::string_view text) {
  Filter out;
  auto rest = text::trim(text);
  if (rest.empty()) return out;
  for (;;) {
    auto const end = end_of_term(rest);
    if (end == std::string_view::npos) return bad_term(rest, "a quote is not closed");
    if (out.terms_.size() == kMaxTerms) return bad_term(rest, "too many terms");
    AW_TRY(auto term, parse_term(text::trim(rest.substr(0, end))));
    out.terms_.push_back(std::move(term));
    if (end == rest.size()) return out;
    rest.remove_prefix(end + 2);
  }
}

bool Filter::holds(Term const& term, json::Json const& record) {
  auto const value = value_of(record, term.field);
  if (!value) return term.op == Op::unequal;
  switch (term.op) {
    case Op::equal:
      return same_value(term.field, *value, term.value);
    case Op::unequal:
      return !same_value(term.field, *value, term.value);
    case Op::less:
      return compare(*value, term.value) < 0;
    case Op::less_equal:
      return compare(*value, term.value) <= 0;
    case Op::greater:
      return compare(*value, term.value) > 0;
    case Op::greater_equal:
      return compare(*value, term.value) >= 0;
    case Op::contains:
      return value->find(term.value) != std::string::npos;
  }
  return false;
}

bool Filter::matches(json::Json const& record) const {
  return record.is_object() &&
         std::ranges::all_of(terms_, [&record](Term const& term) { return holds(term, record); });
}

Result<Grouping> Grouping::by(std::string_view fields) {
  std::vector<std::string> names;
  for (auto const part : text::split(fields, ',')) {
    auto const written = text::trim(part);
    if (written.empty() || written == "decision" || written == "outcome") continue;
    AW_TRY(auto name, field_name(written));
    names.push_back(std::move(name));
  }
  return Grouping(std::move(names));
}

void Grouping::add(json::Json const& record) {
  std::vector<std::string> values;
  values.reserve(fields_.size());
  for (auto const& field : fields_) values.push_back(text_of(record, field));
  if (rows_.size() >= kMaxRows && !rows_.contains(values)) {
    std::ranges::fill(values, "…");
  }
  auto& row = rows_[values];
  row.values = std::move(values);
  ++row.records;
  auto const decision = text_of(record, "decision");
  if (decision == "allow") ++row.allowed;
  if (decision == "deny") ++row.denied;
  auto time = text_of(record, "timestamp");
  if (row.first.empty() || time < row.first) row.first = time;
  if (time > row.last) row.last = std::move(time);
}

std::vector<Grouping::Row> Grouping::rows() const {
  std::vector<Row> out;
  out.reserve(rows_.size());
  for (auto const& [values, row] : rows_) out.push_back(row);
  std::ranges::sort(out, [](Row const& a, Row const& b) {
    return a.records != b.records ? a.records > b.records : a.values < b.values;
  });
  return out;
}

std::string record_text(json::Json const& record) {
  auto const text = [&record](char const* field) { return text_of(record, field); };
  auto decision = text("decision");
  std::string verdict = decision == "allow" ? "ALLOW" : (decision == "deny" ? "DENY " : "     ");
  auto out = text("timestamp") + "  " + verdict + "  " + text("event_type");
  auto const add = [&out](std::string const& part) {
    if (!part.empty()) out += "  " + part;
  };
  add(text("action"));
  auto const caller = text("caller_spiffe_id");
  auto const callee = text("callee_spiffe_id");
  if (!caller.empty() || !callee.empty()) add(caller + " → " + callee);
  add(text("code"));
  add(text("outcome"));
  add(text("reason"));
  add(text("decision_id"));
  add("seq " + text("seq"));
  return text::printable(out);
}

}  // namespace aw::audit
