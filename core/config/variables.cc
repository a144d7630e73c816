// SPDX-License-Identifier: Apache-2.0
#include "core/config/variables.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/base/text.h"
#include "core/config/document.h"
#include "core/config/schema.h"

namespace aw::config {
namespace {

constexpr std::string_view kPrefix = "AGENTWEAVE_";

// Without the prefix, which would make any two of them alike.
std::set<std::string> read_names() {
  std::set<std::string> out = {"CONFIG", "CONFIG_PATH", "DEBUG"};
  for (Field const& field : all_fields()) {
    auto names = field.variables;
    names.push_back(derived_variable(field));
    for (std::string const& name : names)
      if (name.starts_with(kPrefix)) out.insert(name.substr(kPrefix.size()));
  }
  return out;
}

// What a pod finds of a Service whose name begins as ours; SERVICE_HOST is near SERVER_HOST.
bool is_service_link(std::string_view name) {
  return name.ends_with("SERVICE_HOST") || name.find("SERVICE_PORT") != std::string_view::npos;
}

// SPIFFE_ENDPOINT for IDENTITY_SPIFFE_ENDPOINT; nothing where several sections have one.
std::optional<std::string_view> with_its_section(std::string_view name,
                                                 std::span<const std::string_view> known) {
  auto const ending = "_" + std::string(name);
  auto const ends = [&ending](std::string_view one) { return one.ends_with(ending); };
  auto const found = std::ranges::find_if(known, ends);
  if (found == known.end() || std::find_if(found + 1, known.end(), ends) != known.end())
    return std::nullopt;
  return *found;
}

}  // namespace

std::vector<std::string> own_variables(std::map<std::string, std::string> const& variables) {
  std::vector<std::string> out;
  for (auto const& [name, value] : variables)
    if (name.starts_with(kPrefix)) out.push_back(name);
  return out;
}

std::vector<Diagnostic> misspelt_variables(std::span<const std::string> set,
                                           std::function<bool(std::string_view name)> const& used) {
  constexpr std::size_t kLongest = 128;
  std::vector<Diagnostic> out;
  if (set.empty()) return out;
  auto const names = read_names();
  std::vector<std::string_view> const known(names.begin(), names.end());
  for (std::string const& variable : set) {
    if (!variable.starts_with(kPrefix) || variable.size() > kLongest) continue;
    auto const name = variable.substr(kPrefix.size());
    if (name.empty() || names.contains(name) || is_service_link(name) || used(variable)) continue;
    auto meant = text::nearest(name, known);
    if (!meant) meant = with_its_section(name, known);
    if (!meant) continue;
    Place place;
    place.name = variable;
    out.push_back(caution(Code::config_unknown_key, place, "nothing reads the variable " + variable,
                          "did you mean " + std::string(kPrefix) + std::string(*meant) + "?"));
  }
  return out;
}

}  // namespace aw::config
