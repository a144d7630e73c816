// SPDX-License-Identifier: Apache-2.0
#include "core/rego/compile.h"

#include <algorithm>

#include "core/rego/compile_tree.h"
#include "core/rego/type_check.h"
#include "core/tls/digest.h"

namespace aw::rego {
namespace {

std::string snippet_of(std::string_view text, Place place) {
  std::size_t at = std::min<std::size_t>(place.offset, text.size());
  std::size_t from = at == 0 ? 0 : text.rfind('\n', at - 1);
  from = from == std::string_view::npos ? 0 : (at == 0 ? 0 : from + 1);
  std::size_t to = text.find('\n', from);
  std::string_view line = text.substr(from, to == std::string_view::npos ? to : to - from);
  std::string caret;
  for (std::size_t i = 0; i < std::min(at - from, line.size()); ++i) {
    caret += line[i] == '\t' ? '\t' : ' ';
  }
  return std::string(line) + "\n" + caret + "^";
}

bool parse_all(Program& program, Faults& faults) {
  for (std::uint32_t file = 0; file < program.sources.size(); ++file) {
    Module module;
    Fault fault;
    if (parse_module(program.sources[file].text, file, module, fault)) {
      program.modules.push_back(std::move(module));
    } else {
      faults.add(std::move(fault));
    }
  }
  return faults.empty();
}

bool check_sizes(Program const& program, Faults& faults) {
  std::size_t bytes = 0;
  for (Source const& source : program.sources) bytes += source.text.size();
  bool ok = bytes <= program.options.max_source_bytes &&
            program.sources.size() <= program.options.max_modules;
  if (!ok) faults.add("rego_compile_error", Place{}, "the policy is too large");
  return ok;
}

Names names_of(Program const& program, Module const& module) {
  Names names = names_in(program, module.package);
  for (Import const& import : module.imports) names.imports[import.name()] = import.path;
  return names;
}

void check_imports(Program const& program, Module const& module, Names const& names,
                   Faults& faults) {
  bool strict = program.options.strictness == Strictness::strict;
  std::set<std::string> seen;
  for (Import const& import : module.keywords) {
    if (seen.insert(ref_text(import.path)).second) continue;
    faults.add("rego_compile_error", import.place,
               "import must not shadow import " + ref_text(import.path));
  }
  for (Import const& import : module.imports) {
    if (!seen.insert(import.name()).second) {
      faults.add("rego_compile_error", import.place,
                 "import must not shadow import " + ref_text(import.path));
    } else if (strict && !names.used_imports.contains(import.name())) {
      faults.add("rego_compile_error", import.place, "import " + ref_text(import.path) + " unused");
    }
  }
}

void report_unused(PlacedRule const& placed, std::set<std::string> const& unused, Faults& faults) {
  for (std::string const& name : unused) {
    faults.add("rego_compile_error", placed.rule->head.place,
               "unused argument " + name + ". (hint: use _ (wildcard variable) instead)");
  }
}

void compile_one(Program& program, RuleTree& tree, PlacedRule const& placed, Names& names,
                 Faults& faults) {
  Group& group = tree.group_of(placed);
  auto plan = std::make_unique<RulePlan>();
  RulePlan* at = plan.get();
  std::optional<std::set<std::string>> unused;
  for (Rule const* rule = placed.rule; rule != nullptr; rule = rule->otherwise.get()) {
    RuleCompiler compiler(program, names, faults);
    at->module = static_cast<std::uint32_t>(placed.module);
    at->annotations = placed.rule->annotations;
    compiler.rule(*rule, placed.path_length, group.kind, *at);
    auto here = compiler.unused_arguments();
    if (unused) {
      std::erase_if(*unused, [&](std::string const& name) { return !here.contains(name); });
    } else {
      unused = std::move(here);
    }
    if (rule->otherwise) {
      at->otherwise = std::make_unique<RulePlan>();
      at = at->otherwise.get();
    }
  }
  if (program.options.strictness == Strictness::strict) report_unused(placed, *unused, faults);
  ++program.rules;
  if (placed.rule->is_default) {
    group.fallback = std::move(plan);
  } else {
    group.rules.push_back(std::move(*plan));
  }
}

void find_constants(Program& program) {
  for (auto& group : program.groups) {
    if (group->kind != GroupKind::complete || group->rules.empty()) continue;
    Value const& first = group->rules.front().value.value;
    group->same_constant = std::ranges::all_of(group->rules, [&](RulePlan const& rule) {
      bool same = true;
      for (RulePlan const* at = &rule; at != nullptr; at = at->otherwise.get()) {
        same = same && at->constant_value && at->value.value == first;
      }
      return same;
    });
  }
}

void digest_of(Program& program) {
  tls::Sha256 hash;
  std::vector<Source const*> sorted;
  sorted.reserve(program.sources.size());
  for (Source const& source : program.sources) sorted.push_back(&source);
  std::ranges::sort(sorted, {}, [](Source const* s) { return s->name; });
  for (Source const* source : sorted) {
    hash.update(source->name + '\0' + std::to_string(source->text.size()) + '\0');
    hash.update(source->text);
  }
  write_json(program.data, [&hash](std::string_view piece) { hash.update(piece); });
  program.digest = hash.finish_hex();
}

}  // namespace

Error Faults::first() const {
  Diagnostic const& first = found_.front();
  std::string where = first.file.empty() ? ""
                                         : first.file + ":" + std::to_string(first.line) + ":" +
                                               std::to_string(first.column) + ": ";
  std::string more =
      found_.size() > 1 ? " (and " + std::to_string(found_.size() - 1) + " more)" : "";
  return make_error(first.error, where + first.code + ": " + first.message + more, first.hint);
}

void Faults::add(Fault fault) {
  if (found_.size() >= 100) return;
  Diagnostic made;
  made.code = std::move(fault.code);
  made.message = std::move(fault.message);
  made.hint = std::move(fault.hint);
  made.error = fault.error;
  // A query's own text is all that its faults are about.
  std::size_t const file = fault.place.file == kQueryFile ? 0 : fault.place.file;
  if (fault.place.line > 0 && file < sources_.size()) {
    made.file = sources_[file].name;
    made.line = static_cast<int>(fault.place.line);
    made.column = static_cast<int>(fault.place.column);
    made.snippet = snippet_of(sources_[file].text, fault.place);
  }
  found_.push_back(std::move(made));
}

void Faults::add(std::string_view code, Place place, std::string message, std::string hint,
                 Code error) {
  add(Fault{std::string(code), place, std::move(message), std::move(hint), error});
}

std::string Diagnostic::text() const {
  std::string out;
  if (!file.empty()) {
    out = file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": ";
  }
  out += code + ": " + message;
  if (!hint.empty()) out += " (hint: " + hint + ")";
  if (!snippet.empty()) {
    out += "\n\t";
    for (char c : snippet) {
      out += c;
      if (c == '\n') out += '\t';
    }
  }
  return out;
}

Location Program::location(Place const& place) const {
  Location out;
  if (place.line > 0 && place.file < sources.size()) out.file = sources[place.file].name;
  out.line = static_cast<int>(place.line);
  out.column = static_cast<int>(place.column);
  return out;
}

std::string_view Program::text(Place const& place) const {
  if (place.file >= sources.size()) return {};
  std::string_view all = sources[place.file].text;
  if (place.offset > all.size() || place.end < place.offset) return {};
  return all.substr(place.offset, place.end - place.offset);
}

Result<std::shared_ptr<const Policy>> compile(std::span<const Source> modules, Value data,
                                              CompileOptions const& options,
                                              std::vector<Diagnostic>* diagnostics) {
  auto program = std::make_shared<Program>();
  program->sources.assign(modules.begin(), modules.end());
  program->options = options;
  program->data = data.defined() ? std::move(data) : Value::object(std::vector<Entry>{});
  program->cache = make_builtin_cache();
  Faults faults(program->sources);
  if (!program->data.is(Kind::object)) {
    faults.add("rego_compile_error", Place{}, "the data document is no object", "",
               Code::policy_data);
  }
  RuleTree tree(*program, faults);
  if (check_sizes(*program, faults) && parse_all(*program, faults) && tree.build()) {
    std::vector<Names> names;
    for (Module const& module : program->modules) names.push_back(names_of(*program, module));
    for (PlacedRule const& placed : tree.placed()) {
      compile_one(*program, tree, placed, names[placed.module], faults);
    }
    for (std::size_t i = 0; i < program->modules.size(); ++i) {
      check_imports(*program, program->modules[i], names[i], faults);
    }
    if (faults.empty()) check_recursion(*program, faults);
    if (faults.empty()) check_types(*program, faults);
  }
  if (!faults.empty()) {
    Error error = faults.first();
    if (diagnostics != nullptr) *diagnostics = std::move(faults.found());
    return error;
  }
  find_constants(*program);
  for (auto& group : program->groups) build_index(*group);
  find_needs(*program);
  digest_of(*program);
  return std::shared_ptr<const Policy>(std::make_shared<Policy>(std::move(program)));
}

std::string const& Policy::digest() const { return program_->digest; }
std::size_t Policy::rule_count() const { return program_->rules; }
Value const& Policy::data() const { return program_->data; }

std::vector<ModuleInfo> Policy::modules() const {
  std::vector<ModuleInfo> out;
  for (Module const& module : program_->modules) {
    ModuleInfo info;
    info.file = program_->sources[module.file].name;
    info.package = "data." + ref_text(module.package);
    for (Rule const& rule : module.rules) {
      RuleInfo one;
      one.path = info.package;
      for (TermPtr const& step : rule.head.ref) {
        one.path += "." + (is_var(step)      ? step->name
                           : is_string(step) ? std::string(step->value.as_string())
                                             : "_");
      }
      one.location = program_->location(rule.place);
      std::string_view text = program_->text(rule.place);
      one.end_line = one.location.line + static_cast<int>(std::ranges::count(text, '\n'));
      one.is_default = rule.is_default;
      one.is_function = rule.head.function;
      std::string const& name = rule.head.ref[0]->name;
      one.is_test = name.starts_with("test_") || name.starts_with("todo_test_");
      info.rules.push_back(std::move(one));
    }
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace aw::rego
