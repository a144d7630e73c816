// SPDX-License-Identifier: Apache-2.0
// Queries: paths to a document, and texts of Rego.
#include <algorithm>
#include <utility>

#include "core/rego/compile.h"
#include "core/rego/type_check.h"

namespace aw::rego {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// `a/b/c`. `1/2` and `input.a/2` are divisions.
bool is_slashed(std::string_view text) {
  bool const root = text.starts_with("data.") || text.starts_with("input.");
  return text.contains('/') && (is_letter(text.front()) || text.front() == '/') && !root &&
         std::ranges::all_of(text, [](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '/' || c == '.';
         });
}

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    std::size_t const to = std::min(text.find(separator, from), text.size());
    if (to > from) parts.emplace_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

std::string rego_text(std::string_view text) {
  if (!is_slashed(text)) return std::string(text);
  std::string path = "data";
  for (std::string& part : parts_of(text, '/')) {
    path.append("[").append(Value::string(part).to_json()).append("]");
  }
  return path;
}

bool is_path(Body const& body) {
  Expr const& only = body.front();
  return body.size() == 1 && only.kind == ExprKind::term && !only.negated && only.with.empty() &&
         only.term->kind == TermKind::ref && is_var(only.term->items[0]) &&
         only.term->items[0]->name == "data" &&
         std::all_of(only.term->items.begin() + 1, only.term->items.end(), is_string);
}

// Follows the path into the tree of rules.
void set_path(Program const& program, Term const& path, PreparedQuery& out) {
  out.is_path = true;
  out.reference.kind = Statement::Kind::ref;
  out.reference.root = Statement::Root::data;
  RuleNode const* node = &program.root;
  for (std::size_t i = 1; i < path.items.size(); ++i) {
    Value const& step = path.items[i]->value;
    Pattern pattern;
    pattern.kind = Pattern::Kind::constant;
    pattern.value = step;
    out.path.push_back(step);
    out.reference.steps.push_back(std::move(pattern));
    RuleNode const* next = node->group == nullptr ? node->child(step.as_string()) : nullptr;
    bool const follows = next != nullptr && out.reference.node_steps + 1 == i;
    if (!follows) continue;
    node = next;
    out.reference.node_steps = static_cast<std::uint32_t>(i);
  }
  out.reference.node = node;
}

Result<Query> prepare_text(std::shared_ptr<const Program> const& program, std::string text,
                           Names names, std::vector<Diagnostic>* diagnostics) {
  auto prepared = std::make_shared<PreparedQuery>();
  prepared->program = program;
  prepared->sources = {Source{"query", std::move(text)}};
  Faults faults(prepared->sources);
  Body body;
  Fault fault;
  if (!parse_query(prepared->sources[0].text, kQueryFile, body, fault)) {
    faults.add(std::move(fault));
  } else {
    RuleCompiler compiler(*program, names, faults);
    compiler.query(body, *prepared);
    if (faults.empty()) check_query_types(*prepared, faults);
  }
  if (!faults.empty()) {
    Error error = faults.first();
    if (diagnostics != nullptr) *diagnostics = std::move(faults.found());
    return error;
  }
  if (is_path(body)) set_path(*program, *body.front().term, *prepared);
  return Query(std::move(prepared));
}

}  // namespace

Names names_in(Program const& program, std::vector<std::string> const& package) {
  Names names;
  names.package = package;
  for (Module const& module : program.modules) {
    if (module.package != package) continue;
    for (Rule const& rule : module.rules) names.rules.insert(rule.head.ref[0]->name);
  }
  return names;
}

Result<Query> Policy::prepare(std::string_view text, std::vector<Diagnostic>* diagnostics) const {
  return prepare_text(program_, rego_text(text), {}, diagnostics);
}

Result<Query> Policy::prepare_in(std::string_view package, std::string_view query,
                                 std::vector<Diagnostic>* diagnostics) const {
  if (package.starts_with("data.")) package.remove_prefix(5);
  return prepare_text(program_, std::string(query), names_in(*program_, parts_of(package, '.')),
                      diagnostics);
}

}  // namespace aw::rego
