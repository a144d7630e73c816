// SPDX-License-Identifier: Apache-2.0
// The policy engine: Rego modules and data compiled once into an immutable Policy, asked many
// times.
//
//   AW_TRY(auto policy, rego::compile(modules, data));
//   AW_TRY(auto query, policy->prepare("agentweave/authz/allow"));
//   auto outcome = policy->evaluate(query, input, {.now = clock.now()});
//   bool allowed = outcome.ok() && outcome.value.is_true();
//
// Knows nothing of agents, networks and files: text in, decision out; time is given. A Policy and a
// Query are immutable: any thread, no locks. Evaluation does not block; it is bounded in steps,
// depth, time and memory, and hitting a bound is an error, which callers turn into a deny. Hot
// reload: compile a candidate, swap the pointer.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/rego/value.h"

namespace aw::rego {

// One module's text. A compiled policy keeps a copy.
struct Source {
  std::string name;  // as it shall appear in messages: "policies/default.rego"
  std::string text;
};

// A place in a source, for people. Without a file: no place is known.
struct Location {
  std::string file;
  // Both from 1; columns count bytes.
  int line = 0;
  int column = 0;

  [[nodiscard]] std::string text() const { return file + ":" + std::to_string(line); }
};

// One fault of a policy, as OPA names it, with what a person needs to fix it.
struct Diagnostic {
  std::string code;  // "rego_parse_error", "rego_unsafe_var_error", "rego_type_error", …
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;
  std::string hint;     // may be empty
  std::string snippet;  // the source line and a caret below it
  Code error = Code::policy_compile;

  [[nodiscard]] std::string text() const;  // "file:3:5: rego_parse_error: …\n\tline\n\t    ^"
};

enum class Strictness { normal, strict };  // strict: unused imports and variables are errors

struct CompileOptions {
  Strictness strictness = Strictness::normal;
  std::vector<std::string> deny_builtins;  // refused by name, on top of what is always refused
  std::size_t max_source_bytes = 8U << 20;
  std::size_t max_modules = 4096;
};

// `undefined`: a builtin that fails has no value, as in OPA; `strict`: it ends the evaluation.
// Some failures always do: conflicts, calls that are refused.
enum class BuiltinErrors { undefined, strict };
// `why` fills Outcome::why; `full` also the events. Either costs time: not for every request.
enum class TraceLevel { off, why, full };
// Which rules are begun: those that input and data leave possible, or all, as a record wants it.
enum class Begin { possible, all };

// What ended an evaluation early. `code` is OPA's: "eval_conflict_error", "eval_type_error",
// "eval_builtin_error", "eval_cancel_error", "eval_internal_error".
struct EvalError {
  std::string code;
  std::string message;
  Location location;
  [[nodiscard]] std::string text() const;  // "file:3: eval_conflict_error: …"
};

// Bounds of one evaluation; one that is hit ends it with eval_cancel_error. Time is looked at
// every 256 steps and never inside a builtin function; memory counts members of collections in
// the making, large collections from builtins and frames, not the bytes of strings.
struct EvalLimits {
  std::uint64_t steps = 20'000'000;
  std::size_t depth = 2'000;                                         // nested evaluations
  std::size_t memory = 256U << 20;                                   // bytes of made values
  std::chrono::nanoseconds time = std::chrono::milliseconds(1'000);  // wall time of one answer
};

// Circumstances of one evaluation. Borrowed for its time; the functions are called on its thread.
struct EvalOptions {
  // What time.now_ns() answers, all through.
  WallTime now{};
  BuiltinErrors builtin_errors = BuiltinErrors::undefined;
  EvalLimits limits;
  Clock const* clock = nullptr;  // for limits.time; without one that bound is not looked at
  TraceLevel trace = TraceLevel::off;
  Begin begin = Begin::possible;
  // Where print() goes; without one, print() does nothing.
  std::function<void(Location const&, std::string_view)> print;
  // Called from inside evaluation now and then; true ends it with eval_cancel_error.
  std::function<bool()> cancelled;
  std::uint64_t seed = 0;  // of rand.intn; 0 = from the kernel, as uuid.rfc4122 always is
  Value runtime;           // what opa.runtime() answers; an empty object when undefined
  Value data;              // stands in for the policy's base document; undefined: its own
};

// How far one expression of a rule came, over all its attempts.
enum class ExprState { held, failed, not_reached };

// One expression of a rule, at the attempt that came furthest.
struct ExprRecord {
  int line = 0;
  std::string text;  // its source, on one line
  ExprState state = ExprState::not_reached;
  // The values it compared: {"input.action", "refund"}, {"data.actions[…]", ["a"]}.
  std::vector<std::pair<std::string, Value>> values;
  // Of one that failed: the rules (indices into Why::rules) it asked and got no answer from.
  std::vector<int> asks;
  bool membership = false;  // it asks whether values[0] is in values[1]
};

// One rule, or one `else` of it.
struct RuleRecord {
  Location location;
  std::string path;  // "data.agentweave.authz.allow"
  std::string text;  // the rule's source
  std::vector<ExprRecord> expressions;
  int held = 0;  // expressions that held before the first that failed
  bool fired = false;
  bool is_default = false;
  bool helper = false;  // asked by another rule, not named by the question
};

// A smallest change that would flip the decision, as far as one is known.
struct NearMiss {
  enum class Kind { data, input };
  Kind kind = Kind::input;
  std::string path;      // "data.actions[\"…\"]", "input.action"
  std::string text;      // `data.actions["…"] += "refund"`, `action "invoice" instead of "refund"`
  Value value;           // the element to add, or the new input
  bool adds = false;     // add `value` to the collection at `path` (else: set it)
  bool removes = false;  // take `value` out of the collection, or the member away
  std::vector<Value> steps;    // `path` below its root, as values
  std::vector<NearMiss> also;  // what must change together with it; each without an `also`
};

// Why the queried document is what it is: every candidate rule, and how far each came.
struct Why {
  std::vector<RuleRecord> rules;
  int closest = -1;   // index into `rules` of the rule that missed by least; -1: none
  int answered = -1;  // index of the rule that held and gave the answer: a deny over an allow, or
                      // whatever held where no rule that matters stopped; -1: none
  std::size_t remaining = 0;  // steps of that rule from the one that failed to the end
  std::string summary;  // `closest rule authz.rego:14 matches all but action ("greet", "status")`
  // Each tried: with it applied the decision flips. Filled by find_near_misses.
  std::vector<NearMiss> near_misses;
  // Changes that would each make one more expression hold; not tried. Nearest rule first.
  std::vector<NearMiss> candidates;
  // Paths below input that the other failed expressions depend on, in ways not looked through.
  std::vector<std::vector<Value>> depends_on;
};

// One event of a full trace, as `opa eval --explain full` shows them.
struct TraceEvent {
  std::string op;  // "Enter", "Eval", "Fail", "Exit", "Redo", "Index", "Note"
  int depth = 0;
  Location location;
  std::string text;
};

// What an evaluation answers; owns all of it. With `error` set there is no value, binding or
// expression; `why` and `events` tell how far it came.
struct Outcome {
  Value value;  // of the queried document or of the first solution; undefined when there is none
  // Every solution of a query text: variable -> value. For a path: one, {"result": value}.
  std::vector<std::vector<std::pair<std::string, Value>>> bindings;
  // The values of a query's expressions, solution by solution (as `opa eval` prints).
  std::vector<std::vector<Value>> expressions;
  std::unique_ptr<EvalError> error;
  std::unique_ptr<Why> why;        // TraceLevel::why and full
  std::vector<TraceEvent> events;  // TraceLevel::full
  std::uint64_t steps = 0;

