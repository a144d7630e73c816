// SPDX-License-Identifier: Apache-2.0
// The parser's inside, split over parser.cc, parser_terms.cc, parser_body.cc,
// parser_rules.cc and parser_module.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/rego/lexer.h"
#include "core/rego/parser.h"

namespace aw::rego {

// Recursive descent over tokens made beforehand, with bounded going back: a level of nesting and a
// budget of tokens stop any input. After a failure everything returns at once; the first fault
// stays. One text, one use, one thread.
class Parser {
 public:
  // `text` outlives it; `file` numbers the source in every Place.
  Parser(std::string_view text, std::uint32_t file);

  // False: `fault` says what and where.
  bool module(Module& out);
  bool query(Body& out);
  TermPtr value();

  Fault fault;  // the first

 private:
  // Where to go back to when an attempt does not fit.
  struct Mark {
    std::size_t at = 0;
    std::size_t last = 0;
  };
  enum class Commas { term, separator };  // is `a, b in c` one term here?

  // Cursor. `peek` beyond the end is the end's token; `expect_symbol` fails when another stands
  // there.
  [[nodiscard]] Token const& peek(std::size_t ahead = 0) const;
  Token const& take();
  [[nodiscard]] bool at_symbol(std::string_view text) const;
  [[nodiscard]] bool at_word(std::string_view text) const;  // a keyword in its own right here
  bool skip_symbol(std::string_view text);
  bool expect_symbol(std::string_view text);
  [[nodiscard]] Mark mark() const { return {at_, last_}; }
  void rewind(Mark mark);
  [[nodiscard]] bool names_ref() const;  // the word here is followed by `.` or `[`
  [[nodiscard]] bool is_keyword(std::string_view word) const;
  [[nodiscard]] bool on_new_line() const;
  Place span(Place from) const;
  // Keeps the fault, the first only; returns null so that a term's maker can `return fail(…)`.
  std::nullptr_t fail(Place place, std::string message, std::string hint = {});
  std::nullptr_t unexpected(std::string_view wanted = {});

  // Terms, from the loosest binding down: infix operators and `in`, then calls and steps
  // (`finish`), then what stands alone. Null: failed.
  TermPtr infix(Commas commas);
  TermPtr membership(TermPtr first, Commas commas);
  TermPtr binary(int level, TermPtr first);
  TermPtr primary();
  TermPtr plain();
  TermPtr finish(TermPtr head);
  TermPtr call_arguments(TermPtr op);
  TermPtr word_term();
  TermPtr number_term();
  TermPtr negative_term();
  TermPtr array_term();
  TermPtr brace_term();
  // After `{` and one term: a set, an object or a comprehension of either.
  TermPtr braces_of(TermPtr first, Place place);
  TermPtr object_of(TermPtr key, TermPtr value, Place place);
  TermPtr comprehension(TermKind kind, std::vector<TermPtr> heads, Place place,
                        std::string_view closing);
  TermPtr template_term();
  TermPtr template_part(TemplatePart const& part);
  bool list(std::vector<TermPtr>& items, std::string_view closing);
  std::string wildcard();

  // Bodies: statements until the closing sign, each with its `with`s, and `and`/`or` between them.
  bool body(Body& out, std::string_view closing);
  bool statements(Body& out, std::string_view closing);
  bool statement(Expr& out);
  bool plain_statement(Expr& out, bool negated, Place start);
  bool expression(Expr& out);
  bool some_statement(Expr& out);
  bool every_statement(Expr& out);
  bool withs(Expr& out);
  bool logical_tail(Expr& first, bool explicit_body, Body&& first_body);
  bool logical_and_chain(Body& lhs, Place start);
  bool logical_operand(Body& out, bool& explicit_body);
  int logical_group(Expr& out, bool operand);
  [[nodiscard]] bool at_logical() const;
  static Body single(Expr expr);

  // Modules: package, imports, rules with their annotations. False: failed.
  bool package(Module& out);
  bool import(Module& out);
  bool import_keywords(Import const& import);
  bool rule(Module& out);
  bool rule_head(Rule& out, bool& contains);
  bool rule_body(Rule& out, Head const& head, bool contains);
  bool else_rule(Rule& out, Head const& head);
  bool if_body(Body& out);
  bool path(std::vector<std::string>& out);
  void annotations(Module& out);
  // Where annotations and defaults may stand, as OPA wants it.
  bool annotation_allowed(Annotation const& annotation, Module const& module);
  bool default_allowed(Head const& head);

  class Nesting;
  std::string_view text_;
  std::uint32_t file_ = 0;
  Tokens tokens_;
  std::vector<Token> const* stream_ = nullptr;
  std::size_t at_ = 0;
  std::size_t last_ = 0;  // the token taken last
  int depth_ = 0;
  std::uint64_t budget_;  // tokens that may still be taken: bounds backtracking
  unsigned wildcards_ = 0;
  bool failed_ = false;
  Keywords keywords_;
};

// Counts a level of nesting while it lives; `ok` is false beyond the bound.
class Parser::Nesting {
 public:
  explicit Nesting(Parser& parser)
      : parser_(parser), ok_(++parser.depth_ <= 200 && parser.budget_ > 0) {
    if (!ok_) parser_.fail(parser_.peek().place, "nested too deeply or too ambiguous");
  }
  ~Nesting() { --parser_.depth_; }
  Nesting(Nesting const&) = delete;
  Nesting& operator=(Nesting const&) = delete;
  explicit operator bool() const { return ok_; }

 private:
  Parser& parser_;
  bool ok_;
};

}  // namespace aw::rego
