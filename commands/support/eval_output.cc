// SPDX-License-Identifier: Apache-2.0
#include "commands/support/eval_output.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <set>

#include "core/rego/query_text.h"

namespace aw::commands {
namespace {

using Bindings = std::vector<std::pair<std::string, rego::Value>>;

json::Json place_json(std::string const& file, int row, int column) {
  return {{"file", file}, {"row", row}, {"col", column}};
}

// A path's value is bound to "result", which OPA does not show.
Bindings shown_bindings(rego::Outcome const& outcome, std::size_t i,
                        std::vector<rego::QueryExpression> const& expressions) {
  if (i >= outcome.bindings.size()) return {};
  Bindings out = outcome.bindings[i];
  std::erase_if(out, [&](auto const& binding) {
    bool const own = std::ranges::any_of(expressions, [](auto const& expression) {
      return expression.text.find("result") != std::string::npos;
    });
    return binding.first == "result" && !own;
  });
  return out;
}

json::Json bindings_json(Bindings const& bindings) {
  json::Json out = json::Json::object();
  for (auto const& [name, value] : bindings) out[name] = value_json(value);
  return out;
}

void write_raw(std::ostream& out, std::vector<rego::Value> const& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto const& value = values[i];
    out << (i > 0 ? " " : "");
    if (value.is(rego::Kind::string)) {
      out << value.as_string();
    } else {
      out << value.to_json();
    }
  }
  out << '\n';
}

// Columns of one width, with lines between, as OPA draws them.
class Grid {
 public:
  explicit Grid(std::vector<std::vector<std::string>> rows) : rows_(std::move(rows)) {
    for (auto const& row : rows_) {
      widths_.resize(std::max(widths_.size(), row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths_[i] = std::max(widths_[i], columns(row[i]));
      }
    }
  }
  void write(std::ostream& out) const {
    line(out, "┌", "┬", "┐");
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      auto const align = r == 0 ? Align::centre : Align::left;
      for (std::size_t i = 0; i < widths_.size(); ++i) cell(out, rows_[r][i], widths_[i], align);
      out << "│\n";
      if (r == 0) line(out, "├", "┼", "┤");
    }
    line(out, "└", "┴", "┘");
  }

 private:
  static std::size_t columns(std::string const& text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
  }
  enum class Align { left, centre };
  static void cell(std::ostream& out, std::string const& text, std::size_t width, Align align) {
    auto const gap = width - columns(text);
    auto const before = align == Align::centre ? gap / 2 : 0;
    out << "│ " << std::string(before, ' ') << text << std::string(gap - before, ' ') << ' ';
  }
  void line(std::ostream& out, char const* left, char const* middle, char const* right) const {
    out << left;
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      out << (i > 0 ? middle : "");
      for (std::size_t k = 0; k < widths_[i] + 2; ++k) out << "─";
    }
    out << right << '\n';
  }

  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

// A column: a variable, or an expression by its number.
struct Column {
  std::string title;
  std::optional<std::size_t> expression;
};

// What the first answer shows, as in OPA: expressions, of which those that only say yes or no have
// no column beside variables, then these by name.
std::vector<Column> columns_of(rego::Outcome const& outcome,
                               std::vector<rego::QueryExpression> const& expressions) {
  std::vector<Column> out;
  std::set<std::string> names;
  for (auto const& binding : shown_bindings(outcome, 0, expressions)) names.insert(binding.first);
  auto const& values = outcome.expressions.front();
  for (std::size_t i = 0; i < values.size() && i < expressions.size(); ++i) {
    if (values[i].is(rego::Kind::boolean) && !names.empty()) continue;
    out.push_back({.title = expressions[i].text, .expression = i});
  }
  for (auto const& name : names) out.push_back({.title = name, .expression = {}});
  return out;
}

// One value alone stands for itself; anything else is a table.
void write_pretty(std::ostream& out, rego::Outcome const& outcome, rego::Query const& query) {
  auto const expressions = rego::query_expressions(query);
  auto const all = solutions(outcome);
  if (all == 0 || outcome.expressions.front().empty()) {
    out << "undefined\n";
    return;
  }
  auto const& values = outcome.expressions.front();
  bool const alone =
      all == 1 && (values.size() == 1 || std::ranges::all_of(values, &rego::Value::is_true));
  if (alone && shown_bindings(outcome, 0, expressions).empty()) {
    out << rego::to_pretty_json(values.front()) << '\n';
    return;
  }
  auto const shown = columns_of(outcome, expressions);
  std::vector<std::vector<std::string>> rows(1 + all);
  for (auto const& column : shown) rows[0].push_back(column.title);
  for (std::size_t r = 0; r < all; ++r) {
    auto const bindings = bindings_json(shown_bindings(outcome, r, expressions));
    for (auto const& column : shown) {
      rows[r + 1].push_back(column.expression ? outcome.expressions[r][*column.expression].to_json()
                            : bindings.contains(column.title) ? bindings[column.title].dump()
                                                              : "");
    }
  }
  Grid(std::move(rows)).write(out);
}

}  // namespace

