// SPDX-License-Identifier: Apache-2.0
// What a builtin function is: a name, an arity and a pure function of values.
//
// Families live in builtin_*.cc and give their tables to builtins.cc. A builtin gets its arguments,
// answers a value, or says why it cannot: a wrong type, or a failure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/rego/policy.h"
#include "core/rego/value.h"

namespace aw::rego {

class BuiltinCache;  // compiled regular expressions and globs of one program or evaluation
[[nodiscard]] std::shared_ptr<BuiltinCache> make_builtin_cache();

// Facts of the evaluation that some builtins ask for.
// Borrowed from the evaluation, which is one thread's: no locks, but for the cache's own.
struct BuiltinContext {
  EvalOptions const* options = nullptr;
  BuiltinCache* cache = nullptr;
  // 0: not begun yet.
  std::uint64_t* random_state = nullptr;
  // Answers of nondeterministic functions, the same all through one evaluation.
  std::vector<std::pair<std::string, Value>>* remembered = nullptr;
  Value metadata_rule;  // annotations of the rule that asks
  Value metadata_chain;
  // Time is up, or the caller gone: for loops of builtins that may run long.
  std::function<bool()> interrupted;
};

// One call: the arguments, which are all defined, and what became of it. Lives while the function
// runs; views of the arguments live as long.
class BuiltinCall {
 public:
  // `type` and `failure` leave the call undefined, or end the evaluation where options say
  // strict; `conflict` and `fatal` always end it.
  enum class Problem : std::uint8_t { none, type, failure, conflict, fatal };

  BuiltinCall(std::string_view name, std::span<const Value> arguments, BuiltinContext& context)
      : context(context), name_(name), arguments_(arguments) {}

  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] std::size_t count() const { return arguments_.size(); }
  [[nodiscard]] Value const& operator[](std::size_t i) const { return arguments_[i]; }
  [[nodiscard]] std::string_view text(std::size_t i) const { return arguments_[i].as_string(); }

  // False, with the type error set, unless argument `i` is of the kind.
  bool want(std::size_t i, Kind kind);
  bool want(std::size_t i, std::initializer_list<Kind> kinds);
  // The integer argument; false with an error when it is none or does not fit.
  bool want_int(std::size_t i, std::int64_t& out);
  // Each answers undefined.
  // Of several type errors and failures the first counts; a conflict or fatal one replaces them.
  Value type_error(std::string message);  // "operand 1 must be …": the name is put before it
  // Argument `i` is a collection, of which all members should be of the kind.
  Value wrong_member(std::size_t i, std::string_view kinds, Value const& member);
  Value fail(std::string message);
  Value conflict(std::string message);
  Value fatal(std::string message);

  [[nodiscard]] Problem problem() const { return problem_; }
  [[nodiscard]] std::string const& message() const { return message_; }

  BuiltinContext& context;

 private:
  std::string_view name_;
  std::span<const Value> arguments_;
  Problem problem_ = Problem::none;
  std::string message_;
};

// Pure but for what the context and the system's zone database have; must not throw. An undefined
// answer without a problem is the call's value: none.
using BuiltinFunction = Value (*)(BuiltinCall&);

enum class BuiltinKind : std::uint8_t {
  function,
  relation,  // answers an array of results, each of which holds
  nothing,   // answers no value: print
};

// A row of a family's table. `name` and the row live for ever.
struct Builtin {
  std::string_view name;
  int arity = 0;
  BuiltinFunction function = nullptr;
  BuiltinKind kind = BuiltinKind::function;
};

[[nodiscard]] std::string_view kind_name(Kind kind);  // "number", "object", …

// The function of that name, or nullptr.
[[nodiscard]] Builtin const* find_builtin(std::string_view name);
// What a refused function of that name is while `with` replaces it, or nullptr. Calling it fails.
[[nodiscard]] Builtin const* refused_stand_in(std::string_view name);

// The families.
// Constant tables, in no order; names are unique over all of them.
[[nodiscard]] std::span<const Builtin> arithmetic_builtins();
[[nodiscard]] std::span<const Builtin> compare_builtins();
[[nodiscard]] std::span<const Builtin> aggregate_builtins();
[[nodiscard]] std::span<const Builtin> array_builtins();
[[nodiscard]] std::span<const Builtin> set_builtins();
[[nodiscard]] std::span<const Builtin> object_builtins();
[[nodiscard]] std::span<const Builtin> json_builtins();
[[nodiscard]] std::span<const Builtin> schema_builtins();
[[nodiscard]] std::span<const Builtin> string_builtins();
[[nodiscard]] std::span<const Builtin> sprintf_builtins();
[[nodiscard]] std::span<const Builtin> type_builtins();
[[nodiscard]] std::span<const Builtin> encoding_builtins();
[[nodiscard]] std::span<const Builtin> uri_builtins();
[[nodiscard]] std::span<const Builtin> regex_builtins();
[[nodiscard]] std::span<const Builtin> glob_builtins();
[[nodiscard]] std::span<const Builtin> time_builtins();
[[nodiscard]] std::span<const Builtin> units_builtins();
[[nodiscard]] std::span<const Builtin> semver_builtins();
[[nodiscard]] std::span<const Builtin> net_builtins();
[[nodiscard]] std::span<const Builtin> graph_builtins();
[[nodiscard]] std::span<const Builtin> crypto_builtins();
[[nodiscard]] std::span<const Builtin> x509_builtins();
[[nodiscard]] std::span<const Builtin> private_key_builtins();
[[nodiscard]] std::span<const Builtin> jwt_builtins();
[[nodiscard]] std::span<const Builtin> misc_builtins();

}  // namespace aw::rego
