// SPDX-License-Identifier: Apache-2.0
#include "core/rego/metadata.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace aw::rego {
namespace {

using Package = std::vector<std::string>;

// Rules stand in the order of the text.
Rule const* rule_at(Module const& module, Place const& place) {
  auto const behind = std::ranges::upper_bound(module.rules, place.offset, {},
                                               [](Rule const& rule) { return rule.place.offset; });
  if (behind == module.rules.begin()) return nullptr;
  Rule const& own = *std::prev(behind);
  return place.offset < own.place.end ? &own : nullptr;
}

// The rule below an annotation.
Rule const* rule_below(Module const& module, Annotation const& annotation) {
  auto const below = std::ranges::upper_bound(module.rules, annotation.place.end, {},
                                              [](Rule const& rule) { return rule.place.line; });
  return below == module.rules.end() ? nullptr : &*below;
}

std::vector<Value> path_of(Package const& package) {
  std::vector<Value> path;
  for (std::string const& step : package) path.push_back(Value::string(step));
  return path;
}

// Up to the first step that is no constant.
std::vector<Value> path_of(Module const& module, Rule const& rule) {
  std::vector<Value> path = path_of(module.package);
  for (TermPtr const& step : rule.head.ref) {
    bool first = path.size() == module.package.size();
    if (is_var(step) && !first) break;
    path.push_back(is_var(step) ? Value::string(step->name) : step->value);
  }
  return path;
}

Value annotated(Annotation const& annotation) {
  return merge(annotation.value, Value::object({{"scope", Value::string(annotation.scope)}}));
}

Value link(std::vector<Value> path, Value annotations) {
  Value at = Value::array(std::move(path));
  if (!annotations.defined()) return Value::object({{"path", at}});
  return Value::object({{"path", at}, {"annotations", std::move(annotations)}});
}

class ChainMaker {
 public:
  ChainMaker(Program const& program, Module const& module, Rule const& rule)
      : program_(program), module_(module), rule_(rule), path_(path_of(module, rule)) {}

  std::vector<Value> run() {
    for (auto at = module_.annotations.rbegin(); at != module_.annotations.rend(); ++at) {
      if (at->scope == "rule" && rule_below(module_, *at) == &rule_) {
        chain_.push_back(link(path_, annotated(*at)));
      }
    }
    if (chain_.empty()) chain_.push_back(link(path_, {}));
    of_document();
    of_package("package", module_.package);
    for (Package package = module_.package; !package.empty(); package.pop_back()) {
      of_package("subpackages", package);
    }
    return std::move(chain_);
  }

 private:
  void of_document() {
    for (Module const& module : program_.modules) {
      for (Annotation const& annotation : module.annotations) {
        if (annotation.scope != "document") continue;
        Rule const* below = rule_below(module, annotation);
        if (below == nullptr || path_of(module, *below) != path_) continue;
        chain_.push_back(link(path_, annotated(annotation)));
        return;
      }
    }
  }

  void of_package(std::string_view scope, Package const& package) {
    for (Module const& module : program_.modules) {
      if (module.package != package) continue;
      for (Annotation const& annotation : module.annotations) {
        if (annotation.scope != scope) continue;
        chain_.push_back(link(path_of(package), annotated(annotation)));
        return;
      }
    }
  }

  Program const& program_;
  Module const& module_;
  Rule const& rule_;
  std::vector<Value> path_;
  std::vector<Value> chain_;
};

}  // namespace

Metadata metadata_of(Program const& program, RulePlan const& rule) {
  Metadata out{.rule = Value::object(std::vector<Entry>{}), .chain = Value::array({})};
  if (rule.module >= program.modules.size()) return out;
  Module const& module = program.modules[rule.module];
  Rule const* own = rule_at(module, rule.place);
  if (own == nullptr) return out;
  std::vector<Value> chain = ChainMaker(program, module, *own).run();
  Value first = chain.front().get("annotations");
  if (first.defined()) out.rule = first;
  out.chain = Value::array(std::move(chain));
  return out;
}

}  // namespace aw::rego
