// SPDX-License-Identifier: Apache-2.0
// Runs a plan: backtracking by continuation, one slot array a rule, results of rules remembered.
//
// One evaluation's own: made, used once, dropped. eval.cc drives blocks, eval_ref.cc walks
// documents, eval_rule.cc makes documents of rules, eval_call.cc calls functions, eval_with.cc
// changes the world.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

#include "core/rego/plan.h"
#include "core/rego/tester.h"

namespace aw::rego {

// What a step tells the one that called it: look for more answers, enough (not a failure), or a
// fault that ends the whole evaluation (`error_` says which).
enum class Flow : std::uint8_t { proceed, stop, error };

// A callable that is somebody else's; valid while that lives.
template <class Signature>
class Callback;
template <class R, class... Args>
class Callback<R(Args...)> {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Callback>)
  Callback(F&& f)  // NOLINT: a view, made where it is passed
      : self_(const_cast<void*>(static_cast<void const*>(&f))),
        call_([](void* self, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(self))(args...);
        }) {}
  R operator()(Args... args) const { return call_(self_, args...); }

 private:
  void* self_;
  R (*call_)(void*, Args...);
};

// The rest of the work, run once for each way in which what came before holds.
using Continue = Callback<Flow()>;
// The same, given one member or result. The value lives until the call returns.
using Emit = Callback<Flow(Value const&)>;

// The variables of one rule being tried. Views: of the slots, that the caller unwinds, and of the
// program.
struct Frame {
  Value* slots = nullptr;
  RulePlan const* rule = nullptr;
};

struct ValueHash {
  std::size_t operator()(Value const& v) const { return v.hash(); }
};

// Members of a growing set, without repetitions.
class SetBuilder {
 public:
  void add(Value value);
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] Value finish() { return Value::set(std::move(items_)); }

 private:
  std::vector<Value> items_;
  std::unordered_map<Value, char, ValueHash> seen_;  // filled from a certain size on
};

// A document in the making, of rules with steps in their heads.
struct DocumentBuilder {
  enum class Kind : std::uint8_t { none, value, set, object };
  Kind kind = Kind::none;
  Value value;
  SetBuilder set;
  std::vector<std::pair<Value, std::unique_ptr<DocumentBuilder>>> members;
  std::unordered_map<Value, std::size_t, ValueHash> index;

  DocumentBuilder& member(Value const& key);
  [[nodiscard]] Value finish();
};

class WhyRecorder;
struct Operand;
struct SeenExpr;
struct Origin;

// One thread's, for one evaluation. Nothing in here blocks; time, steps, depth and memory are
// bounded by EvalOptions::limits, and a bound that is hit is an error, never an answer.
class Evaluator {
 public:
  // The program and the options outlive it.
  Evaluator(Program const& program, Value input, EvalOptions const& options);
  ~Evaluator();
  Evaluator(Evaluator const&) = delete;
  Evaluator& operator=(Evaluator const&) = delete;

  // The document at a path (`data.a.b`), the way decisions are asked for. Undefined is no result
  // and no error.
  void run_path(PreparedQuery const& query, Outcome& out);
  // Any query: a result for each way in which it holds, as OPA lists them.
  void run_query(PreparedQuery const& query, Outcome& out);
  // What one rule of a group says alone.
  void run_rule(Group const& group, RulePlan const& rule, Outcome& out);
  // In `out.expressions`, the steps of the rule's head for each way in which the block holds, which
  // is the rule's body or its beginning; for tests with cases.
  void run_heads(RulePlan const& rule, Block const& block, Outcome& out);
  // Notes what failed and what fired, for `--trace` (why.h). Null: nothing is noted, at no cost.
  void record(WhyRecorder* why) { why_ = why; }
  // Notes each expression that was reached, for coverage.
  void cover(std::vector<Place>* covered) { covered_ = covered; }
  // Tells every event of the evaluation; `events` and `query` outlive it.
  void narrate(std::vector<TraceEvent>* events, PreparedQuery const& query);
  void end_story(Outcome const& out);

 private:
  // A function that `with` replaces by a value or by another function.
  struct Mock {
    WithTarget const* target = nullptr;
    Value value;
  };
  // The document of a group without arguments, once made.
  struct Cached {
    bool known = false;
    Value value;
  };
  // Members of a group asked for one by one.
  struct KeyedCache {
    std::unordered_map<Value, Value, ValueHash> values;
  };
  // The world an expression sees; `with` makes another.
  struct World {
    Value input;
    Value data;
    std::vector<std::vector<Value>> replaced;  // paths below data that `with` set
    std::vector<Mock> mocks;
    std::vector<Cached> cache;      // by group
    std::vector<KeyedCache> keyed;  // by group: members, or parts by the steps that lead there
  };

