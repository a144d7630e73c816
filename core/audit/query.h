// SPDX-License-Identifier: Apache-2.0
// Asking an audit log: which records, and how many of what. Pure.
//
//   caller==spiffe://corp.example/agent/planner && t>=2026-11-22T22:00 && decision!=allow
//
// Terms joined by &&: FIELD OP VALUE with == != < <= > >= and ~ (contains). Fields are the record's
// own names, and short ones: t, caller, callee, peer, target, type, trace, decision, outcome.
// Numbers compare as numbers, all else as text (times are text that sorts). A value with blanks or
// && stands in double quotes. A field the record does not have equals nothing; one that no record
// has is a mistake.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json.h"
#include "core/base/result.h"

namespace aw::audit {

// Equality ignores case in words of ours (decision, outcome, event_type, …), not in names. At most
// 64 terms. Immutable once parsed.
class Filter {
 public:
  // An empty text matches everything. Error: usage, saying which term.
  static Result<Filter> parse(std::string_view text);
  // False for what is no object.
  [[nodiscard]] bool matches(json::Json const& record) const;

 private:
  enum class Op { equal, unequal, less, less_equal, greater, greater_equal, contains };
  struct Term {
    std::string field;
    Op op = Op::equal;
    std::string value;
  };
  static Result<Term> parse_term(std::string_view text);
  static bool holds(Term const& term, json::Json const& record);
  std::vector<Term> terms_;
};

// The record's own name of a field: "caller" -> "caller_spiffe_id". Code::usage for what no record
// has, with the nearest name.
[[nodiscard]] Result<std::string> field_name(std::string_view name);

// How many records were allowed and denied for each combination of some fields.
class Grouping {
 public:
  // One combination of values; `first` and `last` are its records' times.
  struct Row {
    std::vector<std::string> values;
    std::uint64_t records = 0;
    std::uint64_t allowed = 0;
    std::uint64_t denied = 0;
    std::string first;
    std::string last;
  };
  // Combinations beyond it are not told apart: they fall together under "…".
  static constexpr std::size_t kMaxRows = 10'000;

  // `fields`: "action,caller"; decision and outcome are columns of their own and left out.
  static Result<Grouping> by(std::string_view fields);
  void add(json::Json const& record);
  [[nodiscard]] std::vector<std::string> const& fields() const { return fields_; }
  [[nodiscard]] std::vector<Row> rows() const;  // most records first

 private:
  explicit Grouping(std::vector<std::string> fields) : fields_(std::move(fields)) {}

  std::vector<std::string> fields_;
  std::map<std::vector<std::string>, Row> rows_;
};

// One line for people: time, verdict, action, who to whom, why, number. No control characters.
[[nodiscard]] std::string record_text(json::Json const& record);

}  // namespace aw::audit
