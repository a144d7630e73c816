// SPDX-License-Identifier: Apache-2.0
// THE table: the sections' rows (schema_*.cc) in the order of the reference page, and how they are
// found. A row is all it takes to add a setting: parsing, ranges, environment, --set, explain,
// reference page, JSON Schema, show and reload follow from it.
#include "core/config/schema.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/config/schema_row.h"

namespace aw::config {
namespace {

std::vector<Field> make_table() {
  std::vector<Field> rows;
  add_agent(rows);
  add_capabilities(rows);
  add_identity(rows);
  add_authorization(rows);
  add_bundle(rows);
  add_audit(rows);
  add_decisions(rows);
  add_decision_logs(rows);
  add_transport(rows);
  add_server(rows);
  add_limits(rows);
  add_protocol(rows);
  add_run(rows);
  add_secrets(rows);
  add_observability(rows);
  return rows;
}

struct SectionHelp {
  std::string_view name;
  std::string_view help;
};

constexpr auto kSections = std::to_array<SectionHelp>({
    {"agent", "who the agent is and what it can do"},
    {"identity", "where its identity comes from, and which trust domains may call"},
    {"authorization", "who decides, and what is recorded"},
    {"transport", "TLS, and calls to other agents"},
    {"server", "the listener and its limits"},
    {"a2a", "the A2A protocol and its tasks"},
    {"replay", "protection against replayed requests"},
    {"state", "what outlives a restart"},
    {"peers", "other agents' addresses"},
    {"outbound", "the agent's own calls, through us"},
    {"secrets", "what ${secret:NAME} stands for, and who keeps it"},
    {"run", "the command of agentweave run"},
    {"observability", "metrics and logs"},
});

}  // namespace

std::span<const Field> all_fields() {
  static const std::vector<Field> table = make_table();
  return table;
}

Field const* find_field(std::string_view key) {
  const auto rows = all_fields();
  const auto found = std::ranges::find(rows, key, &Field::key);
  return found == rows.end() ? nullptr : &*found;
}

bool is_section(std::string_view key) {
  return std::ranges::any_of(all_fields(), [key](Field const& row) {
    return row.key.size() > key.size() && row.key.starts_with(key) && row.key[key.size()] == '.';
  });
}

std::vector<std::string_view> names_below(std::string_view section) {
  std::vector<std::string_view> out;
  for (Field const& row : all_fields()) {
    std::string_view rest = row.key;
    if (!section.empty()) {
      if (!rest.starts_with(section) || rest.size() <= section.size() ||
          rest[section.size()] != '.') {
        continue;
      }
      rest.remove_prefix(section.size() + 1);
    }
    rest = rest.substr(0, rest.find_first_of(".["));
    if (std::ranges::find(out, rest) == out.end()) out.push_back(rest);
  }
  return out;
}

std::string_view section_help(std::string_view section) {
  const auto* found = std::ranges::find(kSections, section, &SectionHelp::name);
  return found == kSections.end() ? std::string_view() : found->help;
}

}  // namespace aw::config
