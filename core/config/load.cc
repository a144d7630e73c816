// SPDX-License-Identifier: Apache-2.0
#include "core/config/load.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/base/text.h"
#include "core/config/rules.h"
#include "core/config/schema.h"
#include "core/config/secret_refs.h"
#include "core/config/sources.h"
#include "core/config/variables.h"

namespace aw::config {
namespace {

constexpr std::size_t kMaxFindings = 200;
constexpr std::string_view kEnvironmentFlag = "--env";

// A path stands relative to the file that says it; a command only when it starts with a dot.
std::string anchored(Origin const& at, std::string const& text) {
  if (at.rank != Rank::file || at.source == nullptr) return text;
  const std::filesystem::path directory = std::filesystem::path(at.source->name()).parent_path();
  if (text.empty() || text.front() == '/' || directory.empty()) return text;
  return (directory / text).lexically_normal().string();
}

// The items of one list may come from different places: --set KEY[1]=… leaves the file's own.
void anchor_list(Entry const& entry, std::vector<std::string>& list) {
  const bool command = entry.field->path_use == PathUse::program;
  auto const& given = entry.value->items;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (command && i > 0) break;  // the program only, never its arguments
    std::string& item = list[i];
    if (command && !item.starts_with("./") && !item.starts_with("../")) continue;
    item = anchored(i < given.size() ? given[i]->at : entry.at, item);
  }
}

// Has the list that the entry stands in got that item?
bool is_decoded(Values const& values, Entry const& entry) {
  if (!entry.field->is_item()) return true;
  const auto list = values.find(entry.field->key.substr(0, entry.field->key.find("[]")));
  return list != values.end() && entry.index < list->second.count;
}

void anchor_paths(Values const& values, Config& config) {
  for (auto const& [key, entry] : values) {
    if (entry.field->path_use == PathUse::none || !is_decoded(values, entry)) continue;
    const Slot slot = entry.field->access(config, entry.index);
    if (auto* const* text = std::get_if<std::string*>(&slot)) {
      **text = anchored(entry.at, **text);
    } else if (auto* const* list = std::get_if<std::vector<std::string>*>(&slot)) {
      anchor_list(entry, **list);
    }
  }
}

// A finding about a secret's neighbour must not print the secret's line, whatever stands in it.
void hide_secrets(Values const& values, std::vector<Diagnostic>& found) {
  std::set<std::pair<std::string, int>> lines;
  for (auto const& [key, entry] : values) {
    if (!entry.field->is_secret || entry.at.source == nullptr) continue;
    for (Origin const* at : {&entry.at, &entry.value->at}) {
      lines.emplace(at->source->name(), at->line);
    }
  }
  for (Diagnostic& one : found) {
    const bool named = std::ranges::any_of(all_fields(), [&one](Field const& row) {
      return row.is_secret &&
             one.place.line_text.find(row.key.substr(row.key.rfind('.') + 1)) != std::string::npos;
    });
    if (named || lines.contains({one.place.file, one.place.line})) one.place.line_text.clear();
  }
}

void note_origins(Values const& values, std::map<std::string, Place>& origins) {
  for (auto const& [key, entry] : values) {
    origins.emplace(key, entry.value->at.place());
    if (entry.field->type != Type::text_list) continue;
    for (std::size_t i = 0; i < entry.value->items.size(); ++i) {
      origins.emplace(key + '[' + std::to_string(i) + ']', entry.value->items[i]->at.place());
    }
  }
}

// "Development … listens on loopback only unless told otherwise."
void stay_on_loopback(Loaded& loaded, Values const& values) {
  if (loaded.config.environment != Environment::development || loaded.insecure.empty()) return;
  if (!values.contains("server.host")) loaded.config.server.host = "127.0.0.1";
  if (!values.contains("observability.metrics.host")) loaded.config.metrics.host = "127.0.0.1";
}

// Stable. (libstdc++ 12's own stable_sort calls a deprecated function.)
template <class Key>
void sort_by(std::vector<Diagnostic>& findings, Key key) {
  std::vector<std::size_t> order(findings.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&findings, &key](std::size_t i) { return std::tuple(key(findings[i]), i); });
  std::vector<Diagnostic> sorted;
  sorted.reserve(order.size());
  for (const std::size_t i : order) sorted.push_back(std::move(findings[i]));
  findings = std::move(sorted);
}

