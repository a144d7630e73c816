// SPDX-License-Identifier: Apache-2.0
// Which statement an annotation belongs to, and that no document or package has two of its own.
#include <algorithm>
#include <map>

#include "core/rego/compile.h"

namespace aw::rego {
namespace {

// An annotation belongs to the statement that follows it. nullptr: to the package.
Rule* rule_after(Module& module, Annotation const& annotation) {
  for (Rule& rule : module.rules) {
    if (rule.place.line > annotation.place.end) return &rule;
  }
  return nullptr;
}

void place_annotation(Module& module, std::size_t at) {
  Annotation& annotation = module.annotations[at];
  if (module.place.line > annotation.place.end && annotation.scope.empty()) {
    annotation.scope = "package";
    return;
  }
  if (annotation.scope.empty()) annotation.scope = "rule";
  Rule* rule = rule_after(module, annotation);
  if (rule != nullptr && annotation.scope == "rule") rule->annotations = static_cast<int>(at);
}

// The path that an annotation of one's own belongs to; empty for those that a path may have many
// of. Packages and what lies below them are kept apart by a first word.
std::vector<std::string> annotated_path(Module& module, Annotation const& annotation) {
  std::vector<std::string> path;
  bool const document = annotation.scope == "document";
  if (!document && annotation.scope != "package" && annotation.scope != "subpackages") return path;
  path.emplace_back(annotation.scope == "package" ? "package" : "tree");
  path.insert(path.end(), module.package.begin(), module.package.end());
  if (!document) return path;
  Rule const* rule = rule_after(module, annotation);
  if (rule == nullptr) return {};
  path.push_back(rule->head.ref[0]->name);
  for (std::size_t i = 1; i < rule->head.ref.size() && is_string(rule->head.ref[i]); ++i) {
    path.emplace_back(rule->head.ref[i]->value.as_string());
  }
  return path;
}

}  // namespace

void place_annotations(Program& program, Faults& faults) {
  std::vector<Module*> by_name;
  by_name.reserve(program.modules.size());
  for (Module& module : program.modules) by_name.push_back(&module);
  std::ranges::sort(by_name, {}, [&](Module* m) { return program.sources[m->file].name; });
  std::map<std::vector<std::string>, Place> seen;
  for (Module* module : by_name) {
    for (std::size_t i = 0; i < module->annotations.size(); ++i) {
      place_annotation(*module, i);
      Annotation const& annotation = module->annotations[i];
      auto path = annotated_path(*module, annotation);
      if (path.empty()) continue;
      auto const [other, first] = seen.try_emplace(std::move(path), annotation.place);
      if (first) continue;
      faults.add(
          "rego_type_error", annotation.place,
          annotation.scope + " annotation redeclared: " + program.location(other->second).text());
    }
  }
}

}  // namespace aw::rego