  // Blocks. `run` is the heart: it takes the statements from `at` on, and calls `done` for each way
  // in which all of them hold. A step that can hold only once says so in `held`; one that can hold
  // many times iterates and runs the rest for each.
  Flow run(Block const& block, std::size_t at, Frame& frame, Continue done);
  Flow step(Statement const& s, Frame& frame, bool& held);
  Flow iterate(Statement const& s, Block const& block, std::size_t at, Frame& frame, Continue done);
  // Whether the block holds at all; what it binds is forgotten.
  Flow exists(Block const& block, Frame& frame, bool& found);
  Flow every(Statement const& s, Frame& frame, bool& held);
  Flow comprehend(Statement const& s, Frame& frame, bool& held);
  Flow with(Statement const& s, Frame& frame, Continue done);
  // Takes `value` apart by the pattern and binds what it binds; false: they differ.
  bool match(Pattern const& pattern, Value const& value, Frame& frame);
  Value build(Pattern const& pattern, Frame const& frame) const;
  // The value without a copy where it already stands somewhere; else it is made in `held`.
  Value const& operand(Pattern const& pattern, Frame const& frame, Value& held) const;
  bool accept(Statement const& s, Value const& value, Frame& frame);

  // The record, and the story of events (eval_why.cc, eval_events.cc). Only while one is kept.
  class Narration;
  void note_failed(Block const& block, std::size_t at, Frame& frame);
  void note_fired(Group const& group, RulePlan const& rule, Frame& frame);
  void note_eval(Block const& block, std::size_t at, Frame const& frame);
  void tell_query(std::string_view op, int depth);
  void tell_expression(std::string_view op, Statement const& s, Frame const& frame);
  void event(std::string_view op, Place const& place, std::string text);
  [[nodiscard]] std::string source_of(Place const& place) const;
  std::vector<Operand> operands_of(Statement const& s, Frame& frame);
  SeenExpr seen_of(Statement const& s, Frame& frame);
  [[nodiscard]] Operand operand_seen(Pattern const& pattern, Frame const& frame) const;
  [[nodiscard]] Origin origin_of(Pattern const& pattern, Frame const& frame, int depth = 0) const;
  [[nodiscard]] Origin origin_of(Statement const& ref, Frame const& frame, int depth) const;
  [[nodiscard]] std::vector<Value> wanted_of(Pattern const& made, Frame const& frame,
                                             int depth) const;
  [[nodiscard]] Value wanted_shape(Slot made, Frame const& frame, int depth) const;
  void want_element(Statement const& s, Frame const& frame, Operand& found) const;
  void derive(Pattern const& pattern, Frame const& frame, std::vector<std::vector<Value>>& out,
              int depth) const;
  [[nodiscard]] Value looked_up(Origin const& origin) const;
  [[nodiscard]] std::string ref_name(Statement const& s, Frame const& frame) const;
  [[nodiscard]] std::string operand_name(Pattern const& pattern, Frame const& frame) const;

  // References. `walk` emits every value that the steps can reach: base documents (walk_base),
  // rules (walk_tree, walk_group), and both under one path merged (extent).
  Flow resolve(Statement const& s, Frame& frame, Value& out);
  Flow walk(Statement const& s, Frame& frame, Emit emit);
  Flow walk_value(Statement const& s, std::size_t at, Value const& value, Frame& frame, Emit emit);
  static Value const* base_member(Value const& base, Value const& key);
  Flow walk_base(Statement const& s, std::size_t at, Value const& base, Frame& frame, Emit emit);
  Flow walk_tree(Statement const& s, std::size_t at, RuleNode const& node, Value const* base,
                 Frame& frame, Emit emit);
  Flow walk_children(Statement const& s, std::size_t at, RuleNode const& node, Value const* base,
                     Frame& frame, Emit emit);
  Flow walk_group(Statement const& s, std::size_t at, Group const& group, Frame& frame, Emit emit);
  Flow extent(RuleNode const& node, Value const* base, Value& out);
  [[nodiscard]] bool is_replaced(RuleNode const& node) const;
  [[nodiscard]] Value const* base_of(RuleNode const& node) const;