// Files in the order they were read, each from top to bottom; what has no line first.
void sort_findings(Loaded& loaded) {
  const auto file_order = [&loaded](std::string const& name) {
    const auto found = std::ranges::find(loaded.files, std::filesystem::path(name));
    return found - loaded.files.begin();
  };
  sort_by(loaded.diagnostics, [&file_order](Diagnostic const& one) {
    return std::tuple(file_order(one.place.file), one.place.line, one.place.column);
  });
}

void limit_findings(std::vector<Diagnostic>& found) {
  if (found.size() <= kMaxFindings) return;
  const std::size_t left = found.size() - kMaxFindings;
  // Errors must not fall off the end of a long list of warnings.
  sort_by(found, [](Diagnostic const& one) { return one.severity == Severity::error ? 0 : 1; });
  found.resize(kMaxFindings);
  Place nowhere;
  found.push_back(
      problem(Code::config_syntax, nowhere, "and " + std::to_string(left) + " more findings"));
}

bool is_named(Node const& node, std::string_view name) {
  if (node.text.find(name) != std::string::npos) return true;
  return std::ranges::any_of(node.items,
                             [name](NodePtr const& item) { return is_named(*item, name); }) ||
         std::ranges::any_of(
             node.members, [name](Member const& member) { return is_named(*member.value, name); });
}

// A variable that the configuration hands to a command, or takes a secret from.
bool is_named(Values const& values, std::string_view name) {
  return std::ranges::any_of(
      values, [name](auto const& entry) { return is_named(*entry.second.value, name); });
}

void add_defaults(LoadRequest const& request, Values& values, std::vector<Diagnostic>& found) {
  Values below;
  for (std::string const& text : request.defaults) apply_override(below, text, {}, found);
  for (auto& [key, entry] : below) values.try_emplace(key, std::move(entry));
}

void add_flags(LoadRequest const& request, Values& values, std::vector<Diagnostic>& found) {
  for (std::string const& text : request.overrides) apply_override(values, text, {}, found);
  for (Flag const& flag : request.flags)
    apply_override(values, flag.key + '=' + flag.value, flag.name, found);
  if (request.environment)
    apply_override(values, "agent.environment=" + *request.environment, kEnvironmentFlag, found);
}

// A value that its own flag cannot have is a mistake in the command line, as with any other option.
void blame_flags(LoadRequest const& request, std::vector<Diagnostic>& found) {
  for (Diagnostic& one : found) {
    if (one.code != Code::config_wrong_type && one.code != Code::config_out_of_range) continue;
    if (one.place.name == kEnvironmentFlag ||
        std::ranges::find(request.flags, one.place.name, &Flag::name) != request.flags.end())
      one.code = Code::usage;
  }
}

}  // namespace

std::string_view environment_name(Environment environment) {
  switch (environment) {
    case Environment::production:
      return "production";
    case Environment::staging:
      return "staging";
    case Environment::development:
      return "development";
  }
  return "production";
}

std::optional<Environment> parse_environment(std::string_view name) {
  for (ChoiceName const& one : find_field("agent.environment")->choices) {
    if (one.name == name) return static_cast<Environment>(one.value);
  }
  return std::nullopt;
}

