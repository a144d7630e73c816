// SPDX-License-Identifier: Apache-2.0
// The compiled form: rules as blocks of statements over numbered slots, every reference resolved,
// every variable known to be bound or to be bound right here. Immutable once built.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/rego/ast.h"
#include "core/rego/builtin.h"
#include "core/rego/pattern_set.h"
#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::rego {

// The number of a variable within its rule.
using Slot = std::uint32_t;
inline constexpr std::uint32_t kNoExpr = 0xFFFFFFFF;
struct RuleNode;
struct Group;

// A value to make, or a shape to hold a value against; what it is, its place in a statement says.
struct Pattern {
  enum class Kind : std::uint8_t {
    none,  // nothing is asked
    constant,
    var,  // a slot: `binds` says whether this occurrence gives it its value
    array,
    object,  // key, value, key, value, …
    set,
  };
  Kind kind = Kind::none;
  bool binds = false;  // var: this occurrence binds
  bool ground = true;  // no occurrence inside binds
  Slot slot = 0;
  Value value;
  std::vector<Pattern> items;
};

struct Statement;
using Block = std::vector<Statement>;

// `with target as value`: what is replaced, and by what.
struct WithTarget {
  enum class Kind : std::uint8_t { input, data, function, no_document };
  Kind kind = Kind::input;
  std::vector<Value> path;           // below the root
  std::vector<Pattern> steps;        // no_document: the steps that are no names
  Builtin const* builtin = nullptr;  // the function replaced: this or …
  Group const* group = nullptr;      // … that
  Pattern value;                     // the replacement, or the function that stands in:
  Builtin const* by_builtin = nullptr;
  Group const* by_group = nullptr;
};

// One step of a body, one struct for all kinds: which members count, the kind's line says. Ordered
// by the compiler so that whatever a statement reads is bound when its turn comes.
struct Statement {
  enum class Kind : std::uint8_t {
    unify,          // left = out
    ref,            // root.steps = out
    call,           // builtin or group (arguments) = out
    negation,       // not body
    every,          // every steps[0], out in left { body }
    comprehension,  // {left[, steps[0]] | body} = out
    with,           // body, with targets changed
    conjunction,    // body and other, at most once
    disjunction,    // body or other, at most once
    fail,           // never holds
  };
  enum class Root : std::uint8_t { slot, input, data };
  enum class Collection : std::uint8_t { array, set, object };

  Kind kind = Kind::fail;
  Root root = Root::slot;
  Collection collection = Collection::array;
  bool test = false;             // the result must not be false
  bool implicit = false;         // negation: every variable inside must be bound before
  bool iterates = false;         // ref: some step binds
  bool gone_through = false;     // ref: the collection of `some … in`
  bool unlooked = false;         // ref: held against what no index of OPA's looks at
  bool closed = false;           // nothing in `out` may bind: `==`
  bool one_way = false;          // unify: `left := out`, of which only `left` may bind
  bool called = false;           // ref: written as a call, of a rule without arguments
  bool still = false;            // ref, negation: no step, nothing in it may bind
  std::uint32_t expr = kNoExpr;  // number of the expression in its rule: RulePlan::exprs
  Place place;
  Slot slot = 0;  // of a root
  Pattern left;
  Pattern out;
  std::vector<Pattern> steps;      // of a ref; arguments of a call
  RuleNode const* node = nullptr;  // ref to data: where the constant steps lead
  std::uint32_t node_steps = 0;    // steps that `node` stands for
  Builtin const* builtin = nullptr;
  Group const* group = nullptr;
  Block body;
  Block other;
  std::vector<WithTarget> targets;
};

// An expression as its author wrote it; a statement made for it carries its number.
struct ExprInfo {
  Place place;
  bool generated = false;
};

// What some expression of a rule asks of a constant path of input or data.
// Rules that ask for what is not there are left out before their bodies run (eval_rule.cc).
struct Need {
  enum class Ask : std::uint8_t { present, equals, holds, one_of, prefix, suffix };
  Ask ask = Ask::present;
  bool of_input = false;  // of data otherwise
  std::vector<Value> path;
  Value value;
};