json::Json value_json(rego::Value const& value) {
  if (!value.defined()) return nullptr;
  auto parsed = json::parse(value.to_json(), {.bytes = std::size_t{64} << 20, .depth = 512});
  return parsed.ok() ? *std::move(parsed) : json::Json();
}

std::size_t solutions(rego::Outcome const& outcome) { return outcome.expressions.size(); }

json::Json eval_json(rego::Outcome const& outcome, rego::Query const& query) {
  auto const expressions = rego::query_expressions(query);
  json::Json results = json::Json::array();
  for (std::size_t i = 0; i < outcome.expressions.size(); ++i) {
    json::Json solution = {{"expressions", json::Json::array()}};
    auto const& values = outcome.expressions[i];
    for (std::size_t k = 0; k < values.size(); ++k) {
      json::Json one = {{"value", value_json(values[k])}};
      if (k < expressions.size()) {
        one["text"] = expressions[k].text;
        one["location"] = {{"row", expressions[k].row}, {"col", expressions[k].column}};
      }
      solution["expressions"].push_back(std::move(one));
    }
    auto const bindings = shown_bindings(outcome, i, expressions);
    if (!bindings.empty()) solution["bindings"] = bindings_json(bindings);
    results.push_back(std::move(solution));
  }
  if (results.empty()) return json::Json::object();
  return {{"result", std::move(results)}};
}

json::Json eval_errors(std::vector<rego::Diagnostic> const& faults) {
  json::Json out = {{"errors", json::Json::array()}};
  for (auto const& fault : faults) {
    auto const file = fault.file == "query" ? std::string() : fault.file;
    out["errors"].push_back({{"message", fault.message},
                             {"code", fault.code},
                             {"location", place_json(file, fault.line, fault.column)}});
  }
  return out;
}

json::Json eval_errors(rego::EvalError const& error) {
  json::Json const one = {
      {"message", error.message},
      {"code", error.code},
      {"location", place_json(error.location.file, error.location.line, error.location.column)}};
  return {{"errors", json::Json::array({one})}};
}

void write_eval(std::ostream& out, EvalFormat format, rego::Outcome const& outcome,
                rego::Query const& query) {
  auto const expressions = rego::query_expressions(query);
  if (format == EvalFormat::pretty) return write_pretty(out, outcome, query);
  for (std::size_t i = 0; i < outcome.expressions.size(); ++i) {
    if (format == EvalFormat::raw) {
      write_raw(out, outcome.expressions[i]);
    } else if (format == EvalFormat::values) {
      // Numbers keep their spelling, which a JSON tree would not.
      out << rego::to_pretty_json(rego::Value::array(outcome.expressions[i])) << '\n';
    } else {
      out << bindings_json(shown_bindings(outcome, i, expressions)).dump(2) << '\n';
    }
  }
}

}  // namespace aw::commands