  // Rules. `complete` holds all rules of a group against each other (two values: a conflict error);
  // `candidates` asks the index which of them can hold at all, null for all of them.
  Flow group_value(Group const& group, Value& out);
  // One member without making the whole document; `answered` false: the group cannot do that.
  Flow keyed_value(Group const& group, Value const& key, Value& out, bool& answered);
  Flow complete(Group const& group, std::span<const Value> arguments, Value& out);
  Flow complete_rule(Group const& group, RulePlan const& rule, std::span<const Value> arguments,
                     Value& out);
  Flow partial_set(Group const& group, Value& out);
  [[nodiscard]] std::vector<std::uint32_t> const* candidates(
      Group const& group, std::vector<std::uint32_t>& kept) const;
  [[nodiscard]] bool left_out(RulePlan const& rule) const;
  [[nodiscard]] std::vector<std::uint32_t> const* by_equality(Group const& group) const;
  bool by_pattern(Group const& group, std::vector<std::uint32_t> const* only,
                  std::vector<std::uint32_t>& kept) const;
  // With `wanted`, of the rules alone that can say something at these steps.
  using Wanted = std::vector<std::optional<std::vector<Value>>>;
  Flow partial_object(Group const& group, Wanted const& wanted, Value& out);
  // What an object of rules that ask each other holds where the reference leads, and maybe more.
  Flow part_value(Group const& group, Statement const& s, std::size_t at, Frame& frame, Value& out);
  Flow keyed_rule(RulePlan const& rule, Value const& key, DocumentBuilder& into, bool& member);
  Flow insert(RulePlan const& rule, Frame& frame, std::size_t from, DocumentBuilder& into);
  // Room for a rule's variables, taken from `free_` and given back when `body` returns.
  Flow with_frame(RulePlan const& rule, Callback<Flow(Frame&)> body);

  // Functions: builtins, groups with arguments, and what `with` put in their place.
  Flow call(Statement const& s, Frame& frame, Value& out);
  Flow call_builtin(Builtin const& builtin, std::span<const Value> arguments, Statement const& s,
                    Frame const& frame, Value& out);
  Flow call_group(Group const& group, std::span<const Value> arguments, Value& out);
  Flow call_mocked(Mock const& mock, std::span<const Value> arguments, Statement const& s,
                   Frame const& frame, Value& out);
  [[nodiscard]] Mock const* mock_of(Statement const& s) const;

  // Bounds and errors. `tick` counts a step and looks at the clock now and then; `charge` false:
  // the memory bound is hit.
  Flow tick();
  [[nodiscard]] bool late() const;
  [[nodiscard]] bool cancelled() const;
  bool charge(std::size_t bytes);
  Flow fail(std::string_view code, std::string message, Place place);
  [[nodiscard]] Location location(Place const& place) const;
  Value upsert(Value const& root, std::span<const Value> path, Value const& leaf) const;
  void finish(Outcome& out);

  class Depth;
  Program const& program_;
  EvalOptions const& options_;
  World first_;
  World* world_ = &first_;
  std::array<Value, 48> first_slots_;  // of frames; more come in chunks
  std::span<Value> free_ = first_slots_;
  std::unique_ptr<EvalError> error_;
  std::uint64_t steps_ = 0;
  std::size_t depth_ = 0;
  std::uintptr_t stack_begin_ = 0;  // where the evaluation began
  std::size_t memory_ = 0;
  SteadyTime deadline_{};
  BuiltinContext context_;
  std::uint64_t random_ = 0;
  std::vector<std::pair<std::string, Value>> remembered_;
  WhyRecorder* why_ = nullptr;
  std::vector<TraceEvent>* events_ = nullptr;
  PreparedQuery const* told_query_ = nullptr;
  int event_depth_ = 0;
  std::vector<Place>* covered_ = nullptr;
};

class Evaluator::Depth {
 public:
  explicit Depth(Evaluator& evaluator) : evaluator_(evaluator) { ++evaluator_.depth_; }
  ~Depth() { --evaluator_.depth_; }
  Depth(Depth const&) = delete;
  Depth& operator=(Depth const&) = delete;
  // Also when the thread's stack runs low, whatever the frames of this build weigh.
  [[nodiscard]] bool exceeded() const {
    auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));  // NOLINT
    return evaluator_.depth_ > evaluator_.options_.limits.depth ||
           evaluator_.stack_begin_ - here > kMostStack;
  }

 private:
  static constexpr std::uintptr_t kMostStack = 4U << 20;  // of the usual 8 MB; stacks grow down
  Evaluator& evaluator_;
};

// One rule being tried: its Enter, and its Exit or Redo when it goes out of scope.
class Evaluator::Narration {
 public:
  Narration(Evaluator& evaluator, Group const& group, RulePlan const& rule)
      : evaluator_(evaluator) {
    if (evaluator_.events_ != nullptr) enter(group, rule);
  }
  ~Narration() {
    if (evaluator_.events_ != nullptr && entered_) --evaluator_.event_depth_;
  }
  Narration(Narration const&) = delete;
  Narration& operator=(Narration const&) = delete;

 private:
  void enter(Group const& group, RulePlan const& rule);
  Evaluator& evaluator_;
  bool entered_ = false;
};

}  // namespace aw::rego
