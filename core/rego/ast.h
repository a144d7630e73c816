// SPDX-License-Identifier: Apache-2.0
// Rego as written: modules, rules, expressions, terms. Plain trees, made by the parser and
// rewritten by the compiler; nobody else keeps them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/rego/value.h"

namespace aw::rego {

// The file of a query's own text, which is none of the program's.
inline constexpr std::uint32_t kQueryFile = 0xFFFFFFFF;

// A place in the text of a source; `file` is the number of the source.
struct Place {
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::uint32_t offset = 0;
  std::uint32_t end = 0;  // offset behind the last byte
};

enum class TermKind : std::uint8_t {
  constant,
  var,
  ref,                   // items: head, then steps
  array,                 // items
  object,                // items: key, value, key, value, …
  set,                   // items
  array_comprehension,   // items: head
  set_comprehension,     // items: head
  object_comprehension,  // items: key, value
  call,                  // items: operator (var or ref), then arguments
  text_template,         // items: constants and set comprehensions
};

struct Expr;
using Body = std::vector<Expr>;

struct Term;
using TermPtr = std::shared_ptr<Term>;

// A term of any kind; which members count, TermKind's line says. Shared: one term may stand in
// several places, so whoever changes one takes a `clone` first.
struct Term {
  TermKind kind = TermKind::constant;
  Place place;
  Value value;       // constant
  std::string name;  // var
  std::vector<TermPtr> items;
  std::shared_ptr<Body> body;  // comprehensions
};

// `with target as value`, behind an expression.
struct With {
  TermPtr target;
  TermPtr value;
  Place place;
};

enum class ExprKind : std::uint8_t {
  term,         // term; a call is a term too
  some_decl,    // symbols: the declared variables
  some_in,      // symbols: [key,] value, collection
  every,        // symbols: [key,] value, domain; body
  not_body,     // body
  logical_and,  // body, other
  logical_or,   // body, other
};

// One line of a body; which members count, ExprKind's line says.
struct Expr {
  ExprKind kind = ExprKind::term;
  bool negated = false;
  bool generated = false;  // not written by the author
  bool braced = false;     // the one expression of an operand in braces
  bool bare = false;       // not_body: it stands without braces, and binds nothing
  Place place;
  TermPtr term;
  std::vector<TermPtr> symbols;
  Body body;
  Body other;
  std::vector<With> with;
};

// The head of a rule: `ref(args) := value`, `ref contains key`.
struct Head {
  Place place;
  std::vector<TermPtr> ref;  // name, then steps
  std::vector<TermPtr> args;
  TermPtr key;    // `contains key`, or p[x] without a value
  TermPtr value;  // null for multi-value rules
  bool function = false;
  bool assigned = false;  // := rather than =
};

// A rule with one body; several bodies of one name are several rules. `else` chains by `otherwise`.
struct Rule {
  Place place;
  bool is_default = false;
  Head head;
  Body body;
  std::unique_ptr<Rule> otherwise;  // else
  int annotations = -1;             // index into Module::annotations
};

struct Import {
  Place place;
  std::vector<std::string> path;  // "data", "a", "b"
  std::string alias;
  [[nodiscard]] std::string name() const { return alias.empty() ? path.back() : alias; }
};

// A `# METADATA` block, parsed as YAML.
struct Annotation {
  Place place;
  Value value;
  std::string scope;
};

// One parsed file.
struct Module {
  std::uint32_t file = 0;
  Place place;
  std::vector<std::string> package;  // without "data"
  std::vector<Import> imports;
  std::vector<Import> keywords;  // `import future.keywords.in`, `import rego.v1`
  std::vector<Rule> rules;
  std::vector<Annotation> annotations;  // in order of the text
};

// Makers of terms that did not come from text; `place` is what errors will point at.
[[nodiscard]] TermPtr make_constant(Value value, Place place);
[[nodiscard]] TermPtr make_var(std::string name, Place place);
[[nodiscard]] TermPtr make_ref(std::vector<TermPtr> items, Place place);
[[nodiscard]] TermPtr make_call(std::string_view name, std::vector<TermPtr> arguments, Place place);
[[nodiscard]] TermPtr make_term(TermKind kind, std::vector<TermPtr> items, Place place);
// A copy that shares nothing with the original.
[[nodiscard]] TermPtr clone(TermPtr const& term);
[[nodiscard]] Body clone(Body const& body);

[[nodiscard]] inline bool is_var(TermPtr const& term) { return term->kind == TermKind::var; }
// Names of `_` are made with a sign that no source can spell.
// What a part of a text template gives is held by a variable that the author did not write.
inline constexpr std::string_view kTemplateSlot = "$told";
[[nodiscard]] inline bool is_wildcard(std::string_view name) { return name.starts_with('$'); }
[[nodiscard]] inline bool is_string(TermPtr const& term) {
  return term->kind == TermKind::constant && term->value.is(Kind::string);
}
// Name of the operator of a call as written: "count", "data.x.f".
[[nodiscard]] std::string operator_name(Term const& call);

}  // namespace aw::rego
