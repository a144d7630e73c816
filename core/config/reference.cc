// SPDX-License-Identifier: Apache-2.0
#include "core/config/reference.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/base/text.h"
#include "core/config/schema.h"

namespace aw::config {
namespace {

using nlohmann::json;

std::vector<std::string> variables_of(Field const& field) {
  std::vector<std::string> out = field.variables;
  if (const std::string derived = derived_variable(field); !derived.empty()) {
    out.insert(out.begin(), derived);
  }
  return out;
}

std::vector<std::string> aliases_of(Field const& field) {
  std::vector<std::string> out;
  for (Alias const& alias : all_aliases()) {
    if (alias.now == field.key) out.emplace_back(alias.old);
  }
  return out;
}

// As two lines of a file would have it: `server: {port: 8443}` written out.
std::string example_of(Field const& field) {
  std::string value = field.example_text.empty() ? default_text(field) : field.example_text;
  if (value.empty() && !field.choices.empty()) value = field.choices.front().name;
  if (value.empty() || field.is_item()) return {};
  std::string out;
  std::string indent;
  for (const std::string_view part : text::split(field.key, '.')) {
    if (!out.empty()) out += '\n';
    out += indent + std::string(part) + ':';
    indent += "  ";
  }
  return out + ' ' + value;
}

json facts_of(Field const& field) {
  json out = {{"key", field.key},
              {"help", field.help},
              {"type", type_name(field.type)},
              {"default", default_text(field)},
              {"allowed", allowed_values(field)},
              {"environment", variables_of(field)},
              {"aliases", aliases_of(field)},
              {"example", example_of(field)},
              {"required", field.is_required},
              {"reloadable", field.is_reloadable},
              {"secret", field.is_secret}};
  return out;
}

bool below(std::string_view key, std::string_view section) {
  return key.size() > section.size() && key.starts_with(section) &&
         (key[section.size()] == '.' || key.substr(section.size()).starts_with("[]."));
}

json section_facts(std::string_view section) {
  json keys = json::array();
  for (Field const& field : all_fields()) {
    if (section.empty() || below(field.key, section)) {
      keys.push_back({{"key", field.key}, {"help", field.help}});
    }
  }
  return {{"section", section}, {"help", section_help(section)}, {"keys", std::move(keys)}};
}

// "agent.capabilities[2].name", "agent.capabilities.name" -> "agent.capabilities[].name".
std::string table_key(std::string_view typed) {
  std::string out;
  bool inside = false;
  for (const char c : typed) {
    if (c == ']') inside = false;
    if (!inside) out += c;
    if (c == '[') inside = true;
  }
  if (find_field(out) != nullptr) return out;
  for (Field const& field : all_fields()) {
    std::string plain = field.key;
    if (const auto at = plain.find("[]"); at != std::string::npos) plain.erase(at, 2);
    if (plain == out) return field.key;
  }
  return out;
}

void append_row(std::string& out, std::string_view name, std::string const& value) {
  if (value.empty()) return;
  constexpr std::size_t kWidth = 13;
  out += std::string(name) + std::string(kWidth - name.size(), ' ') + value + '\n';
}

std::string joined(json const& list) {
  return text::join(list.get<std::vector<std::string>>(), ", ");
}

std::string cell(std::string text) {
  for (auto at = text.find('|'); at != std::string::npos; at = text.find('|', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

std::string code(std::string const& text) { return text.empty() ? "" : '`' + cell(text) + '`'; }

void append_table_row(std::string& page, Field const& field) {
  std::vector<std::string> notes;
  if (field.is_required) notes.emplace_back("required");
  if (field.is_reloadable) notes.emplace_back("reloadable");
  if (field.is_secret) notes.emplace_back("secret");
  if (!field.variables.empty()) {
    notes.push_back('`' + text::join(field.variables, "`, `") + '`');
  }
  const std::string allowed = allowed_values(field);
  page += "| " + code(field.key) + " | " + cell(field.help) + " | " +
          std::string(type_name(field.type)) + (allowed.empty() ? "" : ": " + cell(allowed)) +
          " | " + code(default_text(field)) + " | " + text::join(notes, ", ") + " |\n";
}

constexpr std::string_view kPageHead =
    "# Configuration\n"
    "\n"
    "<!-- Written by the program from core/config/schema.cc; a test compares. -->\n"
    "\n"
    "One YAML file. `agentweave config validate FILE` checks it with the very loader that `serve`\n"
    "uses; `agentweave config explain KEY` says what a key means; `agentweave config schema`\n"
    "prints a JSON Schema for editors.\n"
    "\n"
    "- **Where**: the argument, `AGENTWEAVE_CONFIG_PATH` (or `AGENTWEAVE_CONFIG`),\n"
    "  `./config.yaml`, `~/.agentweave/config.yaml`, `/etc/agentweave/config.yaml`.\n"
    "- **What wins**: flags (`--set key=value`, `--env`) over environment variables over the\n"
    "  file over the files it includes.\n"
    "- **Environment variables**: `AGENTWEAVE_` and the key in capitals with `_` for each dot:\n"
    "  `AGENTWEAVE_SERVER_PORT`. Short names stand in the notes. Lists are written `a,b,c`.\n"
    "  `AGENTWEAVE_DEBUG=1` logs at DEBUG. One that nobody reads, a slip away from one of these,\n"
    "  is warned of; others are not, for the prefix is not ours alone.\n"
    "- **Variables in values**: `${NAME}`, `${NAME:-default}`; `$${` for a literal `${`.\n"
    "- **Includes**: `include: [base.yaml, \"${AGENTWEAVE_ENV}.yaml\"]`, relative to the file "
    "that\n"
    "  says it; the including file wins, later includes win over earlier ones.\n"
    "- **Paths** are relative to the file that says them.\n"
    "- **Environments**: `--env`, then `AGENTWEAVE_ENV`, then `agent.environment`, then\n"
    "  production. Production and staging refuse log-only, allow-all, audit off, weak peer\n"
    "  verification, static certificates and the development identity; production also TLS 1.2.\n"
    "- A key nobody knows is an error, and so is a key that asks to switch verification off.\n";

void append_aliases(std::string& page) {
  page += "\n## Older names\n\nRead with a warning (AW1201).\n\n| older | now |\n|---|---|\n";
  for (Alias const& alias : all_aliases()) {
    page += "| " + code(std::string(alias.old)) + " | " + code(std::string(alias.now)) + " |\n";
  }
}

void append_retired(std::string& page) {
  page +=
      "\n## Refused names\n\nKnown from elsewhere, and refused rather than ignored (AW1013, AW1002 "
      "for switches\nof verification), unless they say what is so anyway.\n\n"
      "| name | accepted | why |\n|---|---|---|\n";
  for (Retired const& retired : all_retired()) {
    if (retired.accepts == "*") continue;
    page += "| " + code(std::string(retired.key)) + " | " + code(std::string(retired.accepts)) +
            " | " + cell(std::string(retired.why)) + " |\n";
  }
}

}  // namespace

Result<json> explain(std::string_view key) {
  const std::string wanted = table_key(key);
  if (Field const* field = find_field(wanted)) return facts_of(*field);
  if (key.empty() || is_section(wanted)) return section_facts(key);
  for (Alias const& alias : all_aliases()) {
    if (alias.old == key) return explain(alias.now);
  }
  for (Retired const& retired : all_retired()) {
    if (retired.key == key && retired.accepts != "*") {
      return make_error(Code::config_unsupported,
                        std::string(key) + ": " + std::string(retired.why),
                        std::string(retired.hint));
    }
  }
  std::vector<std::string_view> names;
  for (Field const& field : all_fields()) names.push_back(field.key);
  const auto near = text::nearest(wanted, names);
  return make_error(Code::config_unknown_key, "no setting is called \"" + std::string(key) + '"',
                    near ? "did you mean \"" + std::string(*near) + "\"?"
                         : "agentweave config explain lists them all");
}

std::string explain_text(json const& facts) {
  std::string out;
  if (facts.contains("section")) {
    const auto help = facts["help"].get<std::string>();
    if (!help.empty()) out += facts["section"].get<std::string>() + ": " + help + "\n\n";
    std::size_t width = 0;
    for (auto const& one : facts["keys"]) {
      width = std::max(width, one["key"].get_ref<std::string const&>().size());
    }
    for (auto const& one : facts["keys"]) {
      const auto key = one["key"].get<std::string>();
      out += key + std::string(width - key.size() + 2, ' ') + one["help"].get<std::string>() + '\n';
    }
    return out;
  }
  out = facts["key"].get<std::string>() + "\n  " + facts["help"].get<std::string>() + "\n\n";
  append_row(out, "type", facts["type"].get<std::string>());
  append_row(
      out, "default",
      facts["required"].get<bool>() ? "none: it is required" : facts["default"].get<std::string>());
  append_row(out, "allowed", facts["allowed"].get<std::string>());
  append_row(out, "environment", joined(facts["environment"]));
  append_row(out, "older names", joined(facts["aliases"]));
  append_row(out, "on reload",
             facts["reloadable"].get<bool>() ? "applied at once" : "needs a restart");
  append_row(out, "secret", facts["secret"].get<bool>() ? "yes: never shown" : "");
  if (const auto example = facts["example"].get<std::string>(); !example.empty()) {
    out += "\nexample\n";
    for (const std::string_view line : text::split(example, '\n')) {
      out += "  " + std::string(line) + '\n';
    }
  }
  return out;
}

std::string reference_page() {
  std::string page(kPageHead);
  std::string section;
  for (Field const& field : all_fields()) {
    const std::string top = field.key.substr(0, field.key.find_first_of(".["));
    if (top != section) {
      section = top;
      page += "\n## " + section + "\n\n" + std::string(section_help(section)) +
              "\n\n| key | meaning | value | default | notes |\n|---|---|---|---|---|\n";
    }
    append_table_row(page, field);
  }
  append_aliases(page);
  append_retired(page);
  return page;
}

}  // namespace aw::config