EnvLookup lookup_in(std::map<std::string, std::string> const& variables) {
  return [&variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

Loaded inspect(LoadRequest const& given) {
  Loaded out;
  auto& found = out.diagnostics;
  std::set<std::string, std::less<>> asked;  // ${…} among them
  LoadRequest request = given;
  request.env = [&given, &asked](std::string_view name) {
    asked.emplace(name);
    return given.env ? given.env(name) : std::nullopt;
  };
  Assembled assembled = assemble(request, found);
  out.files = std::move(assembled.files);
  if (!assembled.readable) return out;
  Values& values = assembled.values;
  // A file that is no YAML says nothing: what it lacks would only hide what is wrong with it. A
  // file that only draws warnings says nothing either, but what is decided without it must be
  // checked.
  const bool parsed = !values.empty() || count(found, Severity::error) == 0;
  apply_environment(values, request.env);
  add_defaults(request, values, found);
  add_flags(request, values, found);
  settle_pairs(values);
  std::vector<Diagnostic> misfits;
  out.config = decode(values, assembled.sections, assembled.whole, misfits);
  blame_flags(request, misfits);
  if (parsed) {
    std::ranges::move(misfits, std::back_inserter(found));
    out.secrets = find_secret_uses(values, out.config, found);
    check_rules({out.config, values, assembled.whole, request.backends}, found, out.insecure);
  }
  // With the embedded engine there is no OPA to ask; the default address would only mislead.
  if (out.config.authorization.embedded()) out.config.authorization.opa_endpoints.clear();
  anchor_paths(values, out.config);
  stay_on_loopback(out, values);
  note_origins(values, out.origins);
  out.keys = values.size();
  std::ranges::move(misspelt_variables(request.variables,
                                       [&values, &asked](std::string_view name) {
                                         return asked.contains(name) || is_named(values, name);
                                       }),
                    std::back_inserter(found));
  hide_secrets(values, found);
  sort_findings(out);
  limit_findings(found);
  return out;
}

Error refusal(Loaded const& loaded) {
  auto first = std::ranges::find(loaded.diagnostics, Code::usage, &Diagnostic::code);
  if (first == loaded.diagnostics.end())
    first = std::ranges::find(loaded.diagnostics, Severity::error, &Diagnostic::severity);
  if (first == loaded.diagnostics.end()) return make_error(Code::internal, "nothing is wrong");
  // A finding about a file as a whole names it.
  bool const named = first->place.line <= 0 && !first->place.file.empty() &&
                     first->message.find(first->place.file) != std::string::npos;
  std::string message = named ? first->message : first->place.before(first->message);
  const std::size_t more = count(loaded.diagnostics, Severity::error) - 1;
  if (more > 0) message += " (and " + std::to_string(more) + " more)";
  return make_error(first->code, std::move(message), first->hint)
      .with("diagnostics", render_text(loaded.diagnostics));
}

Result<Loaded> load(LoadRequest const& request) {
  Loaded loaded = inspect(request);
  if (!loaded.ok()) return refusal(loaded);
  return loaded;
}

std::vector<Diagnostic> check_bundles(Loaded const& loaded, std::vector<std::string> const& known) {
  constexpr std::string_view kKey = "identity.allowed_trust_domains";
  std::vector<Diagnostic> out;
  const std::vector<std::string_view> names(known.begin(), known.end());
  auto const& allowed = loaded.config.identity.allowed_trust_domains;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    std::string const& domain = allowed[i];
    if (domain == loaded.config.agent.trust_domain ||
        std::ranges::find(known, domain) != known.end()) {
      continue;
    }
    auto origin = loaded.origins.find(std::string(kKey) + '[' + std::to_string(i) + ']');
    if (origin == loaded.origins.end()) origin = loaded.origins.find(std::string(kKey));
    const auto near = text::nearest(domain, names);
    out.push_back(caution(
        Code::trust_domain_without_bundle,
        origin == loaded.origins.end() ? Place() : origin->second,
        "trust domain \"" + domain + "\" is allowed but no federation source provides its bundle",
        near ? "did you mean \"" + std::string(*near) + "\"?" : ""));
    out.back().key = kKey;
    out.back().value = domain;
  }
  return out;
}

}  // namespace aw::config
