// SPDX-License-Identifier: Apache-2.0
// From trees to plans. Inside of the compiler: compile.cc drives, compile_tree.cc lays out the rule
// tree, compile_rule.cc and compile_terms.cc flatten, compile_order.cc orders statements so that
// every variable is bound before it is read, compile_recursion.cc finds rules that need themselves.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/rego/parser.h"
#include "core/rego/plan.h"

namespace aw::rego {

// Collects faults, a hundred at most; knows the sources for file names and snippets.
class Faults {
 public:
  explicit Faults(std::vector<Source> const& sources) : sources_(sources) {}
  void add(Fault fault);
  void add(std::string_view code, Place place, std::string message, std::string hint = {},
           Code error = Code::policy_compile);
  [[nodiscard]] bool empty() const { return found_.empty(); }
  // The first one, and how many more there are. Precondition: not empty.
  [[nodiscard]] Error first() const;
  [[nodiscard]] std::vector<Diagnostic>& found() { return found_; }

 private:
  std::vector<Source> const& sources_;
  std::vector<Diagnostic> found_;
};

// The names a module (or query) may use besides its own variables.
struct Names {
  std::vector<std::string> package;
  std::set<std::string, std::less<>> rules;  // first part of each rule's name
  std::map<std::string, std::vector<std::string>, std::less<>> imports;  // name -> path
  std::set<std::string, std::less<>> used_imports;
};

// The package's own, without imports.
[[nodiscard]] Names names_in(Program const& program, std::vector<std::string> const& package);

// Is something called to make it? What a comprehension calls is its body's.
[[nodiscard]] bool holds_call(Term const& term);

using Vars = std::vector<bool>;  // by slot: is it bound?

// Turns one rule (one body) or query into a plan: terms become patterns and statements in order of
// the text (the *_into and expression functions), then `order` sorts them. One rule, one use; what
// it refers to outlives it. Faults are collected, so that an author sees all of them at once.
class RuleCompiler {
 public:
  RuleCompiler(Program const& program, Names& names, Faults& faults)
      : program_(program), names_(names), faults_(faults) {}

  void rule(Rule const& rule, std::size_t group_path, GroupKind kind, RulePlan& out);
  void query(Body const& body, PreparedQuery& out);
  // Arguments that this body does not read; strict mode asks when none of a rule's bodies does.
  [[nodiscard]] std::set<std::string> unused_arguments() const;

 private:
  // By slot: what is known of a variable, for safety and for strict mode.
  struct Variable {
    std::string name;
    Place place;
    bool declared = false;
    bool assigned = false;  // by := : strict mode wants it read
    std::size_t reads = 0;
    bool argument = false;
    bool every = false;          // of `every`
    bool in_some = false;        // of `some … in`
    bool printed_only = false;   // seen only in print()
    bool templated = false;      // seen only in text templates
    bool comprehension = false;  // stands for what a comprehension gives
  };
  // A body or closure: what it declares hides what stands outside.
  struct Scope {
    std::map<std::string, Slot, std::less<>> declared;
    std::map<std::string, Place, std::less<>> referenced;
  };
  // What a name calls: neither, a builtin or a group.
  struct NamedFunction {
    Builtin const* builtin = nullptr;
    Group const* group = nullptr;
    explicit operator bool() const { return builtin != nullptr || group != nullptr; }
  };

  // Variables. `global` is the path below data that a name stands for, if it is a rule's or an
  // import's.
  Slot new_var(std::string name, Place place);
  Slot declare(std::string const& name, Place place);
  Pattern fresh(Place place);
  [[nodiscard]] static Pattern var_pattern(Slot slot);
  [[nodiscard]] static Pattern constant_pattern(Value value);
  std::optional<Slot> find_declared(std::string_view name) const;
  std::optional<std::vector<std::string>> global(std::string const& name);
  Slot resolve(std::string const& name, Place place);

  // Terms. `operand` puts statements into the block until the term's value is a pattern, and
  // returns it; the *_into ones let the value be matched against `out` by the statement itself.
  Pattern operand(Term const& term, Block& block);
  Pattern composite(Term const& term, Block& block);
  std::vector<Pattern> operands(std::span<const TermPtr> terms, Block& block);
  Pattern declaration(Term const& term, Block& block);
  void assign_into(Term const& term, Pattern out, Block& block, bool test);
  void ref_into(Term const& term, Statement& out, Block& block);
  bool ref_head(Term const& head, Statement& out, Block& block);
  void call_into(Term const& term, Pattern out, Block& block, bool test);
  void comprehension_into(Term const& term, Pattern out, Block& block);
  void unify(Pattern left, Pattern right, Place place, Block& block);
  bool split_unify(Pattern& left, Pattern& right, Place place, Block& block);
  void equality(Term const& left, Term const& right, Place place, Block& block, bool closed);
  bool find_function(Term const& call, Statement& out);
  bool rule_called(Term const& call, Pattern const& out, Block& block, bool test);
  bool is_allowed(std::string_view name, Place place);
  bool names_result(Term const& call);
  std::vector<std::string> function_path(Term const& op);
  Statement statement(Statement::Kind kind, Place place) const;
  void link(Statement& ref);