  [[nodiscard]] bool ok() const { return error == nullptr; }
  [[nodiscard]] bool defined() const { return ok() && value.defined(); }
};

// What a policy consists of, for listings. A rule's `else` branches are part of it.
struct RuleInfo {
  std::string path;  // "data.agentweave.authz.allow"
  Location location;
  int end_line = 0;
  bool is_default = false;
  bool is_function = false;
  bool is_test = false;
};

struct ModuleInfo {
  std::string file;
  std::string package;  // "data.agentweave.authz"
  std::vector<RuleInfo> rules;
};

struct PreparedQuery;
struct Program;

// A prepared question; belongs to the Policy that made it and keeps what it needs alive.
class Query {
 public:
  Query() = default;  // unprepared: evaluating one is an error
  explicit Query(std::shared_ptr<const PreparedQuery> prepared) : prepared_(std::move(prepared)) {}
  [[nodiscard]] PreparedQuery const* get() const { return prepared_.get(); }

 private:
  std::shared_ptr<const PreparedQuery> prepared_;
};

// A compiled set of modules with its base document. Made by `compile` alone.
class Policy {
 public:
  explicit Policy(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  // `agentweave/authz/allow`, `data.agentweave.authz.allow`, or any Rego query text.
  // A path without a slash is a query text. Errors as of `compile`, over the query alone.
  [[nodiscard]] Result<Query> prepare(std::string_view path_or_query,
                                      std::vector<Diagnostic>* diagnostics = nullptr) const;
  // A query text that may name the rules of a package (`a.b`) as they name each other.
  [[nodiscard]] Result<Query> prepare_in(std::string_view package, std::string_view query,
                                         std::vector<Diagnostic>* diagnostics = nullptr) const;
  // `input` undefined = no input.
  // A query of another policy is an eval_internal_error.
  [[nodiscard]] Outcome evaluate(Query const& query, Value const& input,
                                 EvalOptions const& options = {}) const;

  // Of what was compiled, whatever the order of the sources.
  [[nodiscard]] std::string const& digest() const;  // 64 hexadecimal digits over sources and data
  [[nodiscard]] std::size_t rule_count() const;
  [[nodiscard]] std::vector<ModuleInfo> modules() const;
  [[nodiscard]] Value const& data() const;  // the base document
  [[nodiscard]] Program const& program() const { return *program_; }

 private:
  std::shared_ptr<const Program> program_;  // shared with queries, which may outlive the policy
};

// Parses and checks everything. On failure the error carries the first fault and their number;
// `diagnostics` gets all of them (and, on success, nothing).
// `data` undefined is an empty object; anything else that is no object is Code::policy_data.
// Code::policy_syntax for text that does not parse, Code::policy_compile for the rest; at most
// 100 faults are told. Blocks for the time of the work: not for a request's path.
[[nodiscard]] Result<std::shared_ptr<const Policy>> compile(
    std::span<const Source> modules, Value data, CompileOptions const& options = {},
    std::vector<Diagnostic>* diagnostics = nullptr);

// Names of the builtin functions that exist, and of those that are refused with the reason.
[[nodiscard]] std::vector<std::string_view> builtin_names();
[[nodiscard]] std::string_view refused_builtin(std::string_view name);  // the reason, or empty

}  // namespace aw::rego
