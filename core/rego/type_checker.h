// SPDX-License-Identifier: Apache-2.0
// Inside of check_types: walks plans and learns what is known of their variables. type_check.cc
// goes through rules and statements, type_call.cc looks at calls, type_reference.cc at references.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/rego/compile.h"
#include "core/rego/type_match.h"
#include "core/rego/type_with.h"
#include "core/rego/types.h"

namespace aw::rego {

// One program's, or one query's; used once, by one thread. Program, query and faults outlive it.
class TypeChecker {
 public:
  TypeChecker(Program const& program, Faults& faults)
      : program_(program), faults_(faults), groups_(program.groups.size()), with_(program) {}

  void check_all();
  void check_query(PreparedQuery const& query);

 private:
  // What is known of each group; a function's arguments beside its result.
  struct GroupTypes {
    bool known = false;
    std::vector<TypeRef> arguments;
    TypeRef value;
  };

  // Rules. Groups are looked at when they are asked for, each after those it needs.
  GroupTypes const& types_of(Group const& group);
  void rule_types(Group const& group, RulePlan const& rule, GroupTypes& made);
  TypeRef head_type(RulePlan const& rule);
  void names(RulePlan const& plan);

  // Statements, in the order in which they run; what does not fit is told.
  void match_error(Place const& place, TypeRef const& left, TypeRef const& right);
  void equal(Side const& left, Side const& right, Place const& place);
  void out(Statement const& s, Side::Form form, TypeRef const& type);
  void block(Block const& statements);
  void statement(Statement const& s);
  bool scalar_gone_through(Statement const& s);
  void closure(Statement const& s);
  void with(Statement const& s);
  void comprehension(Statement const& s);

  // Calls.
  void call(Statement const& s);
  void call_builtin(Statement const& s);
  [[nodiscard]] TypeRef result_type(Builtin const& builtin, TypeRef const& said) const;
  bool arguments(Statement const& s, std::string_view name, std::vector<TypeRef> const& wanted);
  bool membership(Statement const& s);
  bool fits_member(Pattern const& pattern, TypeRef const& type);

  // References. `reference_type`: nothing when it leads nowhere; null when it is not known where.
  void reference(Statement const& s);
  std::optional<TypeRef> reference_type(Statement const& s);
  TypeRef document_type(Statement const& s);
  [[nodiscard]] std::string_view text_at(Place const& place) const;
  TypeRef document(Statement const& s, std::size_t& at);
  TypeRef extent(RuleNode const& node);
  std::optional<TypeRef> step(TypeRef const& type, Pattern const& pattern);

  Program const& program_;
  Faults& faults_;
  RulePlan const* rule_ = nullptr;        // that is looked at
  PreparedQuery const* query_ = nullptr;  // while its own statements are looked at
  std::vector<GroupTypes> groups_;
  GroupTypes const unknown_{.known = true, .value = any_type()};
  int rules_deep_ = 0;
  TypeMatch match_;
  std::vector<bool> named_;  // slots that the author gave a name
  TypesWith with_;
  int refs_only_ = 0;  // inside so many closures of which only references count
};

}  // namespace aw::rego