  // Expressions.
  void body(Body const& body, Block& block);
  void expression(Expr const& expr, Block& block);
  void plain_expression(Expr const& expr, Block& block);
  void negated(Expr const& expr, Block& block);
  void split_last_call(Block& inner);
  void move_out_of_equality(Term const& term, Block& inner, Block& block);
  void term_expression(Term const& term, Block& block);
  void assignment(Term const& term, Block& block);
  bool assignable(Term const& left);
  bool refers_to(Term const& term, Place place);
  bool is_declared_here(Term const& var);
  bool is_referenced_here(Term const& var);
  bool may_declare(Term const& var);
  bool check_some_in(Expr const& expr);
  bool check_argument(TermPtr const& arg);
  [[nodiscard]] bool is_below_rule(std::vector<Value> const& path) const;
  void undeclared(std::string const& name, Place place);
  bool each_assigned(Term const& left, std::function<bool(Term const&)> const& allowed);
  bool assignable_shape(Term const& left);
  bool binds_names(Body const& body);
  void some_in(Expr const& expr, Block& block);
  void every(Expr const& expr, Block& block);
  void with(Expr const& expr, Block& block);
  Pattern with_value(Expr const& expr, Block& block);
  void replaced(Expr const& expr, Block& block, std::function<void(Block&)> const& inside);
  bool with_target(With const& with, WithTarget& out, Block& block);
  bool document_target(Term const& target, WithTarget& out, Block& block);
  bool may_replace(With const& with, WithTarget const& out);
  bool replace_by(With const& with, NamedFunction const& by, WithTarget& out);
  NamedFunction function_named(Term const& term);
  void closure(Body const& body, Block& block);
  void print(Term const& call, Block& block);

  // Order: puts statements where all they read is bound. False: some never can be, and
  // `report_unsafe` names their variables.
  bool order(Block& block, Vars& bound, Vars const& enclosing);
  bool try_place(Statement& s, Vars& bound, Vars const& enclosing);
  bool place_ref(Statement& s, Vars& bound);
  bool place_negation(Statement& s, Vars& bound, Vars const& enclosing);
  bool place_every(Statement& s, Vars& bound, Vars const& enclosing);
  bool place_comprehension(Statement& s, Vars& bound, Vars const& enclosing);
  bool place_with(Statement& s, Vars& bound, Vars const& enclosing);
  bool place_logic(Statement& s, Vars& bound, Vars const& enclosing);
  bool closure_ready(Block const& block, std::initializer_list<Pattern const*> patterns,
                     Vars const& bound, Vars const& enclosing) const;
  void report_unsafe(Block const& block, Vars const& bound);
  void report_var(Slot slot);
  void head_terms(Rule const& rule, std::size_t group_path, Block& block, RulePlan& out);
  void finish_rule(RulePlan& out, Block&& block, Vars const& bound);
  bool finish_keyed(RulePlan& out, Block block, Pattern entry);
  void check_unused();

  Program const& program_;
  Names& names_;
  Faults& faults_;
  std::vector<Variable> vars_;
  std::vector<Scope> scopes_;
  std::map<std::string, Slot, std::less<>> implicit_;
  std::uint32_t expr_ = kNoExpr;
  int depth_ = 0;
  bool is_query_ = false;
  bool quiet_ = false;
  std::size_t told_scope_ = 0;            // depth of a part of print() or a template; 0: in none
  int printing_ = 0;                      // inside the arguments of so many print()
  std::vector<std::string_view> mocked_;  // builtin functions that a `with` around this replaces
  std::set<Slot> reported_;
};

// Places rules into the tree and makes their groups. `rules[i]` belongs to the i-th plan to fill.
struct PlacedRule {
  Rule const* rule = nullptr;
  std::size_t module = 0;
  RuleNode* node = nullptr;
  std::size_t path_length = 0;  // parts of the rule's name that the node stands for (package aside)
};

// Holds annotations to the rules and packages they describe.
void place_annotations(Program& program, Faults& faults);
// A rule that needs itself is a fault that names the cycle. Sets Group::in_parts.
void check_recursion(Program& program, Faults& faults);
// By group's id, the ids of the groups that its rules may ask.
[[nodiscard]] std::vector<std::set<std::uint32_t>> dependencies(Program const& program);
// The groups that a target of `with` stands for, wholly or in part.
[[nodiscard]] std::set<std::uint32_t> groups_replaced(Program const& program,
                                                      WithTarget const& target);
// Fills Group::index when the bodies ask one value of the input (plan.h).
void build_index(Group& group);
// Fills RulePlan::needs.
void find_needs(Program& program);
[[nodiscard]] std::string ref_text(std::vector<std::string> const& path);

// Calls `visit` for each statement, also inside closures.
void for_each_statement(Block const& block, auto const& visit) {
  for (Statement const& s : block) {
    visit(s);
    for_each_statement(s.body, visit);
    for_each_statement(s.other, visit);
  }
}

}  // namespace aw::rego