// One body of a rule, and what it says when the body holds.
struct RulePlan {
  Place place;
  Place head_place;
  Slot slots = 0;
  std::vector<Pattern> args;
  std::vector<Pattern> suffix;  // steps of the head behind the group's path
  Pattern key;                  // multi-value rules
  Pattern value;                // the others
  Block body;
  bool constant_value = false;
  bool multi_value = false;
  std::vector<ExprInfo> exprs;
  std::vector<std::pair<std::string, Slot>> names;  // variables as written
  std::unique_ptr<RulePlan> otherwise;
  // The same with the first step of the suffix (or the key) given: `entry` takes it apart first.
  bool keyed = false;
  Pattern entry;
  Block keyed_body;
  int annotations = -1;
  std::uint32_t module = 0;
  std::vector<Need> needs;  // what it cannot hold without
  bool may_fail = false;    // evaluating the body may end in an error, strict or not
};

// What rules of one path make together: a single value, a function, a set, or an object.
enum class GroupKind : std::uint8_t { complete, function, partial_set, partial_object };

// Which rules can hold, by one value of the input: rules whose body asks for another are left out.
struct RuleIndex {
  struct Hash {
    std::size_t operator()(Value const& v) const { return v.hash(); }
  };
  std::vector<Value> path;  // below input; empty: no index
  std::unordered_map<Value, std::vector<std::uint32_t>, Hash>
      by_value;                     // ascending, `rest` included
  std::vector<std::uint32_t> rest;  // rules that do not ask

  // Further, rules that ask a text of the input to match a constant pattern.
  std::vector<Value> pattern_path;  // below input
  std::shared_ptr<const PatternSet>
      patterns;                              // null: none. shared: a Group moves while it is built
  std::vector<std::uint32_t> pattern_rules;  // by number in the set: the rule
  std::vector<bool> patterned;               // by rule: it is in the set
};

// All rules of one path. Owned by the program; its address is its identity in nodes and statements.
struct Group {
  std::uint32_t id = 0;
  GroupKind kind = GroupKind::complete;
  std::size_t arity = 0;
  std::string path;  // "data.a.b"
  RuleNode const* node = nullptr;
  std::vector<RulePlan> rules;
  std::unique_ptr<RulePlan> fallback;  // default
  RuleIndex index;
  bool same_constant =
      false;  // complete: all rules say the same constant, so the first success ends it
  // Some of its rules may ask others of them: what is asked of an object is made of those rules
  // alone that can say it, and nothing is found by key.
  bool in_parts = false;
};

// The tree of packages and rule names below `data`. Nodes own their children and point at what the
// program owns.
struct RuleNode {
  std::string name;
  RuleNode* parent = nullptr;
  std::map<std::string, std::unique_ptr<RuleNode>, std::less<>> children;
  Group* group = nullptr;
  bool package = false;     // some module's package, though it may hold no rule
  std::vector<Value> path;  // below data

  [[nodiscard]] RuleNode const* child(std::string_view key) const {
    auto found = children.find(key);
    return found == children.end() ? nullptr : found->second.get();
  }
};

// A compiled policy with its data: immutable, shared by all threads that evaluate it, and alive as
// long as any of them or any prepared query.
struct Program {
  std::vector<Source> sources;
  std::vector<Module> modules;  // annotations, packages, rule heads: for listings
  Value data;
  RuleNode root;
  std::vector<std::unique_ptr<Group>> groups;
  CompileOptions options;
  std::string digest;
  std::size_t rules = 0;
  std::shared_ptr<BuiltinCache> cache;

  // File, line and column for people; the text as written, a view into `sources`.
  [[nodiscard]] Location location(Place const& place) const;
  [[nodiscard]] std::string_view text(Place const& place) const;
};

// A query compiled against one program, which it keeps alive. Immutable; any thread may evaluate
// it.
struct PreparedQuery {
  std::shared_ptr<const Program> program;
  std::vector<Source> sources;  // the query's own text
  std::vector<Value> path;      // a path below data, as values …
  Statement reference;          // … and as a reference
  bool is_path = false;
  RulePlan plan;  // any other query
  std::vector<std::pair<std::string, Slot>> outputs;
  std::vector<Pattern> expressions;  // values to report, in order
};

}  // namespace aw::rego
